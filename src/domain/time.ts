/** Event times as text: reading them, in records and in files, and writing them. */

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
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?\s*(Z|UTC|[+-]\d\d(?::?\d\d)?)?)?$/i;
const EPOCH = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const DAY_FIRST = /^\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d\d)(?!\d)/;
const COMPACT = /^((?:19|20)\d\d)(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?$/;

/**
 * Reads the event time of a record.
 *
 * @param value RFC 3339 text with an offset (fractions beyond milliseconds are cut off; a leap second is the second
 *   after it), or whole epoch milliseconds.
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
  else if (typeof value === "string") ms = parseRfc3339(value);
  return ms >= MIN_TIMESTAMP_MS && ms <= MAX_TIMESTAMP_MS ? ms : NaN;
}

/** What a number that is no time of a record has the size of, as the end of a sentence; "" for other values. */
export function epochHint(value: unknown): string {
  const unit = typeof value === "number" && value > 0 ? unitOf(String(value)) : "ms";
  return unit === "ms" ? "" : `, which has the size of ${UNIT_WORDS[unit]}`;
}

/** Reads RFC 3339 text of at most 64 characters as `parseTimestamp` does, of any year; NaN for other text. */
export function parseRfc3339(text: string): number {
  return text.length <= 64 ? calendarMs(RFC3339.exec(text)) : NaN;
}

/**
 * Whether a record's own time can bound its event time: Kafka's -1 for none, seconds and nanoseconds cannot.
 *
 * @param recordMs Milliseconds since 1970.
 */
export function isRecordTime(recordMs: number): boolean {
  return recordMs >= MIN_TIMESTAMP_MS && recordMs <= MAX_TIMESTAMP_MS;
}

/** Reads one time as `FileTimes` reads the first cell of a column. */
export function parseFileTime(cell: string): number {
  return new FileTimes().read(cell);
}

/** Units of an epoch, in milliseconds, by the name of the option. */
const UNIT_MS: Readonly<Record<TimeUnit, number>> = { s: 1000, ms: 1, us: 1e-3, ns: 1e-6 };
const UNIT_WORDS: Readonly<Record<TimeUnit, string>> = {
  s: "seconds",
  ms: "milliseconds",
  us: "microseconds",
  ns: "nanoseconds",
};
/** Unit of an epoch number. */
export type TimeUnit = "s" | "ms" | "us" | "ns";
/** The values of `TimeUnit`. */
export const TIME_UNITS = Object.keys(UNIT_MS) as TimeUnit[];

/**
 * Reads the times of one column of a file, and can say how it read them.
 *
 * Takes a date with or without a time of day ("2018-04-01 00:00:31", RFC 3339, ISO 8601; no zone means UTC; 24:00 is the
 * next midnight) and epoch numbers. Their unit follows from the size of the first (below 10^11 seconds, below 10^14
 * milliseconds, below 10^17 microseconds, else nanoseconds), and all others must be of that size. Numbers that are more
 * likely written dates (20180401), years or a spreadsheet's days (43191) are refused where no unit is given.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { FileTimes } from "./time.ts";
 *
 * const times = new FileTimes();
 * assertEquals([times.read("1522540831"), times.read("20180401000031")], [1522540831000, NaN]);
 * assertEquals(times.summary(), "read as seconds: 2018-04-01 … 2018-04-01");
 * ```
 */
export class FileTimes {
  #unit: TimeUnit | undefined;
  readonly #isGiven: boolean;
  #epochs = 0;
  #withoutZone = 0;
  #firstMs = Infinity;
  #lastMs = -Infinity;

  /** @param unit Unit of all epoch numbers, instead of the one that the first suggests. */
  constructor(unit?: TimeUnit) {
    this.#unit = unit;
    this.#isGiven = unit !== undefined;
  }

  /** Whole milliseconds since 1970 UTC, in the years 0 to 9999; NaN where the cell holds no such time. */
  read(cell: unknown): number {
    if (typeof cell === "number") return this.#epoch(String(cell));
    if (typeof cell !== "string") return NaN;
    let ms = plainMs(cell);
    let hasZone = cell.length === 20;
    if (Number.isNaN(ms)) {
      const text = cell.trim();
      if (EPOCH.test(text)) return this.#epoch(text);
      const groups = OF_FILES.exec(text);
      ms = calendarMs(groups, true);
      hasZone = groups?.[8] !== undefined;
    }
    if (!hasZone) this.#withoutZone++;
    return this.#within(ms);
  }

  /** Why `read` gives NaN for the cell, as the end of a sentence that shows it; "" where the cell says it itself. */
  hint(cell: unknown): string {
    const text = String(cell ?? "").trim();
    return EPOCH.test(text)
      ? this.#epochProblem(text)
      : DAY_FIRST.test(text)
      ? ", where day and month could be either way round: write the year first, YYYY-MM-DD"
      : "";
  }

  /** How the times were read, and from which day to which; undefined where every one of them says it itself. */
  summary(): string | undefined {
    const ways = [
      this.#epochs > 0 ? `as ${UNIT_WORDS[this.#unit!]}` : "",
      this.#withoutZone > 0 ? "as UTC where no zone is named" : "",
    ].filter((way) => way !== "");
    if (ways.length === 0 || this.#firstMs > this.#lastMs) return undefined;
    const [first, last] = [this.#firstMs, this.#lastMs].map((ms) => new Date(ms).toISOString().slice(0, 10));
    return `read ${ways.join(", and ")}: ${first} … ${last}`;
  }

  #epoch(text: string): number {
    const unit = this.#unit ?? (looksWritten(text) ? undefined : unitOf(text));
    if (unit === undefined || (!this.#isGiven && unitOf(text) !== unit)) return NaN;
    const ms = this.#within(epochMs(text, unit));
    if (Number.isNaN(ms)) return NaN;
    this.#unit = unit;
    this.#epochs++;
    return ms;
  }

  #within(ms: number): number {
    if (!(ms >= FIRST_MS && ms <= MAX_TIMESTAMP_MS)) return NaN;
    if (ms < this.#firstMs) this.#firstMs = ms;
    if (ms > this.#lastMs) this.#lastMs = ms;
    return ms;
  }

  #epochProblem(text: string): string {
    if (this.#isGiven) return `, which as ${UNIT_WORDS[this.#unit!]} lies beyond the year 9999`;
    if (this.#unit !== undefined) {
      return `, which has the size of ${UNIT_WORDS[unitOf(text)]} where the rows before have ${
        UNIT_WORDS[this.#unit]
      }`;
    }
    const likely = COMPACT.test(text) ? "a date without hyphens" : "a year or a spreadsheet's number of days";
    return `, which may be ${likely}: write it as YYYY-MM-DD hh:mm:ss, or give --time-unit if it is an epoch`;
  }
}

/** Whether a number is more likely a date in digits alone, or a spreadsheet's days, than an epoch. */
function looksWritten(text: string): boolean {
  const date = COMPACT.exec(text);
  if (date !== null) {
    const [year, month, day, hour, minute] = date.slice(1, 6).map((digits) => Number(digits ?? 0));
    return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month) && hour <= 23 && minute <= 59;
  }
  const number = Number(text);
  // Days of a spreadsheet in the years 1954 to 2119, and years.
  return (number >= 20_000 && number < 80_000) ||
    (Number.isInteger(number) && number >= 1900 && number < 2100);
}

function unitOf(epoch: string): TimeUnit {
  const size = Math.abs(Number(epoch));
  return size < 1e11 ? "s" : size < 1e14 ? "ms" : size < 1e17 ? "us" : "ns";
}

function epochMs(text: string, unit: TimeUnit): number {
  // More digits than a float64 holds would round up to the next millisecond.
  if (unit === "ns" && /^\d{7,}$/.test(text)) return Number(text.slice(0, -6));
  const epoch = Number(text);
  // Dividing by a whole number keeps whole milliseconds whole.
  return Math.floor(unit === "s" ? epoch * 1000 : epoch / Math.round(1 / UNIT_MS[unit]));
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

function calendarMs(groups: RegExpExecArray | null, midnightIs24 = false): number {
  if (groups === null) return NaN;
  const [year, month, day, hour, minute, second] = groups.slice(1, 7).map((digits) => Number(digits ?? 0));
  const ms = Number((groups[7] ?? "").slice(0, 3).padEnd(3, "0"));
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return NaN;
  const isMidnight = midnightIs24 && hour === 24 && minute === 0 && second === 0 &&
    !/[1-9]/.test(groups[7] ?? "");
  if ((hour > 23 && !isMidnight) || minute > 59 || second > 60) return NaN;
  // Date.UTC takes years below 100 for those of the 20th century.
  const utcMs = Date.UTC(year + 400, month - 1, day, hour, minute, second, ms) - FOUR_CENTURIES_MS -
    zoneMs(groups[8] ?? "Z");
  // A leap second ends a month in UTC, so what follows its start is the month's first second.
  if (second === 60 && !(new Date(utcMs).getUTCDate() === 1 && utcMs - ms === startOfDay(utcMs))) return NaN;
  return utcMs;
}

function startOfDay(ms: number): number {
  return Math.floor(ms / DAY_MS) * DAY_MS;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function zoneMs(zone: string): number {
  if (/^[A-Za-z]/.test(zone)) return 0;
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0");
  const [hours, minutes] = [Number(digits.slice(0, 2)), Number(digits.slice(2))];
  if (hours > 23 || minutes > 59) return NaN;
  return (zone[0] === "-" ? -1 : 1) * (60 * hours + minutes) * 60_000;
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
