import { gzipSync } from "node:zlib";
import { assertEquals } from "../../testing/assert.ts";
import { foreignBytes } from "./foreign_bytes.ts";

const bytes = (latin1: string) => Uint8Array.from(latin1, (sign) => sign.charCodeAt(0));
const utf8 = (text: string) => new TextEncoder().encode(text);
const utf16 = (text: string, littleEndian: boolean) => {
  const view = new DataView(new ArrayBuffer(2 * text.length));
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), littleEndian);
  return new Uint8Array(view.buffer);
};
const json = '{"transaction_id":"1"}';

const FOREIGN: [what: string, bytes: Uint8Array][] = [
  ["a Parquet file", bytes("PAR1\x15\x04\x15\x10")],
  ["gzip data", gzipSync(json)],
  ["zstd data", bytes("\x28\xb5\x2f\xfd\x04\x58")],
  ["xz data", bytes("\xfd7zXZ\0\0\x04")],
  ["bzip2 data", bytes("BZh91AY&SY\x01\x02")],
  ["an Excel workbook (xlsx)", bytes("PK\x03\x04\x14\0\x06\0\x08\0\0\0[Content_Types].xml")],
  ["an OpenDocument file", bytes("PK\x03\x04\x14\0mimetypeapplication/vnd.oasis.opendocument.spreadsheet")],
  ["a zip archive", bytes("PK\x03\x04\x14\0rows.csv")],
  ["an old Excel workbook (xls)", bytes("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")],
  ["an SQLite database", bytes("SQLite format 3\0\x10\0")],
  ["an Avro file", bytes("Obj\x01\x04\x14avro.codec")],
  ["a PDF", bytes("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")],
  ["a PNG image", bytes("\x89PNG\r\n\x1a\n")],
  ["a JPEG image", bytes("\xff\xd8\xff\xe0")],
  ["a Python pickle", bytes("\x80\x04\x95\x10\0")],
  ["text in UTF-16", bytes("\xff\xfea\0,\0")],
  ["text in UTF-16", bytes("\xfe\xff\0a\0,")],
  ["text in UTF-32", bytes("\xff\xfe\0\0a\0\0\0")],
  ["text in UTF-16 without a byte order mark", utf16("id,größe\n1,2\n", true)],
  ["text in UTF-16 without a byte order mark", utf16(json, false)],
  ["written by a schema registry serializer (schema 42)", bytes(`\0\0\0\0*${json}`)],
  ["written by a schema registry serializer (schema 16909060)", bytes("\0\x01\x02\x03\x04\x02a\x0ab")],
  ["written by a serializer of the AWS Glue schema registry", bytes(`\x03\0${"\x11".repeat(16)}${json}`)],
  ["binary data", bytes("ab\0cd")],
];

for (const [what, found] of FOREIGN) {
  Deno.test(`foreignBytes() finds ${what}: ${Array.from(found.subarray(0, 4))}`, () => {
    assertEquals(foreignBytes(found)?.what, what);
  });
}

Deno.test("foreignBytes() takes text for text", () => {
  const texts = [
    "",
    "a,b\n1,2\n",
    "\ufeffa,b\n",
    "größe,日本\n",
    "PAR1,PAR2\n",
    "ORCID,größe\n",
    "BZh,é",
    "a\x01b\n",
    json,
  ];
  for (const text of texts) assertEquals(foreignBytes(utf8(text)), undefined, text);
});
