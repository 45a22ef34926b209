const known = new Map<string, number>();

/**
 * Digits after the point of a currency, by the runtime's copy of ISO 4217; 2 where no currency is given.
 *
 * @param currency A code of three capital letters.
 *
 * @example
 * ```ts
 * import { assertEquals } from "./testing/assert.ts";
 * import { minorDigits } from "./minor_digits.ts";
 *
 * assertEquals([minorDigits("EUR"), minorDigits("JPY"), minorDigits(undefined)], [2, 0, 2]);
 * ```
 */
export function minorDigits(currency: string | null | undefined): number {
  if (currency === undefined || currency === null) return 2;
  let digits = known.get(currency);
  if (digits === undefined) {
    const format = new Intl.NumberFormat("en", { style: "currency", currency });
    digits = format.resolvedOptions().maximumFractionDigits ?? 2;
    known.set(currency, digits);
  }
  return digits;
}
