import { hash } from "node:crypto";

/** Hashing so many takes some 4 µs; handing bytes to a thread 50, and its answer waits for a turn of the event loop. */
const AT_ONCE_BYTES = 4096;

/**
 * SHA-256 of bytes as 64 hexadecimal digits (FIPS 180-4): of few bytes at once, of many beside this thread.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { sha256Hex } from "./sha256.ts";
 *
 * assertEquals((await sha256Hex(new Uint8Array())).slice(0, 8), "e3b0c442");
 * ```
 */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  if (bytes.length <= AT_ONCE_BYTES) return hash("sha256", bytes, "hex");
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource)).toHex();
}
