/**
 * Transactions by their id, and analysts' labels, in the embedded ledger.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { inTransaction } from "../../runtime/sqlite.ts";
import { type GivenLabel, LATER_BY_MS, type LedgerLabels, type RecordedLabel } from "../labels.ts";
import type { KnownTransaction } from "../ledger.ts";
import { findLogged } from "./log_filter.ts";
import { knownOf, labelOf, MOST_MATCHES } from "../sql/rows.ts";

/** The transactions with an id, from the log and from the flagged ones. */
export function findTransactions(database: DatabaseSync, transactionId: string): KnownTransaction[] {
  const flagged = database.prepare(
    'SELECT * FROM flagged WHERE transaction_id = ? ORDER BY topic, partition, "offset" LIMIT ?',
  ).all(transactionId, MOST_MATCHES);
  return knownOf(findLogged(database, transactionId, MOST_MATCHES), flagged);
}

/**
 * The labels of an embedded ledger.
 *
 * @param attempt Runs work on the database, and makes its errors the ledger's.
 */
export function sqliteLabels(
  attempt: <T>(work: (database: DatabaseSync) => T) => Promise<T>,
): LedgerLabels {
  return {
    add: (labels) => attempt((database) => addLabels(database, labels)),
    history: (transactionId) =>
      attempt((database) =>
        database.prepare("SELECT * FROM given_label WHERE transaction_id = ? ORDER BY label_id")
          .all(transactionId).map(labelOf)
      ),
    pending: (topic, limit) =>
      attempt((database) =>
        database.prepare(
          "SELECT * FROM given_label WHERE topic = ? AND produced = 0 ORDER BY label_id LIMIT ?",
        )
          .all(topic, limit).map(labelOf)
      ),
    markProduced: (labelIds) =>
      attempt((database) => {
        inTransaction(database, () => {
          const mark = database.prepare("UPDATE given_label SET produced = 1 WHERE label_id = ?");
          for (const labelId of labelIds) mark.run(labelId);
        });
      }),
  };
}

function addLabels(database: DatabaseSync, labels: readonly GivenLabel[]): RecordedLabel[] {
  return inTransaction(database, () => {
    const newest = database.prepare(
      `SELECT * FROM given_label
       WHERE topic = ? AND transaction_id = ? AND customer_id = ? AND terminal_id = ? AND timestamp_ms = ?
       ORDER BY label_id DESC LIMIT 1`,
    );
    const insert = database.prepare(
      `INSERT INTO given_label (topic, transaction_id, customer_id, terminal_id, timestamp_ms, z, is_fraud, labelled_at_ms,
         labelled_by) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`,
    );
    return labels.flatMap(({ topic, transactionId, customerId, terminalId, timestampMs, ...given }) => {
      const which = [topic, transactionId, customerId, terminalId, timestampMs] as const;
      const row = newest.get(...which);
      const before = row && labelOf(row);
      if (before?.isFraud === given.isFraud) return [];
      const earliestMs = before === undefined ? 0 : before.labelledAtMs + LATER_BY_MS;
      const labelledAtMs = Math.max(given.labelledAtMs, earliestMs);
      const { z, isFraud, labelledBy } = given;
      return [labelOf(insert.get(...which, z, Number(isFraud), labelledAtMs, labelledBy)!)];
    });
  });
}
