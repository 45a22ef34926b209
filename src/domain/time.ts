/** Event times as text: reading them, by three syntaxes, and writing them. */

/** The first accepted time of a record, 1973-03-03: a smaller number is most likely seconds. */
export const MIN_TIMESTAMP_MS = 100_000_000_000;
/** The last accepted time, the end of the year 9999. */
export const MAX_TIMESTAMP_MS = 253_402_300_799_999;
/** Default of `--max-ahead`: one day, which no time zone taken for another reaches. */
export const DEFAULT_MAX_AHEAD_MS = 86_400_000;
/** The start of the year 0. */
const FIRST_MS = -62_167_219_200_000;
const DAY_MS = 86_400_000;
/** The calendar repeats after this time. */
const FOUR_CENTURIES_MS = 146_097 * DAY_MS;

// Groups of each syntax: year, month, day, hour, minute, second, fraction, zone.
const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/;
const OF_FILES =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?\s*(Z|[+-]\d\d(?::?\d\d)?)?)?$/i;
const OF_TABLES = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?(Z|[+-]\d\d:?\d\d)?)?$/i;
const EPOCH = /^[+-]?\d+(?:\.\d*)?$/;
/** Epochs below this are seconds, then milliseconds, microseconds and nanoseconds, each up to 1,000 times more. */
const SECONDS_BELOW = 1e11;

/**
 * Reads the event time of a record.
 *
 * @param value RFC 3339 text with an offset (fractions beyond milliseconds are cut off), or whole epoch milliseconds.
 * @returns Milliseconds since 1970-01-01 UTC. NaN where the value is neither, names no real day or hour, or lies before
 *   1973-03-03 or after the year 9999.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { parseTimestamp } from "./time.ts";
 *
 * assertEquals(parseTimestamp("2018-04-01T00:00:31Z"), 1_522_540_831_000);
 * assertEquals(parseTimestamp(1_522_540_831_000), 1_522_540_831_000);
 * assertEquals(parseTimestamp("2018-02-30T00:00:00Z"), NaN);
 * ```
 */
export function parseTimestamp(value: unknown): number {
  let ms = NaN;
  if (typeof value === "number") ms = Number.isInteger(value) ? value : NaN;
  else if (typeof value === "string" && value.length <= 64) ms = calendarMs(RFC3339.exec(value));
  return ms >= MIN_TIMESTAMP_MS && ms <= MAX_TIMESTAMP_MS ? ms : NaN;
}

/**
 * Whether a record's own time can bound its event time: Kafka's -1 for none, seconds and nanoseconds cannot.
 *
 * @param recordMs Milliseconds since 1970.
 */
export function isRecordTime(recordMs: number): boolean {
  return recordMs >= MIN_TIMESTAMP_MS && recordMs <= MAX_TIMESTAMP_MS;
}

/**
 * Reads the time in a transaction file.
 *
 * Takes a date with or without a time of day ("2018-04-01 00:00:31", RFC 3339, ISO 8601; no zone means UTC) and epochs:
 * below 10^11 in seconds, below 10^14 in milliseconds, below 10^17 in microseconds, else in nanoseconds.
 *
 * @returns Whole milliseconds since 1970 UTC, in the years 0 to 9999; NaN where the cell holds no such time.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { parseFileTime } from "./time.ts";
 *
 * for (const cell of ["2018-04-01 00:00:31", "2018-04-01T02:00:31+02:00", "1522540831", "1522540831000"]) {
 *   assertEquals(parseFileTime(cell), 1522540831000);
 * }
 * ```
 */
export function parseFileTime(cell: string): number {
  const plain = plainMs(cell);
  if (!Number.isNaN(plain)) return plain;
  const text = cell.trim();
  const ms = EPOCH.test(text) ? epochMs(Number(text)) : calendarMs(OF_FILES.exec(text));
  return ms >= FIRST_MS && ms <= MAX_TIMESTAMP_MS ? ms : NaN;
}

/**
 * Reads an ISO 8601 date and time of a table, in UTC where it names no zone. As `Date.parse` does, it takes 24:00, and
 * February 31 for a day in March.
 *
 * @returns Milliseconds since 1970 UTC, or NaN.
 */
export function parseTableTime(text: string): number {
  return calendarMs(OF_TABLES.exec(text), true);
}

/** The day of the last plain text, which the next one mostly shares. */
let [lastDate, lastDayMs] = ["", 0];

/** The time of `2018-04-01 00:00:31`, with T instead of the space or Z behind it; NaN for every other text. */
function plainMs(text: string): number {
  const { length } = text;
  if (length !== 19 && !(length === 20 && text[19] === "Z")) return NaN;
  if ((text[10] !== " " && text[10] !== "T") || text[13] !== ":" || text[16] !== ":") return NaN;
  const [hour, minute, second] = [twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17)];
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return NaN;
  if (!text.startsWith(lastDate) || lastDate === "") {
    const date = text.slice(0, 10);
    const dayMs = calendarMs(OF_FILES.exec(date));
    if (Number.isNaN(dayMs)) return NaN;
    [lastDate, lastDayMs] = [date, dayMs];
  }
  return lastDayMs + 1000 * (second + 60 * (minute + 60 * hour));
}

