/**
 * The codecs in which Kafka keeps record batches.
 *
 * gzip and zstd are the runtime's own; LZ4 frames and Snappy blocks come from packages.
 *
 * @module
 */
import { constants, gunzipSync, gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import snappy from "snappyjs";
import { compressLz4Frame, decompressLz4Frame } from "./lz4_frame.ts";

/** How a record batch is compressed, by its number in the batch's attributes. */
export const compressionNames = ["none", "gzip", "snappy", "lz4", "zstd"] as const;

/** Name of a codec. */
export type Compression = typeof compressionNames[number];

/** Most bytes of a decompressed record batch. */
const MAX_BYTES = 256 * 1024 * 1024;
/** Java's Snappy stream: "\x82SNAPPY\0", two versions of 4 bytes, then blocks, each after its length. */
const XERIAL_MAGIC = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0x00];
const XERIAL_HEADER_BYTES = 16;

/**
 * Decompresses the records of a batch.
 *
 * Reads what Java's, librdkafka's and other clients write: for Snappy both a plain block and Java's stream of blocks.
 *
 * @param codec Number of the codec, 0 to 4, as in the batch's attributes.
 * @throws RangeError for an unknown codec, more than 256 MiB, or bytes that are not of that codec.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../../testing/assert.ts";
 * import { compress, decompress } from "./codecs.ts";
 *
 * const bytes = new TextEncoder().encode("card card card card");
 * for (let codec = 1; codec <= 4; codec++) assertEquals([...decompress(codec, compress(codec, bytes))], [...bytes]);
 * ```
 */
export function decompress(codec: number, bytes: Uint8Array): Uint8Array {
  try {
    switch (codec) {
      case 0:
        return bytes;
      case 1:
        return gunzipSync(bytes, { maxOutputLength: MAX_BYTES });
      case 2:
        return decompressSnappy(bytes);
      case 3:
        return decompressLz4Frame(bytes, MAX_BYTES);
      case 4:
        return zstdDecompressSync(bytes, { maxOutputLength: MAX_BYTES });
    }
  } catch (cause) {
    throw new RangeError(
      `Cannot decompress ${bytes.length} bytes of a record batch as ${compressionNames[codec]} to at most ` +
        `${MAX_BYTES} bytes: ${(cause as Error).message}`,
      { cause },
    );
  }
  throw new RangeError(
    `Cannot decompress a record batch as its codec must be 0 to 4 (${compressionNames.join(", ")}): ` +
      `current value is ${codec}`,
  );
}

/** Compresses the records of a batch with a codec, 0 to 4; Snappy as one plain block. */
export function compress(codec: number, bytes: Uint8Array): Uint8Array {
  switch (codec) {
    case 0:
      return bytes;
    case 1:
      return gzipSync(bytes);
    case 2:
      return snappy.compress(bytes);
    case 3:
      return compressLz4Frame(bytes);
    case 4:
      return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 3 } });
  }
  throw new RangeError(
    `Cannot compress a record batch as its codec must be 0 to 4: current value is ${codec}`,
  );
}

function decompressSnappy(bytes: Uint8Array): Uint8Array {
  if (!XERIAL_MAGIC.every((byte, i) => bytes[i] === byte)) return uncompressBlock(bytes, MAX_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const blocks: Uint8Array[] = [];
  let size = 0;
  for (let at = XERIAL_HEADER_BYTES; at < bytes.length;) {
    const length = at + 4 <= bytes.length ? view.getInt32(at) : -1;
    at += 4;
    if (length < 0 || at + length > bytes.length) {
      throw new RangeError(`a block of ${length} bytes at ${at} of ${bytes.length}`);
    }
    const block = uncompressBlock(bytes.subarray(at, at + length), MAX_BYTES - size);
    blocks.push(block);
    size += block.length;
    at += length;
  }
  if (blocks.length === 1) return blocks[0];
  const joined = new Uint8Array(size);
  let at = 0;
  for (const block of blocks) {
    joined.set(block, at);
    at += block.length;
  }
  return joined;
}

/** A block starts with its size as an unsigned varint: checked before memory is allocated. */
function uncompressBlock(block: Uint8Array, maxBytes: number): Uint8Array {
  let size = 0;
  for (let i = 0; i < 5; i++) {
    size += (block[i] & 0x7f) * 2 ** (7 * i);
    if (!(block[i] >= 0x80)) break;
  }
  if (size > maxBytes) throw new RangeError(`a block for ${size} bytes, more than ${maxBytes}`);
  return snappy.uncompress(block);
}
