/**
 * Event times: RFC 3339 text or epoch milliseconds.
 *
 * @module
 */

/** The first accepted time, 1973-03-03: a smaller number is most likely seconds. */
export const MIN_TIMESTAMP_MS = 100_000_000_000;
/** The last accepted time, the end of the year 9999. */
export const MAX_TIMESTAMP_MS = 253_402_300_799_999;

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/**
 * Reads an event time.
 *
 * @param value RFC 3339 text with an offset (fractions beyond milliseconds are cut off), or an integer of epoch
 * milliseconds.
 * @returns Milliseconds since 1970-01-01 UTC, or NaN where the value is neither, names no real day or hour, or lies
 * before 1973-03-03 or after the year 9999.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { parseTimestamp } from "./timestamp.ts";
 *
 * assertEquals(parseTimestamp("2018-04-01T00:00:31Z"), 1_522_540_831_000);
 * assertEquals(parseTimestamp(1_522_540_831_000), 1_522_540_831_000);
 * assertEquals(parseTimestamp("2018-02-30T00:00:00Z"), NaN);
 * ```
 */
export function parseTimestamp(value: unknown): number {
  const ms = typeof value === "number" ? (Number.isInteger(value) ? value : NaN) : parseText(value);
  return ms >= MIN_TIMESTAMP_MS && ms <= MAX_TIMESTAMP_MS ? ms : NaN;
}

function parseText(value: unknown): number {
  if (typeof value !== "string" || value.length < 20 || value.length > 64) return NaN;
  const fields = RFC3339.exec(value);
  if (fields === null) return NaN;
  const [year, month, day, hour, minute, second] = fields.slice(1, 7).map(Number);
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return NaN;
  if (hour > 23 || minute > 59 || second > 59) return NaN;
  const fraction = fields[7] === undefined ? 0 : Number(fields[7].slice(0, 3).padEnd(3, "0"));
  let offsetMinutes = 0;
  if (fields[8] !== undefined) {
    const [hours, minutes] = [Number(fields[9]), Number(fields[10])];
    if (hours > 23 || minutes > 59) return NaN;
    offsetMinutes = (fields[8] === "-" ? -1 : 1) * (hours * 60 + minutes);
  }
  // Years below 100 would mean 19xx to Date.UTC; they are out of range either way.
  if (year < 100) return NaN;
  return Date.UTC(year, month - 1, day, hour, minute, second, fraction) - offsetMinutes * 60_000;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
