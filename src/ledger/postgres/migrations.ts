import { QUERY_INDEXES } from "../sql/query_text.ts";
import type { Connection } from "./driver.ts";
import { inTransaction } from "./session.ts";
import schemaSql from "./schema.sql" with { type: "text" };
import labelsSql from "./labels.sql" with { type: "text" };
import alertStatesSql from "./alert_states.sql" with { type: "text" };
import lossesSql from "./losses.sql" with { type: "text" };
import identitySql from "./identity.sql" with { type: "text" };
import labelSourcesSql from "../sql/label_sources.sql" with { type: "text" };
import labelRanksSql from "../sql/label_ranks.sql" with { type: "text" };
import passedSql from "./passed.sql" with { type: "text" };

/** What makes each version of the schema from the one before; the first makes all of it. Never changed, only added to. */
const MIGRATIONS: readonly string[] = [
  schemaSql,
  labelsSql,
  alertStatesSql,
  lossesSql,
  identitySql,
  labelSourcesSql,
  passedSql,
  labelRanksSql,
];

/** Time limit of one migration or index: over a long log it takes minutes. */
const MIGRATION_TIMEOUT_MS = 3_600_000;

/** FETCH … WITH TIES came with 13. */
const OLDEST_SERVER = 130_000;

/**
 * Brings the ledger's schema up to date, once, whoever else starts at the same time.
 *
 * The others wait for an advisory lock and then find the work done. A schema that is up to date is only read, so a user
 * without the right to create tables can open it.
 *
 * @param schema Name of the PostgreSQL schema; it is made where it is absent, unless it must exist.
 * @returns Number of migrations that were applied.
 * @throws Error where the server is too old, its encoding is not UTF-8, or the schema is of a newer Edgewood.
 */
export async function migrate(client: Connection, schema: string, mustExist = false): Promise<number> {
  await checkServer(client);
  const found = await versionOf(client, schema);
  if (found === MIGRATIONS.length) return 0;
  if (mustExist && found === 0) {
    throw new RangeError(
      `Cannot open the ledger as the schema ${schema} must have its tables: it has none; name the schema that the ` +
        "consumers write (?schema=)",
    );
  }
  return await inTransaction(client, async () => {
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [
      `edgewood migrations ${schema}`,
    ]);
    const version = await versionOf(client, schema);
    if (version === MIGRATIONS.length) return 0;
    const { rowCount } = await client.query("SELECT FROM pg_namespace WHERE nspname = $1", [schema]);
    if (rowCount === 0) await client.query(`CREATE SCHEMA ${schema}`);
    if (version === 0) {
      await client.query(
        `CREATE TABLE ${schema}.schema_version (
           version INTEGER PRIMARY KEY, applied_at TIMESTAMPTZ NOT NULL DEFAULT now())`,
      );
    }
    await client.query(`SET LOCAL statement_timeout = ${MIGRATION_TIMEOUT_MS}`);
    for (let next = version; next < MIGRATIONS.length; next++) {
      await client.query({ text: MIGRATIONS[next], query_timeout: MIGRATION_TIMEOUT_MS });
      await client.query(`INSERT INTO ${schema}.schema_version (version) VALUES ($1)`, [next + 1]);
    }
    return MIGRATIONS.length - version;
  });
}

async function versionOf(client: Connection, schema: string): Promise<number> {
  // Read from the catalogue's tables: to_regclass() may answer from a cache that is older than the lock.
  const { rowCount: found } = await client.query(
    `SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
     WHERE nspname = $1 AND relname = 'schema_version'`,
    [schema],
  );
  if (found === 0) return 0;
  const { rows: [{ version }] } = await client.query(
    `SELECT coalesce(max(version), 0) AS version FROM ${schema}.schema_version`,
  );
  if (version > MIGRATIONS.length) {
    throw new RangeError(
      `Cannot open the ledger in the schema ${schema} as it must be of version ${MIGRATIONS.length} or older: current ` +
        `version is ${version}; use the Edgewood that made it, or a newer one`,
    );
  }
  return version;
}

async function checkServer(client: Connection) {
  const { rows: [{ version, encoding }] } = await client.query(
    "SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding",
  );
  if (version < OLDEST_SERVER) {
    throw new RangeError(
      `Cannot open the ledger as PostgreSQL must be 13 or newer: current version number is ${version}`,
    );
  }
  if (encoding !== "UTF8") {
    throw new RangeError(
      `Cannot open the ledger as the database's encoding must be UTF8: current value is ${encoding}`,
    );
  }
}

/** Makes the indexes that people's questions need, where they are missing. */
export async function makeIndexes(client: Connection): Promise<void> {
  const { rows: found } = await client.query(
    "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()",
  );
  const names = new Set(found.map(({ indexname }) => indexname));
  for (const text of QUERY_INDEXES) {
    // Even IF NOT EXISTS takes a lock that waits for every commit.
    if (names.has(/EXISTS (\w+)/.exec(text)![1])) continue;
    await inTransaction(client, async () => {
      await client.query(`SET LOCAL statement_timeout = ${MIGRATION_TIMEOUT_MS}`);
      // Consumers that start at the same time make each index once: IF NOT EXISTS alone fails for all but one.
      const lock =
        "SELECT pg_advisory_xact_lock(hashtextextended('edgewood indexes ' || current_schema(), 0))";
      for (const each of [lock, text]) {
        await client.query({ text: each, query_timeout: MIGRATION_TIMEOUT_MS });
      }
    });
  }
}
