/**
 * A decimal of unscaled big-endian two's-complement bytes as text, so that no digit is lost.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { decimalText } from "./decimal.ts";
 *
 * assertEquals([decimalText(Uint8Array.of(4, 210), 2), decimalText(Uint8Array.of(0xff), 2)], ["12.34", "-0.01"]);
 * ```
 */
export function decimalText(bytes: Uint8Array, scale: number): string {
  let unscaled = 0n;
  for (const byte of bytes) unscaled = unscaled << 8n | BigInt(byte);
  unscaled = BigInt.asIntN(8 * bytes.length, unscaled);
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, "0");
  const point = digits.length - scale;
  return (unscaled < 0n ? "-" : "") + digits.slice(0, point) + (scale > 0 ? `.${digits.slice(point)}` : "");
}
