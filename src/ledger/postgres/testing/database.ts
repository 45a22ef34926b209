/**
 * Ledgers for the tests that need a PostgreSQL server.
 *
 * @module
 */
import { openProxy, type Proxy, type ProxyOptions } from "../../../testing/proxy.ts";
import { type Needed, needs } from "../../../testing/services.ts";
import { openPostgresLedger } from "../ledger.ts";
import type { PostgresLimits } from "../session.ts";
import type { Ledger } from "../../ledger.ts";
import { makePool, type Pool, type StatementResult } from "../driver.ts";

/** The server, or why there is none. */
export const postgres: Needed<"postgres"> = await needs("postgres");
const schemas: string[] = [];

/** A schema of its own for a test, dropped by {@link dropSchemas}. */
export function newSchema(): string {
  const schema = `test_${crypto.randomUUID().slice(0, 8)}`;
  schemas.push(schema);
  return schema;
}

/** A look behind the ledger's back; disposing of it closes the pool. */
export interface OpenedPool extends AsyncDisposable {
  /** Connections whose search path is the schema. */
  readonly pool: Pool;
  /** Runs SQL and gives its rows. */
  query(text: string): Promise<StatementResult["rows"]>;
}

/** A ledger behind a proxy; disposing of it closes both. */
export interface ProxiedLedger extends AsyncDisposable {
  readonly proxy: Proxy;
  /** The ledger, which knows the server by the proxy alone. */
  readonly ledger: Ledger;
  readonly schema: string;
}

/** A pool for looking behind the ledger's back. */
export function openPool(
  schema: string,
  url: URL = new URL(postgres.services.postgres.url),
): OpenedPool {
  const pool = makePool({
    host: url.hostname,
    port: Number(url.port),
    database: url.pathname.slice(1),
    user: url.username,
    password: () => url.password,
    ssl: false,
    application_name: "test",
    ...schema === "public" ? {} : { options: `-c search_path=${schema}` },
    max: 8,
    connectionTimeoutMillis: 5_000,
    query_timeout: 60_000,
    keepAlive: false,
    keepAliveInitialDelayMillis: 0,
  });
  const query = async (text: string) => {
    const client = await pool.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      client.release();
    }
  };
  return { pool, query, [Symbol.asyncDispose]: () => pool.end() };
}

/** URL of the ledger in a schema; the test server's by default. */
export function inSchema(schema: string, url: URL | string = postgres.services.postgres.url): URL {
  const address = new URL(url);
  address.searchParams.set("schema", schema);
  return address;
}

/** Drops the schemas of the tests that ran. */
export async function dropSchemas(): Promise<void> {
  if (schemas.length === 0) return;
  await using pool = openPool("public");
  for (const schema of schemas) await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
}

/** Opens the ledger through a proxy, with time limits that a test can wait for. */
export async function openThroughProxy(
  options: Partial<ProxyOptions> & { ledger?: PostgresLimits } = {},
): Promise<ProxiedLedger> {
  const { host, port, url } = postgres.services.postgres;
  const proxy = openProxy({ target: { hostname: host, port }, ...options });
  const proxied = new URL(url);
  proxied.port = String(proxy.port);
  const schema = newSchema();
  const ledger = await openPostgresLedger(inSchema(schema, proxied), {
    connectTimeoutMs: 500,
    queryTimeoutMs: 500,
    lockTimeoutMs: 400,
    idleTransactionTimeoutMs: 700,
    deadlineMs: 8_000,
    onTrouble: () => {},
    ...options.ledger,
  });
  return {
    proxy,
    ledger,
    schema,
    async [Symbol.asyncDispose]() {
      await ledger[Symbol.asyncDispose]();
      await proxy.close();
    },
  };
}
