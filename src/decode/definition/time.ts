import { MAX_TIMESTAMP_MS, MIN_TIMESTAMP_MS, parseTimestamp } from "../../domain/time.ts";
import { numberOf, numberText } from "../../runtime/json.ts";
import type { StreamDefinition } from "./definition.ts";
import { Fault } from "./fault.ts";

/** How the field is written, with all that may be said of it. */
export type TimeField = Exclude<StreamDefinition["fields"]["timestamp"], string>;
type Unit = NonNullable<TimeField["unit"]>;

/** Milliseconds of each unit of epochs. */
const EPOCH_UNITS = { s: 1000, ms: 1, us: 1e-3, ns: 1e-6 } as const;
/** Times that a record of today can have, for a proposal. */
const [PLAUSIBLE_FROM, PLAUSIBLE_TO] = [Date.UTC(2000, 0), Date.UTC(2100, 0)];
/** Zones change their offset at whole quarters of an hour. */
const QUARTER_MS = 900_000;
const LETTERS = /yyyy|MM|dd|HH|mm|ss|S+/g;
const DEFAULT_PATTERN =
  /^(?<yyyy>\d{4})-(?<MM>\d\d)-(?<dd>\d\d)[T ](?<HH>\d\d):(?<mm>\d\d)(?::(?<ss>\d\d)(?:[.,](?<S>\d+))?)?$/;

/**
 * Makes the reader of event times that a definition asks for: a value of a record to milliseconds since 1970.
 *
 * A local time that a zone has twice counts as the earlier one, one that it skips as that long after the gap.
 * Times of a type that names its unit, as Avro's timestamp-micros, come as `Date` and need none.
 */
export function timeReader(field: TimeField): (value: unknown) => number {
  const { unit, pattern, zone } = field;
  const readLocal = unit === "local" ? localReader(patternOf(pattern), zone!) : undefined;
  const must = pattern !== undefined
    ? `a time written as ${pattern}`
    : unit === undefined
    ? "RFC 3339 or epoch milliseconds between 1973-03-03 and 9999-12-31"
    : unit === "local"
    ? "a local time such as 2026-01-31 23:59:59"
    : unit === "rfc3339"
    ? "RFC 3339, such as 2026-01-31T23:59:59Z"
    : `a whole number of ${unit} since 1970`;
  return (value) => {
    const ms = value instanceof Date ? value.getTime() : readLocal?.(value) ?? readAs(unit, value);
    if (ms >= MIN_TIMESTAMP_MS && ms <= MAX_TIMESTAMP_MS) return ms;
    throw new Fault(`${must}${proposal(unit, value)}`, value);
  };
}

function readAs(unit: Unit | undefined, value: unknown): number {
  if (unit === "rfc3339") return typeof value === "string" ? parseTimestamp(value) : NaN;
  if (unit === undefined) {
    return parseTimestamp(
      typeof value === "string" ? value : typeof value === "bigint" ? Number(value) : numberOf(value),
    );
  }
  if (unit === "local") return NaN;
  return epochMs(value, EPOCH_UNITS[unit]);
}

/** Whole milliseconds of an epoch; digits of a unit finer than that are cut off. */
function epochMs(value: unknown, unitMs: number): number {
  if (typeof value === "string" && /^-?\d{1,20}(?:\.\d+)?$/.test(value)) {
    return value.includes(".") ? epochMs(Number(value), unitMs) : epochMs(BigInt(value), unitMs);
  }
  if (typeof value === "bigint") {
    return unitMs >= 1 ? Number(value) * unitMs : Number(value / BigInt(Math.round(1 / unitMs)));
  }
  if (typeof value !== "number") {
    const text = numberText(value);
    return text === undefined ? NaN : epochMs(text, unitMs);
  }
  // Seconds may have a fraction; dividing by a whole number keeps whole milliseconds whole.
  return unitMs >= 1 ? Math.round(value * unitMs) : Math.floor(value / Math.round(1 / unitMs));
}

/** What to write instead, where a number would be a time of our days in another unit. */
function proposal(unit: Unit | undefined, value: unknown): string {
  for (const [name, unitMs] of Object.entries(EPOCH_UNITS)) {
    const ms = epochMs(value, unitMs);
    if (name !== (unit ?? "ms") && ms >= PLAUSIBLE_FROM && ms <= PLAUSIBLE_TO) {
      return ` (with unit: ${name} it is ${new Date(ms).toISOString()})`;
    }
  }
  const isText = typeof value === "string" && DEFAULT_PATTERN.test(value);
  return isText && unit !== "local" ? " (a time without a zone needs unit: local and a zone)" : "";
}

function patternOf(pattern: string | undefined): RegExp {
  if (pattern === undefined) return DEFAULT_PATTERN;
  let source = "";
  let end = 0;
  for (const { 0: letters, index } of pattern.matchAll(LETTERS)) {
    source += RegExp.escape(pattern.slice(end, index));
    source += letters[0] === "S" ? `(?<S>\\d{${letters.length}})` : `(?<${letters}>\\d{${letters.length}})`;
    end = index + letters.length;
  }
  return new RegExp(`^${source}${RegExp.escape(pattern.slice(end))}$`);
}

function localReader(pattern: RegExp, zone: string): (value: unknown) => number {
  const offsets = new Map<number, number>();
  return (value) => {
    const groups = typeof value === "string" ? pattern.exec(value)?.groups : undefined;
    if (groups === undefined) return NaN;
    const { yyyy, MM = "01", dd = "01", HH = "00", mm = "00", ss = "00", S = "0" } = groups;
    // As if it were UTC; the one reader of times knows the calendar.
    const localMs = parseTimestamp(`${yyyy}-${MM}-${dd}T${HH}:${mm}:${ss}.${S}Z`);
    if (Number.isNaN(localMs)) return NaN;
    const quarter = Math.floor(localMs / QUARTER_MS);
    let offset = offsets.get(quarter);
    if (offset === undefined) {
      const local = Temporal.Instant.fromEpochMilliseconds(localMs).toZonedDateTimeISO("UTC")
        .toPlainDateTime();
      offset = localMs - local.toZonedDateTime(zone).epochMilliseconds;
      if (offsets.size > 10_000) offsets.clear();
      offsets.set(quarter, offset);
    }
    return localMs - offset;
  };
}
