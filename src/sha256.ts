/**
 * SHA-256 of bytes as 64 hexadecimal digits (FIPS 180-4), by Web Crypto.
 *
 * @example
 * ```ts
 * import { assertEquals } from "./testing/assert.ts";
 * import { sha256Hex } from "./sha256.ts";
 *
 * assertEquals((await sha256Hex(new Uint8Array())).slice(0, 8), "e3b0c442");
 * ```
 */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource)).toHex();
}
