/**
 * The noun that leaves: what Edgewood says of one transaction.
 *
 * @module
 */
import type { Transaction } from "./transaction.ts";

/** What one feature adds to a verdict. */
export interface Reason {
  feature: string;
  /** Its value before any transform, in the feature's own unit. */
  value: number;
  /**
   * Change of the expected path length along the path, averaged over the trees. Negative makes the transaction more
   * anomalous. The contributions of all features add up to the path length minus the model's baseline.
   */
  contribution: number;
  /** The value in words, such as "amount 8.2 times this customer's usual". */
  text: string;
}

/** The verdict on one transaction, as it stands in the ledger and in the objects. */
export interface Verdict {
  transaction: Transaction;
  topic: string;
  /** Partition of its record, from 0. */
  partition: number;
  /** Offset of its record. */
  offset: number;
  /** In (0, 1], higher is more anomalous. */
  anomalyScore: number;
  /** Flagged where the score is above it. */
  threshold: number;
  /** Whether the score is greater than the threshold. */
  flagged: boolean;
  /** SHA-256 of the model, hexadecimal. */
  model: string;
  reasons: Reason[];
  /** When it was scored, milliseconds since 1970. */
  scoredAtMs: number;
}

/** A verdict on a transaction that may lie in no stream, and then has no place in one. */
export type AnyVerdict = Omit<Verdict, "topic" | "partition" | "offset"> & Partial<Verdict>;

/**
 * The wire form of a verdict: one line of JSON, snake_case, the transaction's own fields first, unknown ones included.
 *
 * A field of the transaction that has the name of a verdict's field (`offset`, `flagged`, …) gives way to it.
 *
 * @param more Fields that come after the verdict's own.
 * @returns JSON without a line end.
 */
export function encodeVerdict(verdict: AnyVerdict, more: Readonly<Record<string, unknown>> = {}): string {
  const { transaction } = verdict;
  return JSON.stringify({
    ...transaction.source,
    transaction_id: transaction.transactionId,
    customer_id: transaction.customerId,
    terminal_id: transaction.terminalId,
    amount: transaction.amount,
    timestamp: new Date(transaction.timestampMs).toISOString(),
    topic: verdict.topic,
    partition: verdict.partition,
    offset: verdict.offset,
    anomaly_score: verdict.anomalyScore,
    threshold: verdict.threshold,
    flagged: verdict.flagged,
    model: verdict.model,
    reasons: verdict.reasons,
    scored_at: new Date(verdict.scoredAtMs).toISOString(),
    ...more,
  });
}
