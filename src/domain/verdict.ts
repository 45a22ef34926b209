import type { RecordPlace } from "./place.ts";
import type { Transaction } from "./transaction.ts";

/** What one feature adds to a verdict. */
export interface Reason {
  feature: string;
  /** Before any transform, in the feature's own unit. */
  value: number;
  /**
   * Change of the expected path length along the path, averaged over the trees. Negative makes the transaction more
   * anomalous. The contributions of all features add up to the path length minus the model's baseline.
   */
  contribution: number;
  /** The value in words, such as "amount 8.2 times this customer's usual". */
  text: string;
}

/** The verdict on one transaction, whether or not it lies in a stream. */
export interface Verdict {
  transaction: Transaction;
  /** In (0, 1], higher is more anomalous. */
  anomalyScore: number;
  threshold: number;
  /** Whether the score is greater than the threshold. */
  flagged: boolean;
  /** SHA-256 of the model, hexadecimal. */
  model: string;
  /** One a feature, the one that speaks most for an anomaly first. */
  reasons: Reason[];
  /** When it was scored, milliseconds since 1970. */
  scoredAtMs: number;
}

/**
 * The wire form of a verdict: one line of JSON, snake_case, the transaction's own fields first, unknown ones included.
 *
 * A verdict's field replaces a field of the transaction that has its name (`offset`, `flagged`, …).
 *
 * @param place Where the transaction lies in the stream; null if it lies in none.
 * @param more Fields that come after the verdict's own.
 * @returns JSON without a line end.
 */
export function encodeVerdict(
  verdict: Verdict,
  place: RecordPlace | null,
  more: Readonly<Record<string, unknown>> = {},
): string {
  const { transaction } = verdict;
  return JSON.stringify({
    ...transaction.source,
    transaction_id: transaction.transactionId,
    customer_id: transaction.customerId,
    terminal_id: transaction.terminalId,
    amount: transaction.writtenAmount ?? transaction.amount,
    ...(transaction.merchantCategory === undefined
      ? {}
      : { merchant_category: transaction.merchantCategory }),
    timestamp: new Date(transaction.timestampMs).toISOString(),
    // Without a place, undefined removes fields of these names that the transaction had.
    topic: place?.topic,
    partition: place?.partition,
    offset: place?.offset,
    anomaly_score: verdict.anomalyScore,
    threshold: verdict.threshold,
    flagged: verdict.flagged,
    model: verdict.model,
    reasons: verdict.reasons,
    scored_at: new Date(verdict.scoredAtMs).toISOString(),
    ...more,
  });
}
