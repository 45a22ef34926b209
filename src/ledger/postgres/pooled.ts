/**
 * Sessions of PostgreSQL behind a pooler such as PgBouncer, which may give each transaction another server connection.
 *
 * @module
 */
import type { Writable } from "node:stream";
import type { Connection, Statement, StatementResult } from "./driver.ts";

/** Status of a connection that is in no transaction. */
export const IDLE = "I";

/**
 * Gives a new connection the settings of its session, if the session is its own.
 *
 * @param settings Names and values, such as `search_path`.
 * @returns The connection; behind a pooler one that makes the settings anew in each transaction, runs each statement in
 * one, and prepares none.
 */
export async function withSettings(
  client: Connection,
  settings: Readonly<Record<string, string | number>>,
): Promise<Connection> {
  const { rows: [{ pid }] } = await client.query("SELECT pg_backend_pid() AS pid");
  const set = (scope: string) =>
    Object.entries(settings).map(([name, value]) => `SET ${scope} ${name} = ${value}`).join("; ");
  if (pid === client.processID) {
    await client.query(set("SESSION"));
    return client;
  }
  // A pooler answers with a number of its own.
  const begin = `BEGIN; ${set("LOCAL")}`;
  return new Proxy(client, {
    get(_, name) {
      if (name === "query") {
        return (...args: Parameters<typeof pooledQuery>[2]) => pooledQuery(client, begin, args);
      }
      const value = Reflect.get(client, name, client);
      return typeof value === "function" ? value.bind(client) : value;
    },
  });
}

function pooledQuery(
  client: Connection,
  begin: string,
  [what, values]: [what: Statement | string | Writable, values?: readonly unknown[]],
): Writable | Promise<StatementResult> {
  if (what === "BEGIN") return client.query(begin);
  // A COPY is a stream, and always in a transaction.
  if (typeof what === "object" && "write" in what) return client.query(what);
  const statement = typeof what === "string" ? { text: what, values } : { ...what, name: undefined };
  return client.getTransactionStatus() === IDLE ? inOwn(client, begin, statement) : client.query(statement);
}

async function inOwn(client: Connection, begin: string, statement: Statement): Promise<StatementResult> {
  await client.query(begin);
  try {
    const result = await client.query(statement);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    // Where this fails too the connection is given up: it is left in a transaction.
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  }
}
