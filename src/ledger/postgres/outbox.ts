import type { LedgerOutbox } from "../outbox.ts";
import type { PostgresSession } from "./session.ts";
import { HOUR_OF_EVENT, hourOf, sizeOf } from "../sql/rows.ts";

/** The flagged transactions of a ledger in PostgreSQL as objects need them. */
export function postgresOutbox(session: PostgresSession): LedgerOutbox {
  return {
    sizesAfter: (topic, partition, offset, limit) =>
      session.run(`read the flagged transactions of ${topic}/${partition}`, async (client) => {
        const { rows } = await client.query(
          `SELECT "offset", octet_length(verdict) AS bytes FROM flagged
           WHERE topic = $1 AND partition = $2 AND "offset" > $3 ORDER BY "offset" LIMIT $4`,
          [topic, partition, offset, limit],
        );
        return rows.map(sizeOf);
      }),
    byHour: (topic, partition, firstOffset, lastOffset) =>
      session.run(`read the flagged transactions of ${topic}/${partition}`, async (client) => {
        const { rows } = await client.query(
          `SELECT ${HOUR_OF_EVENT} AS hour_ms, min("offset") AS first_offset, count(*) AS rows,
             string_agg(verdict || E'\\n', '' ORDER BY "offset") AS lines
           FROM flagged WHERE topic = $1 AND partition = $2 AND "offset" BETWEEN $3 AND $4 GROUP BY 1 ORDER BY 2`,
          [topic, partition, firstOffset, lastOffset],
        );
        const encoder = new TextEncoder();
        return rows.map((row, i) => {
          // Bytes take the place of the text, so that the verdicts are in memory once.
          delete rows[i];
          return hourOf(row, encoder.encode(row.lines));
        });
      }),
  };
}
