/**
 * Transactions by their id, and analysts' labels, in the PostgreSQL ledger.
 *
 * @module
 */
import { type GivenLabel, LATER_BY_MS, type LedgerLabels, type RecordedLabel } from "../labels.ts";
import type { KnownTransaction } from "../ledger.ts";
import type { Connection } from "./driver.ts";
import { inTransaction, type PostgresSession } from "./session.ts";
import { knownOf, labelOf, MOST_MATCHES } from "../sql/rows.ts";

/** The transactions with an id, from the log and from the flagged ones. */
export async function findTransactions(
  client: Connection,
  transactionId: string,
): Promise<KnownTransaction[]> {
  const rowsOf = async (table: "transaction_log" | "flagged") => {
    const { rows } = await client.query(
      `SELECT * FROM ${table} WHERE transaction_id = $1
       ORDER BY topic COLLATE "C", partition, "offset" LIMIT ${MOST_MATCHES}`,
      [transactionId],
    );
    return rows;
  };
  return knownOf(await rowsOf("transaction_log"), await rowsOf("flagged"));
}

/** The labels of a ledger in PostgreSQL. */
export function postgresLabels(session: PostgresSession): LedgerLabels {
  const read = (action: string, text: string, values: readonly unknown[]) =>
    session.run(action, async (client) => (await client.query(text, values)).rows.map(labelOf));
  return {
    add: (labels) =>
      session.run(
        "record a label",
        (client, attempt) => inTransaction(client, () => addLabels(client, labels, attempt > 1)),
      ),
    history: (transactionId) =>
      read("read labels", "SELECT * FROM given_label WHERE transaction_id = $1 ORDER BY label_id", [
        transactionId,
      ]),
    pending: (topic, limit) =>
      read(
        "read labels",
        "SELECT * FROM given_label WHERE topic = $1 AND NOT produced ORDER BY label_id LIMIT $2",
        [topic, limit],
      ),
    async markProduced(labelIds) {
      await read("note produced labels", "UPDATE given_label SET produced = TRUE WHERE label_id = ANY ($1)", [
        [...labelIds],
      ]);
    },
  };
}

/** @param isRepeated Whether an earlier attempt may have recorded the labels, its answer being lost. */
async function addLabels(
  client: Connection,
  labels: readonly GivenLabel[],
  isRepeated: boolean,
): Promise<RecordedLabel[]> {
  // One at a time for each id, in one order, so that no two labels of a transaction cross.
  for (const transactionId of new Set(labels.map((label) => label.transactionId).sort())) {
    await client.query(
      "SELECT pg_advisory_xact_lock(hashtextextended('edgewood label ' || current_schema() || ' ' || $1, 0))",
      [transactionId],
    );
  }
  const recorded: RecordedLabel[] = [];
  for (const { topic, transactionId, customerId, terminalId, timestampMs, ...given } of labels) {
    const which = [topic, transactionId, customerId, terminalId, timestampMs];
    const { rows: [row] } = await client.query(
      `SELECT * FROM given_label
       WHERE topic = $1 AND transaction_id = $2 AND customer_id = $3 AND terminal_id = $4 AND timestamp_ms = $5
       ORDER BY label_id DESC LIMIT 1`,
      which,
    );
    const before = row && labelOf(row);
    const { z, isFraud, labelledAtMs, labelledBy } = given;
    if (before?.isFraud === isFraud) {
      const isOwn = isRepeated && before.labelledAtMs >= labelledAtMs && before.labelledBy === labelledBy;
      if (isOwn) recorded.push(before);
      continue;
    }
    const earliestMs = before === undefined ? 0 : before.labelledAtMs + LATER_BY_MS;
    const { rows: [inserted] } = await client.query(
      `INSERT INTO given_label (topic, transaction_id, customer_id, terminal_id, timestamp_ms, z, is_fraud, labelled_at_ms,
         labelled_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING *`,
      [...which, z, isFraud, Math.max(labelledAtMs, earliestMs), labelledBy],
    );
    recorded.push(labelOf(inserted));
  }
  return recorded;
}
