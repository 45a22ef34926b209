/**
 * Rows of the ledger's tables as the port's objects; both SQL ledgers name their columns alike.
 *
 * @module
 */
import type { DeadLetterReason } from "../transaction.ts";
import type { CommittedRange, DeadLetter, FlaggedTransaction, LogMode, ObjectCut } from "./ledger.ts";

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
  };
}

/** A flagged transaction. */
export function flaggedOf(row: Row): FlaggedTransaction {
  return {
    offset: Number(row.offset),
    transactionId: String(row.transaction_id),
    customerId: String(row.customer_id),
    terminalId: String(row.terminal_id),
    amountMinor: Number(row.amount_minor),
    currency: row.currency === null ? null : String(row.currency),
    timestampMs: Number(row.timestamp_ms),
    anomalyScore: Number(row.anomaly_score),
    verdict: String(row.verdict),
  };
}

/** A dead letter. */
export function deadLetterOf(row: Row): DeadLetter {
  return {
    offset: Number(row.offset),
    reason: row.reason as DeadLetterReason,
    detail: String(row.detail),
    key: row.key as Uint8Array | null,
    value: row.value as Uint8Array | null,
    producedAtMs: Number(row.produced_at_ms),
  };
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