/** The number of two digits; NaN where they are none. */
function twoDigits(text: string, at: number): number {
  const [ten, one] = [text.charCodeAt(at) - 48, text.charCodeAt(at + 1) - 48];
  return ten >= 0 && ten <= 9 && one >= 0 && one <= 9 ? 10 * ten + one : NaN;
}

function calendarMs(groups: RegExpExecArray | null, rollsOver = false): number {
  if (groups === null) return NaN;
  const [year, month, day, hour, minute, second] = groups.slice(1, 7).map((digits) => Number(digits ?? 0));
  const ms = Number((groups[7] ?? "").slice(0, 3).padEnd(3, "0"));
  if (month < 1 || month > 12 || day < 1 || day > (rollsOver ? 31 : daysIn(year, month))) return NaN;
  const isMidnight = rollsOver && hour === 24 && minute === 0 && second === 0 && ms === 0;
  if ((hour > 23 && !isMidnight) || minute > 59 || second > 59) return NaN;
  // Date.UTC takes years below 100 for those of the 20th century.
  const utcMs = Date.UTC(year + 400, month - 1, day, hour, minute, second, ms) - FOUR_CENTURIES_MS;
  return utcMs - zoneMs(groups[8] ?? "Z");
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function zoneMs(zone: string): number {
  if (zone === "Z" || zone === "z") return 0;
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0");
  const [hours, minutes] = [Number(digits.slice(0, 2)), Number(digits.slice(2))];
  if (hours > 23 || minutes > 59) return NaN;
  return (zone[0] === "-" ? -1 : 1) * (60 * hours + minutes) * 60_000;
}

function epochMs(epoch: number): number {
  let unitMs = 1000;
  for (let limit = SECONDS_BELOW; Math.abs(epoch) >= limit && unitMs > 1e-6; limit *= 1000) unitMs /= 1000;
  // Dividing by a whole number keeps whole milliseconds whole.
  return Math.floor(unitMs >= 1 ? epoch * unitMs : epoch / Math.round(1 / unitMs));
}

const TWO = Array.from({ length: 60 }, (_, i) => String(i).padStart(2, "0"));
const THREE = Array.from({ length: 1000 }, (_, i) => String(i).padStart(3, "0"));
const [ZERO, COLON, POINT, LETTER_Z] = new TextEncoder().encode("0:.Z");

/**
 * Writes event times as RFC 3339 in UTC with milliseconds, as `Date.toISOString` does.
 *
 * Keeps the day's text from one call to the next, which pays in streams in time order.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { TimestampText } from "./time.ts";
 *
 * assertEquals(new TimestampText().write(1522540831007), "2018-04-01T00:00:31.007Z");
 * ```
 */
export class TimestampText {
  #day = NaN;
  #date = "";
  #dateBytes = new Uint8Array(0);

  /**
   * The text of a time in whole milliseconds since 1970.
   *
   * @throws {RangeError} When the year has no four digits, as RFC 3339 asks.
   */
  write(timestampMs: number): string {
    const rest = this.#sinceMidnight(timestampMs);
    const second = Math.floor(rest / 1000);
    const minute = Math.floor(second / 60);
    return this.#date + TWO[Math.floor(minute / 60)] + ":" + TWO[minute % 60] + ":" + TWO[second % 60] + "." +
      THREE[rest % 1000] + "Z";
  }

  /** Puts the 24 bytes of the text at `at`, and returns the position behind them. Throws as `write` does. */
  put(bytes: Uint8Array, at: number, timestampMs: number): number {
    const rest = this.#sinceMidnight(timestampMs) | 0;
    const date = this.#dateBytes;
    for (let i = 0; i < date.length; i++) bytes[at++] = date[i];
    const second = rest / 1000 | 0;
    const minute = second / 60 | 0;
    const hour = minute / 60 | 0;
    at = putTwo(bytes, at, hour);
    bytes[at++] = COLON;
    at = putTwo(bytes, at, minute - 60 * hour);
    bytes[at++] = COLON;
    at = putTwo(bytes, at, second - 60 * minute);
    bytes[at++] = POINT;
    const ms = rest - 1000 * second;
    bytes[at++] = ZERO + (ms / 100 | 0);
    at = putTwo(bytes, at, ms % 100);
    bytes[at++] = LETTER_Z;
    return at;
  }

  #sinceMidnight(timestampMs: number): number {
    const day = Math.floor(timestampMs / DAY_MS);
    if (day !== this.#day) {
      if (!(timestampMs >= FIRST_MS && timestampMs <= MAX_TIMESTAMP_MS)) {
        throw new RangeError(
          `Cannot write the timestamp as RFC 3339 as its year must be between 0 and 9999: current value is ${timestampMs} ms`,
        );
      }
      this.#date = new Date(day * DAY_MS).toISOString().slice(0, 11);
      this.#dateBytes = new TextEncoder().encode(this.#date);
      this.#day = day;
    }
    return timestampMs - day * DAY_MS;
  }
}

/** Puts the two digits of a number below 100 at `at`, and returns the position behind them. */
export function putTwo(bytes: Uint8Array, at: number, below100: number): number {
  const ten = below100 / 10 | 0;
  bytes[at] = ZERO + ten;
  bytes[at + 1] = ZERO + below100 - 10 * ten;
  return at + 2;
}
