/** Tables for eight bytes at a time ("slicing by 8", Kounavis and Berry, 2005), one after another. */
const TABLES = makeTables();

/**
 * CRC-32C (Castagnoli, RFC 3720) of bytes, as an unsigned number of 32 bits: what Kafka checks a record batch by.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../../testing/assert.ts";
 * import { crc32c } from "./crc32c.ts";
 *
 * assertEquals(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
 * ```
 */
export function crc32c(bytes: Uint8Array): number {
  let crc = -1;
  let at = 0;
  for (const end = bytes.length - 7; at < end; at += 8) {
    crc ^= bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24;
    crc = TABLES[1792 + (crc & 0xff)] ^ TABLES[1536 + (crc >>> 8 & 0xff)] ^
      TABLES[1280 + (crc >>> 16 & 0xff)] ^ TABLES[1024 + (crc >>> 24)] ^
      TABLES[768 + bytes[at + 4]] ^ TABLES[512 + bytes[at + 5]] ^
      TABLES[256 + bytes[at + 6]] ^ TABLES[bytes[at + 7]];
  }
  for (; at < bytes.length; at++) crc = TABLES[(crc ^ bytes[at]) & 0xff] ^ crc >>> 8;
  return ~crc >>> 0;
}

function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >>> 1 ^ 0x82f63b78 : crc >>> 1;
    tables[byte] = crc;
  }
  for (let i = 256; i < tables.length; i++) {
    tables[i] = tables[tables[i - 256] & 0xff] ^ tables[i - 256] >>> 8;
  }
  return tables;
}
