/**
 * Connections to PostgreSQL in which no call waits for ever and no lost connection ends the process.
 *
 * @module
 */
import { retry } from "../../runtime/retry.ts";
import { type PostgresAddress, tlsOptions } from "./address.ts";
import { type Connection, makePool, type Pool, type PoolSettings } from "./driver.ts";
import { isRetriable, ledgerError, sqlStateOf } from "./error.ts";

/** Time limits of a ledger in PostgreSQL, in milliseconds, and its hooks. */
export interface PostgresLimits {
  /** For connecting, or for a free connection of the pool; 5,000 by default. */
  connectTimeoutMs?: number;
  /** For one statement, on both sides; 15,000 by default. */
  queryTimeoutMs?: number;
  /** For a lock that another session holds; 5,000 by default. */
  lockTimeoutMs?: number;
  /**
   * How long the server keeps a transaction open whose client is silent; 10,000 by default. A consumer that froze, or
   * whose connection broke without a word, holds a partition's row no longer than this.
   */
  idleTransactionTimeoutMs?: number;
  /** A call that fails for want of a connection is repeated until then; 30,000 by default. */
  deadlineMs?: number;
  /** Called after each failure that another attempt follows. */
  onRetry?(error: unknown, attempt: number): void;
  /** Takes failures outside of calls: an idle connection that broke, a day of the log that could not be dropped. */
  onTrouble?(error: Error): void;
}

/** Runs work on connections. */
export interface PostgresSession extends AsyncDisposable {
  /**
   * Runs the work on one connection; where the connection or the server fails, again on another one, until the deadline.
   *
   * @param action What is done, as an error message says it after "Cannot".
   * @param work Gets a connection that no one else uses, and the number of the attempt, from 1.
   * @throws DeliveryError, or what the work itself threw.
   */
  run<T>(action: string, work: (client: Connection, attempt: number) => Promise<T>): Promise<T>;
}

/** Connections at most. */
const POOL_SIZE = 8;
/** Room for the server's own timeout to be reported before the client gives up. */
const GRACE_MS = 500;
const KEEP_ALIVE_DELAY_MS = 10_000;
/** Status of a connection that is in no transaction. */
const IDLE = "I";

/**
 * Opens a pool of connections; the first one is made when it is needed.
 *
 * @param authority PEM text of the address's `sslrootcert`.
 */
export function openPostgresSession(
  address: PostgresAddress,
  limits: PostgresLimits,
  authority: string | undefined,
): PostgresSession {
  const { deadlineMs = 30_000, onRetry } = limits;
  const onTrouble = limits.onTrouble ?? ((error: Error) => console.warn(error.message));
  const pool = makePool(poolSettings(address, limits, authority));
  // The next call connects anew.
  pool.on("error", (cause) => {
    onTrouble(
      new Error(`Lost an idle connection to the ledger ${address.name}: ${cause.message}`, { cause }),
    );
  });
  const closing = new AbortController();
  const open = new Set<Connection>();
  pool.on("connect", (client) => {
    open.add(client);
    client.once("end", () => open.delete(client));
  });

  return {
    async run(action, work) {
      try {
        return await retry((number) => onConnection(pool, (client) => work(client, number)), {
          deadlineMs,
          retriable: isRetriable,
          signal: closing.signal,
          onRetry,
        });
      } catch (error) {
        throw ledgerError(error, action, address.name);
      }
    },
    async [Symbol.asyncDispose]() {
      if (closing.signal.aborted) return;
      closing.abort();
      await pool.end();
      await endOf(open);
    },
  };
}

function poolSettings(
  address: PostgresAddress,
  limits: PostgresLimits,
  authority: string | undefined,
): PoolSettings {
  const { connectTimeoutMs = 5_000, queryTimeoutMs = 15_000, lockTimeoutMs = 5_000 } = limits;
  const { idleTransactionTimeoutMs = 10_000 } = limits;
  return {
    host: address.host,
    port: address.port,
    database: address.database,
    user: address.user,
    // A function, so that the driver looks for no password file where there is no password.
    password: () => address.password ?? "",
    ssl: tlsOptions(address, authority),
    application_name: address.applicationName,
    options: `-c search_path=${address.schema}`,
    max: POOL_SIZE,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: queryTimeoutMs,
    query_timeout: queryTimeoutMs + GRACE_MS,
    lock_timeout: lockTimeoutMs,
    idle_in_transaction_session_timeout: idleTransactionTimeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
  };
}

/** Runs the work once, on a connection that nothing else uses; a connection that may not be as before is ended. */
async function onConnection<T>(pool: Pool, work: (client: Connection) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  // A connection that breaks emits an error besides the statement's; without a listener it would end the process.
  let broken: Error | undefined;
  const onError = (error: Error) => broken = error;
  client.on("error", onError);
  try {
    const result = await work(client);
    client.release(broken ?? (client.getTransactionStatus() === IDLE ? undefined : new Error("left open")));
    return result;
  } catch (error) {
    client.release(broken ?? (isOfStatement(error) ? undefined : error as Error));
    throw error;
  } finally {
    client.off("error", onError);
  }
}

/** Waits until the connections have ended, and then cuts those whose server does not answer. */
async function endOf(open: ReadonlySet<Connection>) {
  const ends = [...open].map((client) => new Promise<void>((resolve) => client.once("end", resolve)));
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<void>((resolve) => timer = setTimeout(resolve, GRACE_MS));
  await Promise.race([Promise.all(ends), late]);
  clearTimeout(timer);
  for (const client of open) {
    client.connection.stream.destroy();
  }
}

/**
 * Runs the work in one transaction of a connection: all of it is kept, or none where it throws or is not to be kept.
 *
 * After an error that is not a statement's own the transaction may be open still: the connection must be given up, which
 * {@link PostgresSession.run} does. Where the answer to COMMIT is lost it throws, and the work may have been kept: the work
 * has to recognise itself when it is repeated.
 *
 * @param isKept Whether to keep the work, by what it returned; it is kept by default.
 */
export async function inTransaction<T>(
  client: Connection,
  work: () => Promise<T>,
  isKept: (result: T) => boolean = () => true,
): Promise<T> {
  await client.query("BEGIN");
  let result: T;
  try {
    result = await work();
  } catch (error) {
    if (isOfStatement(error)) await rollBack(client, error);
    throw error;
  }
  await client.query(isKept(result) ? "COMMIT" : "ROLLBACK");
  return result;
}

/** SQL that has `?` for each value in PostgreSQL's own form: `$1`, `$2` and so on. */
export function numbered(text: string): string {
  let place = 0;
  return text.replaceAll("?", () => `$${++place}`);
}

/** Whether only a statement failed, and the connection is as good as before. */
function isOfStatement(error: unknown): boolean {
  return sqlStateOf(error) !== undefined && (error as { severity: string }).severity === "ERROR";
}

async function rollBack(client: Connection, cause: unknown) {
  try {
    await client.query("ROLLBACK");
  } catch (error) {
    throw new AggregateError([cause, error], "Connection terminated while a transaction was rolled back");
  }
}
