/**
 * Numbers, amounts and times as the page writes them: English, UTC, the same everywhere.
 *
 * @module
 */
import { currencyCode, minorDigits } from "../domain/currency.ts";

const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3, notation: "compact" });
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** A count with thousands separators; a dash if unknown. */
export function formatCount(value: number | null | undefined): string {
  return isKnown(value) ? whole.format(value) : "–";
}

/** A number in at most three digits, such as `12.3K`; a dash if unknown. */
export function formatShort(value: number | null | undefined): string {
  return isKnown(value) ? short.format(value) : "–";
}

/** Labels of an axis: with more digits than usual if two values would have the same one; null is empty. */
export function axisLabels(values: readonly (number | null)[], format: (value: number) => string): string[] {
  const known = values.filter((value) => value !== null);
  const isTold = new Set(known.map(format)).size === known.length;
  return values.map((value) => value === null ? "" : isTold ? format(value) : formatShort(value));
}

/** A score or a share with three decimals. */
export function formatScore(value: number | null | undefined): string {
  return isKnown(value) ? value.toFixed(3) : "–";
}

/** Milliseconds in a fitting unit. */
export function formatMs(value: number | null | undefined): string {
  if (!isKnown(value)) return "–";
  if (value >= 60_000) return `${(value / 60_000).toFixed(1)} min`;
  if (value >= 1000) return `${Number((value / 1000).toFixed(1))} s`;
  const digits = value >= 100 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toPrecision(2);
  return `${Number(digits)} ms`;
}

/** A feature's value with the digits that matter; below a thousandth it is near 0. */
export function formatValue(value: number | null | undefined): string {
  if (!isKnown(value)) return "–";
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return whole.format(value);
  const size = Math.abs(value);
  if (size < 1e-3) return "≈ 0";
  return size >= 1e6 ? value.toExponential(2) : value.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : 3);
}

/**
 * An amount in major units with its currency's digits.
 *
 * @param currency ISO 4217 code; without one the amount stands alone with two digits.
 */
export function formatAmount(amount: number, currency?: string | null): string {
  const digits = digitsOf(currency);
  const number = amount.toLocaleString("en-US", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return currency ? `${number} ${currency}` : number;
}

/** Decimals of a currency's amounts; 2 if it is not known. */
export function digitsOf(currency?: string | null): number {
  return minorDigits(currencyCode(currency ?? undefined));
}

/**
 * A moment in UTC: `2 Jan 2026 03:04:05`.
 *
 * @param at RFC 3339, or milliseconds since 1970.
 */
export function formatTime(at: string | number | null | undefined): string {
  const date = new Date(at ?? NaN);
  if (Number.isNaN(date.getTime())) return "–";
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()} ${
    formatClock(date.getTime())
  }`;
}

/** The time of day in UTC: `03:04:05`. */
export function formatClock(ms: number): string {
  return new Date(ms).toISOString().slice(11, 19);
}

function isKnown(value: number | null | undefined): value is number {
  return typeof value === "number" && Number.isFinite(value);
}
