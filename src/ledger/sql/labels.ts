import { type GivenLabel, LATER_BY_MS, type RecordedLabel } from "../labels.ts";
import { labelOf, type Row } from "./rows.ts";

/** The newest label of a transaction in a topic; values of `labelKey`. */
export const NEWEST_LABEL = `SELECT * FROM given_label
  WHERE topic = ? AND transaction_id = ? AND customer_id = ? AND terminal_id = ? AND timestamp_ms = ?
  ORDER BY label_id DESC LIMIT 1`;

/** Records a label; values of `labelKey`, z, is_fraud, labelled_at_ms, labelled_by. */
export const INSERT_LABEL = `INSERT INTO given_label (topic, transaction_id, customer_id, terminal_id,
  timestamp_ms, z, is_fraud, labelled_at_ms, labelled_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`;

/** What tells the transaction of a label, in its topic, from others. */
export function labelKey(label: GivenLabel): [string, string, string, string, number] {
  return [label.topic, label.transactionId, label.customerId, label.terminalId, label.timestampMs];
}

/**
 * What becomes of a label, by the transaction's newest one.
 *
 * @param newest Row of `NEWEST_LABEL`, if there is one.
 * @returns `repeats`, the newest label, where that says the same; otherwise when the label became known at the earliest.
 */
export function labelAfter(
  given: GivenLabel,
  newest: Row | undefined,
): { repeats: RecordedLabel } | { labelledAtMs: number } {
  if (newest === undefined) return { labelledAtMs: given.labelledAtMs };
  const before = labelOf(newest);
  if (before.isFraud === given.isFraud) return { repeats: before };
  return { labelledAtMs: Math.max(given.labelledAtMs, before.labelledAtMs + LATER_BY_MS) };
}
