/**
 * ISO 4217 codes as numbers, so that a column of them needs no text, and their minor units.
 *
 * @module
 */

const texts = new Map<number, string | null>([[0, null]]);
const WITHOUT = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF";
const THOUSANDTHS = "BHD IQD JOD KWD LYD OMR TND";
const TEN_THOUSANDTHS = "CLF UYW";
/** The currencies that have no hundredths. */
const units = new Map<number, number>();
for (const [codes, each] of [[WITHOUT, 1], [THOUSANDTHS, 1000], [TEN_THOUSANDTHS, 10_000]] as const) {
  for (const code of codes.split(" ")) units.set(currencyCode(code), each);
}

/**
 * The number of a currency: its three letters as bytes, the first one lowest; 0 where there is none.
 *
 * @param text Three capital letters, or undefined.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
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

/**
 * Minor units in a major one, such as 100 cents, by ISO 4217 (its list one of 2024); 100 where the currency is not known, or has none.
 *
 * `Intl` does not serve: it has the digits that people are used to see, none for the Serbian dinar or the Albanian lek, so
 * that an amount of 12.50 would be kept as 13. And to ask it for the first time takes 20 ms.
 */
export function minorUnits(code: number): number {
  return units.get(code) ?? 100;
}
