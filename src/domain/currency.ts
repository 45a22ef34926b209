/**
 * ISO 4217 codes as numbers, so that a column of them needs no text, and their minor units.
 *
 * @module
 */

const texts = new Map<number, string | null>([[0, null]]);
/** ISO 4217's list one of 2024: the currencies whose minor units are not hundredths, by their decimal digits. */
export const CURRENCIES_BY_DIGITS: ReadonlyMap<number, readonly string[]> = new Map([
  [0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(" ")],
  [3, "BHD IQD JOD KWD LYD OMR TND".split(" ")],
  [4, "CLF UYW".split(" ")],
]);
const digitsByCode = new Map<number, number>();
for (const [digits, currencies] of CURRENCIES_BY_DIGITS) {
  for (const currency of currencies) digitsByCode.set(currencyCode(currency), digits);
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
 * Decimal digits of a currency's minor unit by ISO 4217; 2 where the currency is not known, or has none.
 *
 * `Intl` does not serve: it has the digits that people are used to see, none for the Serbian dinar or the Albanian lek, so
 * that an amount of 12.50 would be kept as 13. And to ask it for the first time takes 20 ms.
 */
export function minorDigits(code: number): number {
  return digitsByCode.get(code) ?? 2;
}

/** Minor units in a major one, such as 100 cents. */
export function minorUnits(code: number): number {
  return 10 ** minorDigits(code);
}

const DECIMAL = /^(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i;
/** Digits that a point may be moved by; longer texts are no record's. */
const MOST_DIGITS = 100_000;

/**
 * An amount in whole minor units, rounded half up on its decimal digits: 8.575 is 858 hundredths, though float64 holds a
 * little less than 8.575.
 *
 * @param text JSON text of a number of at least 0, in major units.
 * @param units As of `minorUnits`.
 * @returns A safe integer; Infinity from 2^53 on.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { currencyCode, minorAmount, minorUnits } from "./currency.ts";
 *
 * assertEquals(minorAmount("8.575", minorUnits(currencyCode("EUR"))), 858);
 * ```
 */
export function minorAmount(text: string, units: number): number {
  if (!(Number(text) * units <= Number.MAX_SAFE_INTEGER)) return Infinity;
  const [, whole, fraction = "", exponent = "0"] = DECIMAL.exec(text)!;
  // Where the point stands among the digits once they are minor units.
  const point = whole.length + Number(exponent) + Math.round(Math.log10(units));
  const digits = (whole + fraction).padEnd(Math.min(point, MOST_DIGITS), "0");
  return Number(digits.slice(0, Math.max(point, 0))) + Number(digits[point] >= "5");
}

/** As `minorAmount` of an amount below 1e10 whose text has at most 15 digits, at less cost. */
export function minorOfShort(amount: number, units: number): number {
  const minor = amount * units;
  const nearest = Math.round(minor);
  // Float64 is off by far less: only near a half the digits decide.
  return Math.abs(minor - nearest) < 0.4 ? nearest : minorAmount(String(amount), units);
}

/**
 * An amount with the digits of its currency, rounded half up: 1500, 8.58, 12.345.
 *
 * @param amount JSON text of a number of at least 0, in major units.
 * @param currency ISO 4217; two digits without one.
 */
export function decimalAmount(amount: string, currency?: string | null): string {
  const digits = minorDigits(currencyCode(currency ?? undefined));
  const minor = minorAmount(amount, 10 ** digits);
  if (minor === Infinity) return Number(amount).toFixed(digits);
  const text = String(minor).padStart(digits + 1, "0");
  return digits === 0 ? text : `${text.slice(0, -digits)}.${text.slice(-digits)}`;
}

/** The fewest minor units that are at least an amount in major units. */
export function leastMinor(amount: number, units: number): number {
  if (amount <= 0) return 0;
  const minor = minorAmount(String(amount), units);
  if (minor === Infinity) return Number.MAX_SAFE_INTEGER;
  return minor / units < amount ? minor + 1 : minor;
}
