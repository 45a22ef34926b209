import type { DatabaseSync } from "node:sqlite";
import type { LedgerOutbox } from "../outbox.ts";
import { HOUR_OF_EVENT, hourOf, sizeOf } from "../sql/rows.ts";

/**
 * The flagged transactions of an embedded ledger as objects need them.
 *
 * @param attempt Runs work on the database, and makes its errors the ledger's.
 */
export function sqliteOutbox(
  attempt: <T>(work: (database: DatabaseSync) => T) => Promise<T>,
): LedgerOutbox {
  return {
    sizesAfter: (topic, partition, offset, limit) =>
      attempt((database) =>
        database.prepare(
          `SELECT "offset", octet_length(verdict) AS bytes FROM flagged
           WHERE topic = ? AND partition = ? AND "offset" > ? ORDER BY "offset" LIMIT ?`,
        ).all(topic, partition, offset, limit).map(sizeOf)
      ),
    byHour: (topic, partition, firstOffset, lastOffset) =>
      attempt((database) =>
        database.prepare(
          `SELECT ${HOUR_OF_EVENT} AS hour_ms, min("offset") AS first_offset, count(*) AS rows,
             CAST(group_concat(verdict || char(10), '' ORDER BY "offset") AS BLOB) AS lines
           FROM flagged WHERE topic = ? AND partition = ? AND "offset" BETWEEN ? AND ? GROUP BY 1 ORDER BY 2`,
        ).all(topic, partition, firstOffset, lastOffset).map((row) => hourOf(row, row.lines as Uint8Array))
      ),
  };
}
