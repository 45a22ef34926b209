import { type GivenLabel, LATER_BY_MS, type StreamLabel } from "../labels.ts";
import { labelOf, type Row } from "./rows.ts";

/** The listener whose position in a label topic says how far its labels are recorded. */
export const LABEL_LISTENER = "label record";

/** Columns that tell the transactions apart that labels are of. */
export const LABELLED = ["transaction_id", "customer_id", "terminal_id", "timestamp_ms"] as const;

const IS_LABELLED = LABELLED.map((column) => `${column} = ?`).join(" AND ");

/** SQL: the time by which the newest label of a transaction holds; `of` is a table's name and a full stop, or empty. */
export const rankOf = (of = ""): string => `coalesce(${of}rank_ms, ${of}labelled_at_ms)`;
/** Orders labels, the one that holds first. */
export const NEWEST_FIRST: string = `ORDER BY ${rankOf()} DESC, label_id DESC`;

const newestLabel = (which: string) =>
  `SELECT * FROM given_label WHERE topic = ? AND ${IS_LABELLED}${which} ${NEWEST_FIRST} LIMIT 1`;
/** The newest label of a transaction in a topic, and the newest that an analyst gave; values of `labelKey`. */
export const NEWEST_LABEL: string = newestLabel("");
export const NEWEST_ANSWER: string = newestLabel(" AND coalesce(source, '') <> 'stream'");

/** Records an answer; values of `answerValues`. */
export const INSERT_LABEL = `INSERT INTO given_label (topic, ${LABELLED.join(", ")}, z, is_fraud,
  labelled_at_ms, labelled_by, claimed_by, decided_at_ms, source, repeats, produced, rank_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`;

/** Finds an answer that an earlier attempt recorded; values of `labelKey`, is_fraud, decided_at_ms, labelled_by. */
export const SAME_ANSWER = `SELECT * FROM given_label WHERE topic = ? AND ${IS_LABELLED} AND is_fraud = ?
  AND decided_at_ms = ? AND labelled_by IS NOT DISTINCT FROM ? LIMIT 1`;

/** Columns of a label that came by the stream, in the order of `streamValues`. */
export const STREAM_COLUMNS: readonly string[] = [...LABELLED, "z", "is_fraud", "labelled_at_ms"];

/**
 * Records labels of the stream that the ledger does not hold.
 *
 * @param rows SQL: rows named `new` with `STREAM_COLUMNS`, after which come topic and time of the reading.
 */
export function insertStreamLabels(rows: string, topic: string, nowMs: string): string {
  return `INSERT INTO given_label (topic, ${STREAM_COLUMNS.join(", ")}, decided_at_ms, source, produced)
    SELECT ${topic}, ${STREAM_COLUMNS.map((column) => `new.${column}`).join(", ")}, ${nowMs}, 'stream', TRUE
    FROM ${rows} WHERE NOT EXISTS (SELECT 1 FROM given_label AS old WHERE old.topic = ${topic} AND ${
    [...LABELLED, "is_fraud", "labelled_at_ms"].map((column) => `old.${column} = new.${column}`).join(" AND ")
  })`;
}

/** The values of `STREAM_COLUMNS`. */
export function streamValues(label: StreamLabel): (string | number | boolean | null)[] {
  const { transactionId, customerId, terminalId, timestampMs, z, isFraud, labelledAtMs } = label;
  return [transactionId, customerId, terminalId, timestampMs, z, isFraud, labelledAtMs];
}

/** The labels without those that say the same of the same time, which senders repeat. */
export function distinctLabels(labels: readonly StreamLabel[]): StreamLabel[] {
  const byKey = new Map(labels.map((label) => [JSON.stringify(streamValues({ ...label, z: null })), label]));
  return [...byKey.values()];
}

/** What tells the transaction of a label, in its topic, from others. */
export function labelKey(label: GivenLabel): [string, string, string, string, number] {
  return [label.topic, label.transactionId, label.customerId, label.terminalId, label.timestampMs];
}

/**
 * The values of `INSERT_LABEL`, by what is known of the transaction.
 *
 * An analyst who confirms what the stream said is its author from then on.
 *
 * @param newestRow Row of `NEWEST_LABEL`, if there is one.
 * @param answerRow Row of `NEWEST_ANSWER`, if there is one.
 */
export function answerValues(
  given: GivenLabel,
  newestRow: Row | undefined,
  answerRow: Row | undefined,
): (string | number | boolean | null)[] {
  const newest = newestRow && labelOf(newestRow);
  const answer = answerRow && labelOf(answerRow);
  const { z, isFraud, labelledBy, claimedBy, decidedAtMs, source } = given;
  const repeats = newest?.isFraud === isFraud && answer?.isFraud === isFraud;
  const rank = (row: Row) => Number(row.rank_ms ?? row.labelled_at_ms);
  // Later than what it contradicts.
  const earliestMs = newest === undefined
    ? -Infinity
    : newest.isFraud !== isFraud
    ? rank(newestRow!) + LATER_BY_MS
    : answer === undefined
    ? -Infinity
    : answer.labelledAtMs + LATER_BY_MS;
  const labelledAtMs = repeats ? answer.labelledAtMs : Math.max(given.labelledAtMs, earliestMs);
  const rankMs = repeats
    ? rank(answerRow!)
    : Math.max(labelledAtMs, newestRow ? rank(newestRow) + LATER_BY_MS : -Infinity);
  const author = [labelledBy, claimedBy, decidedAtMs, source];
  return [...labelKey(given), z, isFraud, labelledAtMs, ...author, repeats, repeats, rankMs];
}
