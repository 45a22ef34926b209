/**
 * The 64-bit key of an id, as two unsigned 32-bit words: MurmurHash3 x86_32 (Appleby 2011, public domain) of its UTF-8
 * bytes under two seeds.
 *
 * Among 10 million ids the chance that any two share a key is 3 in a million.
 *
 * @param bytes The buffer that holds the id's UTF-8 bytes.
 * @param out Receives the low word at `at` and the high word at `at + 1`.
 *
 * @example
 * ```ts
 * import { assertNotEquals } from "../testing/assert.ts";
 * import { hashId } from "./hash_id.ts";
 *
 * const keys = new Uint32Array(4);
 * const encoder = new TextEncoder();
 * const [a, b] = ["customer-1", "customer-2"].map((id) => encoder.encode(id));
 * hashId(a, 0, a.length, keys, 0);
 * hashId(b, 0, b.length, keys, 2);
 * assertNotEquals(keys.slice(0, 2), keys.slice(2));
 * ```
 */
export function hashId(bytes: Uint8Array, start: number, end: number, out: Uint32Array, at: number): void {
  let low = 0;
  let high = 0x9747b28c;
  let position = start;
  for (const whole = start + ((end - start) & ~3); position < whole; position += 4) {
    let word = bytes[position] | bytes[position + 1] << 8 | bytes[position + 2] << 16 |
      bytes[position + 3] << 24;
    word = scramble(word);
    low = Math.imul(rotateLeft(low ^ word, 13), 5) + 0xe6546b64 | 0;
    high = Math.imul(rotateLeft(high ^ word, 13), 5) + 0xe6546b64 | 0;
  }
  if (position < end) {
    let word = bytes[position];
    if (position + 1 < end) word |= bytes[position + 1] << 8;
    if (position + 2 < end) word |= bytes[position + 2] << 16;
    word = scramble(word);
    low ^= word;
    high ^= word;
  }
  out[at] = finish(low ^ (end - start));
  out[at + 1] = finish(high ^ (end - start));
}

/** The 64-bit key of an id, low word first, as `hashId` makes it of the id's UTF-8 bytes. */
export function idKey(id: string): [low: number, high: number] {
  const bytes = new TextEncoder().encode(id);
  const key = new Uint32Array(2);
  hashId(bytes, 0, bytes.length, key, 0);
  return [key[0], key[1]];
}

function rotateLeft(word: number, bits: number): number {
  return word << bits | word >>> (32 - bits);
}

function scramble(word: number): number {
  return Math.imul(rotateLeft(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
}

function finish(word: number): number {
  word = Math.imul(word ^ word >>> 16, 0x85ebca6b);
  word = Math.imul(word ^ word >>> 13, 0xc2b2ae35);
  return (word ^ word >>> 16) >>> 0;
}
