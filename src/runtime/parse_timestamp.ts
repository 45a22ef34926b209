const CALENDAR =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d{2}(?::?\d{2})?)?)?$/i;
const EPOCH = /^[+-]?\d+(?:\.\d*)?$/;
/**
 * Epochs below this are seconds, then milliseconds, microseconds and nanoseconds, each up to 1,000 times
 * more.
 */
const SECONDS_BELOW = 1e11;
const MINUTE_MS = 60_000;

/**
 * Reads the time in a cell of a file: milliseconds since 1970 UTC, a whole number, or null where the cell
 * holds no time.
 *
 * Takes a date with or without a time of day ("2018-04-01 00:00:31", RFC 3339, ISO 8601; no zone means UTC)
 * and epochs: below 10^11 in seconds, below 10^14 in milliseconds, below 10^17 in microseconds, else in
 * nanoseconds. Years are 0 to 9999.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { parseTimestamp } from "./parse_timestamp.ts";
 *
 * for (const cell of ["2018-04-01 00:00:31", "2018-04-01T02:00:31+02:00", "1522540831", "1522540831000"]) {
 *   assertEquals(parseTimestamp(cell), 1522540831000);
 * }
 * assertEquals(parseTimestamp("2018-02-30"), null);
 * ```
 */
export function parseTimestamp(cell: string): number | null {
  const plain = fromPlain(cell);
  if (plain !== null) return plain;
  const text = cell.trim();
  const calendar = CALENDAR.exec(text);
  const timeMs = calendar ? fromCalendar(calendar) : EPOCH.test(text) ? fromEpoch(Number(text)) : NaN;
  return timeMs >= -62_167_219_200_000 && timeMs <= 253_402_300_799_999 ? timeMs : null;
}

/** The day of the last plain text, which the next one mostly shares. */
let [lastDate, lastDayMs] = ["", 0];

/** The time of `2018-04-01 00:00:31`, with T for the space or Z behind it; null for every other text. */
function fromPlain(text: string): number | null {
  const { length } = text;
  if (length !== 19 && !(length === 20 && text[19] === "Z")) return null;
  if ((text[10] !== " " && text[10] !== "T") || text[13] !== ":" || text[16] !== ":") return null;
  const [hour, minute, second] = [twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17)];
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return null;
  if (!text.startsWith(lastDate) || lastDate === "") {
    const date = text.slice(0, 10);
    const calendar = CALENDAR.exec(date);
    const dayMs = calendar === null ? NaN : fromCalendar(calendar);
    if (Number.isNaN(dayMs)) return null;
    [lastDate, lastDayMs] = [date, dayMs];
  }
  return lastDayMs + 1000 * (second + 60 * (minute + 60 * hour));
}

/** The number of two digits; NaN where they are none. */
function twoDigits(text: string, at: number): number {
  const [ten, one] = [text.charCodeAt(at) - 48, text.charCodeAt(at + 1) - 48];
  return ten >= 0 && ten <= 9 && one >= 0 && one <= 9 ? 10 * ten + one : NaN;
}

function fromCalendar(match: RegExpExecArray): number {
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((digits) => Number(digits ?? 0));
  if (hour > 23 || minute > 59 || second > 59) return NaN;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // A day that the month does not have moves into the next one.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return NaN;
  const ms = Number((match[7] ?? "").padEnd(3, "0").slice(0, 3));
  return date.setUTCHours(hour, minute, second, ms) - zoneOffsetMs(match[8] ?? "Z");
}

function zoneOffsetMs(zone: string): number {
  if (zone.toUpperCase() === "Z") return 0;
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0");
  const [hours, minutes] = [Number(digits.slice(0, 2)), Number(digits.slice(2))];
  if (hours > 23 || minutes > 59) return NaN;
  return (zone[0] === "-" ? -1 : 1) * (60 * hours + minutes) * MINUTE_MS;
}

function fromEpoch(epoch: number): number {
  let unitMs = 1000;
  for (let limit = SECONDS_BELOW; Math.abs(epoch) >= limit && unitMs > 1e-6; limit *= 1000) unitMs /= 1000;
  // Dividing by a whole number keeps whole milliseconds whole.
  return Math.floor(unitMs >= 1 ? epoch * unitMs : epoch / Math.round(1 / unitMs));
}
