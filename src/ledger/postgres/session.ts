/**
 * Connections to PostgreSQL in which no call waits for ever and no lost connection ends the process.
 *
 * @module
 */
import { Waiting } from "../../runtime/waiting.ts";
import { type PostgresAddress, tlsOptions } from "./address.ts";
import { type Connection, makePool, type Pool, type PoolSettings } from "./driver.ts";
import { isOfSession, isRetriable, ledgerError, READ_ONLY, sqlStateOf } from "./error.ts";
import { IDLE, withSettings } from "./pooled.ts";

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
  /** Refuses a schema without tables, instead of making them. */
  mustExist?: boolean;
  /** Called after each failure that another attempt follows. */
  onRetry?(error: unknown, attempt: number): void;
  /** Takes failures outside of calls: an idle connection that broke, a day of the log that could not be dropped. */
  onTrouble?(error: Error): void;
}

/** Runs work on connections. */
export interface PostgresSession extends AsyncDisposable {
  /** Attempts that failed so far, and that another one followed. */
  readonly failedAttempts: number;
  /**
   * Runs the work on one connection; where the connection or the server fails, again on another one, until the deadline.
   *
   * @param action What is done, as an error message says it after "Cannot".
   * @param work Gets a connection that no one else uses, and the number of the attempt, from 1.
   * @throws DeliveryError, or what the work itself threw.
   */
  run<T>(action: string, work: (client: Connection, attempt: number) => Promise<T>): Promise<T>;
}

const QUERY_TIMEOUT_MS = 15_000;
/** Connections at most. */
const POOL_SIZE = 8;
/** Room for the server's own timeout to be reported before the client gives up. */
const GRACE_MS = 500;
const KEEP_ALIVE_DELAY_MS = 10_000;

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
  const sessions = new Sessions(address, limits, authority);
  const { pool } = sessions;
  const waiting = new Waiting(
    `PostgreSQL at ${address.host}:${address.port}`,
    (line) => onTrouble(new Error(line)),
  );
  // The next call connects anew.
  pool.on("error", (cause) => {
    onTrouble(
      new Error(`Lost an idle connection to the ledger ${address.name}: ${cause.message}`, { cause }),
    );
  });
  const closing = new AbortController();

  let failedAttempts = 0;
  return {
    get failedAttempts() {
      return failedAttempts;
    },
    async run(action, work) {
      try {
        return await waiting.retry(
          (number) => onConnection(sessions, (client) => work(client, number)),
          {
            deadlineMs,
            retriable: isRetriable,
            signal: closing.signal,
            onRetry(error, number) {
              failedAttempts++;
              onRetry?.(error, number);
            },
          },
        );
      } catch (error) {
        throw ledgerError(error, action, address.name);
      }
    },
    async [Symbol.asyncDispose]() {
      if (closing.signal.aborted) return;
      closing.abort();
      await pool.end();
      await endOf(sessions.open);
    },
  };
}

/** The pool's connections, each with the settings of its session. */
class Sessions {
  readonly pool: Pool;
  readonly open = new Set<Connection>();
  readonly #settings: Readonly<Record<string, string | number>>;
  readonly #prepared = new WeakMap<Connection, Connection>();
  readonly #old = new WeakSet<Connection>();

  constructor(address: PostgresAddress, limits: PostgresLimits, authority: string | undefined) {
    const { queryTimeoutMs = QUERY_TIMEOUT_MS, lockTimeoutMs = 5_000, idleTransactionTimeoutMs = 10_000 } =
      limits;
    this.pool = makePool(poolSettings(address, limits, authority));
    this.pool.on("connect", (client) => {
      this.open.add(client);
      client.once("end", () => this.open.delete(client));
    });
    this.#settings = {
      search_path: address.schema,
      statement_timeout: queryTimeoutMs,
      lock_timeout: lockTimeoutMs,
      idle_in_transaction_session_timeout: idleTransactionTimeoutMs,
    };
  }

  /** Checks a connection out; one from before `forgetOlder` is ended. */
  async connect(): Promise<Connection> {
    for (;;) {
      const client = await this.pool.connect();
      if (!this.#old.has(client)) return client;
      client.release(new Error("the server only reads"));
    }
  }

  /** Has every connection that is open now ended before it is used again. */
  forgetOlder() {
    for (const client of this.open) this.#old.add(client);
  }

  /** The connection as statements see it. */
  async prepare(client: Connection): Promise<Connection> {
    const known = this.#prepared.get(client);
    if (known !== undefined) return known;
    const prepared = await withSettings(client, this.#settings);
    this.#prepared.set(client, prepared);
    return prepared;
  }
}

function poolSettings(
  address: PostgresAddress,
  { connectTimeoutMs = 5_000, queryTimeoutMs = QUERY_TIMEOUT_MS }: PostgresLimits,
  authority: string | undefined,
): PoolSettings {
  return {
    host: address.host,
    port: address.port,
    database: address.database,
    user: address.user,
    // A function, so that the driver looks for no password file where there is no password.
    password: () => address.password ?? "",
    ssl: tlsOptions(address, authority),
    application_name: address.applicationName,
    max: POOL_SIZE,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs + GRACE_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_DELAY_MS,
  };
}

/** Runs the work once, on a connection that nothing else uses; a connection that may not be as before is ended. */
async function onConnection<T>(sessions: Sessions, work: (client: Connection) => Promise<T>): Promise<T> {
  const client = await sessions.connect();
  // A connection that breaks emits an error besides the statement's; without a listener it would end the process.
  let broken: Error | undefined;
  const onError = (error: Error) => broken = error;
  client.on("error", onError);
  try {
    const result = await work(await sessions.prepare(client));
    client.release(broken ?? (client.getTransactionStatus() === IDLE ? undefined : new Error("left open")));
    return result;
  } catch (error) {
    // After a failover the sessions of the old primary only read, all of them and for ever.
    if (sqlStateOf(error) === READ_ONLY) sessions.forgetOlder();
    const isAsBefore = isOfStatement(error) && !isOfSession(error) && client.getTransactionStatus() === IDLE;
    client.release(broken ?? (isAsBefore ? undefined : error as Error));
    throw error;
  } finally {
    client.off("error", onError);
  }
}

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
