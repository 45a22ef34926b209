import type { DatabaseSync } from "node:sqlite";
import { inTransaction } from "../../runtime/sqlite.ts";
import type { LedgerQueries } from "../queries.ts";
import {
  flaggedText,
  labelCountsOf,
  labelsText,
  placedOf,
  QUERY_INDEXES,
  type QueryText,
  recentOf,
  recentText,
} from "../sql/query_text.ts";
import type { Row } from "../sql/rows.ts";

/**
 * The questions to an embedded ledger.
 *
 * @param attempt Runs work on the database, and makes its errors the ledger's.
 */
export function sqliteQueries(
  attempt: <T>(work: (database: DatabaseSync) => T) => Promise<T>,
): LedgerQueries {
  const rows = (database: DatabaseSync, { text, values }: QueryText): Row[] =>
    database.prepare(text).all(...values);
  return {
    prepare: () =>
      attempt((database) => {
        inTransaction(database, () => {
          for (const index of QUERY_INDEXES) database.exec(index);
        });
      }),
    flagged: (topic, filter) =>
      attempt((database) => rows(database, flaggedText(topic, filter)).map(placedOf)),
    labelsAt: (terminalId) => attempt((database) => labelCountsOf(rows(database, labelsText(terminalId)))),
    recent: (topic, which, limit) =>
      attempt((database) => {
        const read = (table: "transaction_log" | "flagged") =>
          rows(database, recentText(table, topic, which, limit));
        return recentOf(read("transaction_log"), read("flagged"), limit);
      }),
    snapshot: (topic, partition) =>
      attempt((database) => {
        const row = database.prepare(
          "SELECT next_offset, bytes FROM snapshot WHERE topic = ? AND partition = ?",
        ).get(topic, partition);
        return row && { nextOffset: Number(row.next_offset), bytes: row.bytes as Uint8Array };
      }),
  };
}
