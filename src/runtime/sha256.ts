import { hash } from "node:crypto";

/** Handing fewer bytes to a thread takes longer than hashing them here. */
const AT_ONCE_BYTES = 4096;

/** SHA-256 of bytes as 64 hexadecimal digits (FIPS 180-4); many bytes are hashed outside this thread. */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  if (bytes.length <= AT_ONCE_BYTES) return hash("sha256", bytes, "hex");
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as BufferSource)).toHex();
}
