/**
 * ISO 4217 codes as numbers, so that a column of them needs no text, and their minor units.
 *
 * @module
 */

const texts = new Map<number, string | null>([[0, null]]);
const units = new Map<number, number>([[0, 100]]);

/**
 * The number of a currency: its three letters as bytes, the first one lowest; 0 where there is none.
 *
 * @param text Three capital letters, or undefined.
 *
 * @example
 * ```ts
 * import { assertEquals } from "./testing/assert.ts";
 * import { currencyCode, currencyText, minorUnits } from "./currency.ts";
 *
 * assertEquals(currencyText(currencyCode("JPY")), "JPY");
 * assertEquals([minorUnits(currencyCode("JPY")), minorUnits(currencyCode(undefined))], [1, 100]);
 * ```
 */
export function currencyCode(text: string | undefined): number {
  if (text === undefined) return 0;
  return text.charCodeAt(0) | text.charCodeAt(1) << 8 | text.charCodeAt(2) << 16;
}

/** The text of a currency's number; null for 0. */
export function currencyText(code: number): string | null {
  let text = texts.get(code);
  if (text === undefined) {
    text = String.fromCharCode(code & 0xff, code >> 8 & 0xff, code >> 16);
    texts.set(code, text);
  }
  return text;
}

/** Minor units in a major one, such as 100 cents, by the runtime's copy of ISO 4217; 100 where the currency is not known. */
export function minorUnits(code: number): number {
  let known = units.get(code);
  if (known === undefined) {
    const format = new Intl.NumberFormat("en", { style: "currency", currency: currencyText(code) ?? "XXX" });
    known = 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2);
    units.set(code, known);
  }
  return known;
}
