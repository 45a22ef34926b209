/**
 * The 64-bit key of an id that is a string.
 *
 * @module
 */
import { hashId } from "../domain/hash_id.ts";

const encoder = new TextEncoder();
const scratch = new Uint8Array(1024);

/**
 * Writes the key of an id, as `hashId` makes it of the id's UTF-8 bytes.
 *
 * @param id Text of at most 340 characters.
 * @param out Receives the low word at `at` and the high word at `at + 1`.
 */
export function writeKey(id: string, out: Uint32Array, at: number): void {
  const length = id.length;
  for (let i = 0; i < length; i++) {
    const code = id.charCodeAt(i);
    if (code > 0x7f) {
      hashId(scratch, 0, encoder.encodeInto(id, scratch).written, out, at);
      return;
    }
    scratch[i] = code;
  }
  hashId(scratch, 0, length, out, at);
}
