import type { Connection } from "./driver.ts";
import { readSnapshot } from "./reader.ts";
import { inTransaction, type PostgresSession } from "./session.ts";
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

/** Time limit of an index over a long log. */
const INDEX_TIMEOUT_MS = 3_600_000;

/** The questions to a ledger in PostgreSQL. */
export function postgresQueries(session: PostgresSession): LedgerQueries {
  return {
    prepare: () => session.run("index the ledger", makeIndexes),
    flagged: (topic, filter) =>
      session.run(
        "read flagged transactions",
        async (client) => (await rows(client, flaggedText(topic, filter))).map(placedOf),
      ),
    labelsAt: (terminalId) =>
      session.run(
        "count labels",
        async (client) => labelCountsOf(await rows(client, labelsText(terminalId))),
      ),
    recent: (topic, which, limit) =>
      session.run("read recent transactions", async (client) => {
        const read = (table: "transaction_log" | "flagged") =>
          rows(client, recentText(table, topic, which, limit));
        return recentOf(await read("transaction_log"), await read("flagged"), limit);
      }),
    snapshot: (topic, partition) =>
      session.run("read the feature state", (client) =>
        inTransaction(client, async () => {
          // All parts of one snapshot, should another be written meanwhile.
          await client.query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY");
          return await readSnapshot(client, topic, partition);
        })),
  };
}

async function rows(client: Connection, { text, values }: QueryText): Promise<Row[]> {
  let place = 0;
  return (await client.query(text.replaceAll("?", () => `$${++place}`), values)).rows;
}

async function makeIndexes(client: Connection): Promise<void> {
  const { rows: found } = await client.query(
    "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()",
  );
  const names = new Set(found.map(({ indexname }) => indexname));
  for (const text of QUERY_INDEXES) {
    // Even IF NOT EXISTS takes a lock that waits for every commit.
    if (names.has(/EXISTS (\w+)/.exec(text)![1])) continue;
    await inTransaction(client, async () => {
      await client.query(`SET LOCAL statement_timeout = ${INDEX_TIMEOUT_MS}`);
      await client.query({ text, query_timeout: INDEX_TIMEOUT_MS });
    });
  }
}
