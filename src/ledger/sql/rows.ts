/**
 * Rows of the ledger's tables as the port's objects; both SQL ledgers name their columns alike.
 *
 * @module
 */
import type { DeadLetterReason } from "../../domain/transaction.ts";
import type { LabelSource, RecordedLabel } from "../labels.ts";
import type { LostRange } from "../losses.ts";
import type {
  CommittedRange,
  DeadLetter,
  FlaggedTransaction,
  KnownTransaction,
  LoggedTransaction,
  LogMode,
  LogRows,
  ObjectCut,
} from "../ledger.ts";
import type { FlaggedHour, FlaggedSize } from "../outbox.ts";

/** A row as a driver gives it. */
export type Row = Record<string, unknown>;

/** A committed range. */
export function rangeOf(row: Row): CommittedRange {
  return {
    firstOffset: Number(row.first_offset),
    nextOffset: Number(row.next_offset),
    labelOffsets: JSON.parse(String(row.label_offsets)),
    model: String(row.model),
    logMode: row.log_mode as LogMode,
    scored: Number(row.scored),
    flagged: Number(row.flagged),
    deadLetters: Number(row.dead_letters),
    passed: Number(row.passed),
  };
}

/** A flagged transaction. */
export function flaggedOf(row: Row): FlaggedTransaction {
  const { flagged: _, ...transaction } = loggedOf(row);
  return { ...transaction, verdict: String(row.verdict) };
}

/** A row of the log. */
export function loggedOf(row: Row): LoggedTransaction {
  return {
    offset: Number(row.offset),
    transactionId: String(row.transaction_id),
    customerId: String(row.customer_id),
    terminalId: String(row.terminal_id),
    amountMinor: Number(row.amount_minor),
    currency: row.currency === null ? null : String(row.currency),
    timestampMs: Number(row.timestamp_ms),
    anomalyScore: Number(row.anomaly_score),
    flagged: Boolean(row.flagged),
  };
}

/** How much a flagged transaction takes. */
export function sizeOf(row: Row): FlaggedSize {
  return { offset: Number(row.offset), verdictBytes: Number(row.bytes) };
}

/** The flagged transactions of one event hour. */
export function hourOf(row: Row): FlaggedHour {
  return {
    hourMs: Number(row.hour_ms),
    firstOffset: Number(row.first_offset),
    rows: Number(row.rows),
    lines: typeof row.lines === "string" ? encoder.encode(row.lines) : row.lines as Uint8Array,
  };
}

/** Transactions with one id that a ledger gives at most. */
export const MOST_MATCHES = 1000;

/** Transactions by topic, partition and offset, at most `MOST_MATCHES`, from their rows in the log and among the flagged ones. */
export function knownOf(logged: readonly Row[], flagged: readonly Row[]): KnownTransaction[] {
  const byRecord = new Map<string, KnownTransaction>();
  const add = (row: Row, isLogged: boolean) => {
    const verdict = isLogged ? null : row.verdict as string | null;
    const topic = String(row.topic);
    const partition = Number(row.partition);
    const key = JSON.stringify([topic, partition, Number(row.offset)]);
    const found = byRecord.get(key);
    if (found !== undefined) found.verdict = verdict;
    else {
      byRecord.set(key, {
        ...flaggedOf(row),
        topic,
        partition,
        flagged: !isLogged || Boolean(row.flagged),
        logged: isLogged,
        verdict,
      });
    }
  };
  for (const row of logged) add(row, true);
  for (const row of flagged) add(row, false);
  return [...byRecord.values()].sort((a, b) =>
    a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : a.partition - b.partition || a.offset - b.offset
  ).slice(0, MOST_MATCHES);
}

/** An analyst's label. */
export function labelOf(row: Row): RecordedLabel {
  return {
    labelId: Number(row.label_id),
    topic: String(row.topic),
    transactionId: String(row.transaction_id),
    customerId: String(row.customer_id),
    terminalId: String(row.terminal_id),
    timestampMs: Number(row.timestamp_ms),
    z: row.z === null ? null : Number(row.z),
    isFraud: Boolean(row.is_fraud),
    labelledAtMs: Number(row.labelled_at_ms),
    labelledBy: row.labelled_by === null ? null : String(row.labelled_by),
    claimedBy: row.claimed_by === null ? null : String(row.claimed_by),
    decidedAtMs: row.decided_at_ms === null ? null : Number(row.decided_at_ms),
    source: row.source as LabelSource | null,
    produced: Boolean(row.produced),
    repeats: Boolean(row.repeats),
  };
}

/** A stretch that the stream deleted before it was read. */
export function lostOf(row: Row): LostRange {
  return {
    topic: String(row.topic),
    partition: Number(row.partition),
    firstOffset: Number(row.first_offset),
    nextOffset: Number(row.next_offset),
    foundAtMs: Number(row.found_at_ms),
    acceptedBy: row.accepted_by === null ? null : String(row.accepted_by),
    acceptedAtMs: row.accepted_at_ms === null ? null : Number(row.accepted_at_ms),
  };
}

/** The last time that `Date` holds, which also leaves room for differences below 2^53. */
const LAST_TIME_MS = 8.64e15;

/**
 * A record's own time, bounded so that both engines can keep it and give it back. Producers write any number, such as
 * nanoseconds; the decoder counts those records. NaN becomes -1, Kafka's word for no time.
 */
export function storableTime(ms: number): number {
  if (Number.isNaN(ms)) return -1;
  return Math.trunc(Math.max(-LAST_TIME_MS, Math.min(LAST_TIME_MS, ms)));
}

/** A dead letter. */
export function deadLetterOf(row: Row): DeadLetter {
  return {
    offset: Number(row.offset),
    reason: row.reason as DeadLetterReason,
    detail: String(row.detail),
    key: bytesOf(row.key),
    value: bytesOf(row.value),
    producedAtMs: Number(row.produced_at_ms),
  };
}

/** Bytes without the rest of a driver's buffer. */
function bytesOf(value: unknown): Uint8Array | null {
  return value === null ? null : new Uint8Array(value as Uint8Array);
}

/** A recorded cut. */
export function cutOf(row: Row): ObjectCut {
  return {
    key: String(row.key),
    topic: String(row.topic),
    partition: Number(row.partition),
    firstOffset: Number(row.first_offset),
    lastOffset: Number(row.last_offset),
    hourMs: Number(row.hour_ms),
    format: row.format as ObjectCut["format"],
    rows: Number(row.rows),
    byteLength: Number(row.byte_length),
    sha256: String(row.sha256),
  };
}

/**
 * The texts of the log rows' ids by their number, three a row, as strings.
 *
 * Where all of them are ASCII, as nearly always, they are parts of one string.
 */
export function idTexts(
  { count, idBytes, idOffsets }: Pick<LogRows, "count" | "idBytes" | "idOffsets">,
): (id: number) => string {
  const used = idBytes.subarray(0, idOffsets[3 * count]);
  const text = decoder.decode(used);
  if (text.length === used.length) return (id) => text.substring(idOffsets[id], idOffsets[id + 1]);
  return (id) => decoder.decode(idBytes.subarray(idOffsets[id], idOffsets[id + 1]));
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
