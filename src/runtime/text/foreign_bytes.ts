/** What bytes are that should have been text. */
export interface ForeignBytes {
  /** With its article: "a Parquet file". */
  what: string;
  /** What to do, as an order: "unpack it first". */
  todo: string;
}

/** Bytes that are looked at. */
export const HEAD_BYTES = 512;

const UNPACK = "unpack it first";
const CONVERT = "write it as CSV or JSON";
const NO_TABLE = "it holds no rows";

/** First bytes as Latin-1, what has them and what to do. Letters alone may also be the name of a column. */
const SIGNATURES: readonly (readonly [string, string, string])[] = [
  ["PAR1", "a Parquet file", CONVERT],
  ["\x1f\x8b", "gzip data", UNPACK],
  ["\x28\xb5\x2f\xfd", "zstd data", UNPACK],
  ["x\x9c", "zlib data", UNPACK],
  ["\x04\x22\x4d\x18", "LZ4 data", UNPACK],
  ["\xff\x06\0\0sNaPpY", "Snappy data", UNPACK],
  ["\x82SNAPPY\0", "Snappy data", UNPACK],
  ["\xfd7zXZ\0", "xz data", UNPACK],
  ["BZh", "bzip2 data", UNPACK],
  ["7z\xbc\xaf\x27\x1c", "a 7-Zip archive", UNPACK],
  ["Rar!", "a RAR archive", UNPACK],
  ["\xd0\xcf\x11\xe0", "an old Excel workbook (xls)", "save it as CSV in UTF-8"],
  ["SQLite format 3\0", "an SQLite database", CONVERT],
  ["Obj\x01", "an Avro file", CONVERT],
  ["ORC", "an ORC file", CONVERT],
  ["ARROW1", "an Arrow file", CONVERT],
  ["FEA1", "a Feather file", CONVERT],
  ["\x89HDF", "an HDF5 file", CONVERT],
  ["\x80\x04\x95", "a Python pickle", CONVERT],
  ["\x80\x05\x95", "a Python pickle", CONVERT],
  ["\xac\xed\0\x05", "a serialized Java object", "send JSON text"],
  ["%PDF-", "a PDF", NO_TABLE],
  ["\x89PNG", "a PNG image", NO_TABLE],
  ["\xff\xd8\xff", "a JPEG image", NO_TABLE],
  ["GIF8", "a GIF image", NO_TABLE],
  ["RIFF", "an image or a sound (RIFF)", NO_TABLE],
  ["\x7fELF", "a program", NO_TABLE],
  ["\xff\xfe\0\0", "text in UTF-32", "convert it to UTF-8"],
  ["\0\0\xfe\xff", "text in UTF-32", "convert it to UTF-8"],
  ["\xff\xfe", "text in UTF-16", "convert it to UTF-8"],
  ["\xfe\xff", "text in UTF-16", "convert it to UTF-8"],
];

/**
 * Says what bytes are that are not text in UTF-8, by their beginning.
 *
 * @param bytes The first `HEAD_BYTES` or more, or all.
 * @returns Undefined where they may be text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { foreignBytes } from "./foreign_bytes.ts";
 *
 * assertEquals(foreignBytes(Uint8Array.of(0x1f, 0x8b, 8, 0)), { what: "gzip data", todo: "unpack it first" });
 * assertEquals(foreignBytes(new TextEncoder().encode("PAR1,PAR2")), undefined);
 * ```
 */
export function foreignBytes(bytes: Uint8Array): ForeignBytes | undefined {
  const head = Array.from(bytes.subarray(0, HEAD_BYTES), (byte) => String.fromCharCode(byte)).join("");
  // deno-lint-ignore no-control-regex
  if (!/[\x00-\x08\x0e-\x1f\x7f-\xff]/.test(head)) return undefined;
  if (head.startsWith("PK\x03\x04") || head.startsWith("PK\x05\x06")) return zip(head);
  // deno-lint-ignore no-control-regex
  const hasControls = /[\x00-\x08\x0e-\x1f]/.test(head);
  const found = SIGNATURES.find(([signature]) =>
    head.startsWith(signature) && (hasControls || !/^\w+$/.test(signature))
  );
  if (found !== undefined) return { what: found[1], todo: found[2] };
  return withoutSignature(head, bytes.length);
}

function zip(head: string): ForeignBytes {
  if (/\[Content_Types\]\.xml|xl\//.test(head)) {
    return { what: "an Excel workbook (xlsx)", todo: "save it as CSV in UTF-8" };
  }
  if (head.includes("opendocument")) return { what: "an OpenDocument file", todo: "save it as CSV in UTF-8" };
  return { what: "a zip archive", todo: UNPACK };
}

/** UTF-16 without a mark, and what schema registries put before a record. */
function withoutSignature(head: string, length: number): ForeignBytes | undefined {
  if (!head.includes("\0")) return undefined;
  const zerosAt = (parity: number) =>
    Array.from(head).filter((sign, i) => i % 2 === parity && sign === "\0").length;
  const pairs = head.length >> 1;
  const [even, odd] = [zerosAt(0), zerosAt(1)];
  if (pairs > 0 && Math.max(even, odd) > 0.8 * pairs && Math.min(even, odd) < 0.2 * pairs) {
    return { what: "text in UTF-16 without a byte order mark", todo: "convert it to UTF-8" };
  }
  const code = (at: number) => head.charCodeAt(at);
  if (code(0) === 0 && length > 5) {
    const id = ((code(1) << 24) | (code(2) << 16) | (code(3) << 8) | code(4)) >>> 0;
    return {
      what: `written by a schema registry serializer (schema ${id})`,
      todo: "send plain JSON, with a string or JSON serializer that uses no registry",
    };
  }
  if (code(0) === 3 && (code(1) === 0 || code(1) === 5) && length > 18) {
    return {
      what: "written by a serializer of the AWS Glue schema registry",
      todo: "send plain JSON, with a string or JSON serializer that uses no registry",
    };
  }
  return { what: "binary data", todo: "send or write text" };
}
