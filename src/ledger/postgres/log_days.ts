/**
 * The days of the transaction log: one table for each day (UTC) of commits.
 *
 * Days of commits, not of the transactions: a batch then belongs to one day, so that it is copied straight into that
 * day's table, and no event time of 1970 or 2099 makes a table.
 *
 * @module
 */
import type { Connection } from "./driver.ts";
import { LOCK_NOT_AVAILABLE, sqlStateOf } from "./error.ts";
import { inTransaction } from "./session.ts";

const DAY_MS = 86_400_000;
const TABLE = /^transaction_log_(\d{4})(\d\d)(\d\d)$/;
/** How often old days are looked for. */
const SWEEP_INTERVAL_MS = 3_600_000;
/** How long dropping a day may make queries of the log wait. */
const DROP_LOCK_TIMEOUT_MS = 1_000;

/** Name of the table that holds what was committed on the day of a time, in milliseconds since 1970. */
export function logTableOf(committedAtMs: number): string {
  const day = new Date(committedAtMs);
  if (!(day.getTime() >= 0 && day.getUTCFullYear() <= 9999)) {
    throw new RangeError(
      `Cannot log transactions as they must be committed between 1970 and 9999: current time is ${committedAtMs} ms`,
    );
  }
  return `transaction_log_${day.toISOString().slice(0, 10).replaceAll("-", "")}`;
}

/** Makes the tables of days, and drops those that are older than the retention. */
export class LogDays {
  readonly #retentionDays: number | undefined;
  readonly #onTrouble: (error: Error) => void;
  readonly #known = new Set<string>();
  #sweptAt = -Infinity;

  /**
   * Knows of no table yet; none is made before {@link prepare}.
   *
   * @param retentionDays Whole days before the present one (by the server's clock) that are kept; all, where undefined.
   * @param onTrouble Told where an old day cannot be dropped now; it is tried again an hour later.
   */
  constructor(retentionDays: number | undefined, onTrouble: (error: Error) => void) {
    this.#retentionDays = retentionDays;
    this.#onTrouble = onTrouble;
  }

  /** Makes the table of a day and of the one after it, unless they are there, and returns the name of the first. */
  async prepare(client: Connection, committedAtMs: number): Promise<string> {
    const table = logTableOf(committedAtMs);
    if (!this.#known.has(table)) {
      await this.#make(client, [committedAtMs, committedAtMs + DAY_MS]);
    }
    if (this.#retentionDays !== undefined && performance.now() - this.#sweptAt > SWEEP_INTERVAL_MS) {
      this.#sweptAt = performance.now();
      await this.#sweep(client, this.#retentionDays);
    }
    return table;
  }

  /** Forgets which tables there are, after one was found missing. */
  forget() {
    this.#known.clear();
  }

  async #make(client: Connection, times: readonly number[]) {
    const wanted = new Map(times.map((time) => [logTableOf(time), time]));
    let existing = new Set(await tablesOf(client));
    if (!existing.isSupersetOf(wanted)) {
      await inTransaction(client, async () => {
        await client.query(
          "SELECT pg_advisory_xact_lock(hashtextextended('edgewood log days ' || current_schema(), 0))",
        );
        existing = new Set(await tablesOf(client));
        for (const [table, time] of wanted) {
          if (existing.has(table)) continue;
          const from = Math.floor(time / DAY_MS) * DAY_MS;
          // Attaching a table, unlike making it as a partition, lets others write and read the log meanwhile.
          await client.query(`CREATE TABLE ${table} (LIKE transaction_log INCLUDING ALL)`);
          await client.query(
            `ALTER TABLE transaction_log ATTACH PARTITION ${table} FOR VALUES FROM (${from}) TO (${
              from + DAY_MS
            })`,
          );
        }
      });
    }
    this.#known.clear();
    for (const table of existing) this.#known.add(table);
    for (const table of wanted.keys()) this.#known.add(table);
  }

  async #sweep(client: Connection, retentionDays: number) {
    const { rows: [{ now }] } = await client.query(
      "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000) AS now",
    );
    const keepFrom = logTableOf(Math.max(0, Number(now) - retentionDays * DAY_MS));
    for (const table of await tablesOf(client)) {
      if (table >= keepFrom) continue;
      try {
        await drop(client, table);
        this.#known.delete(table);
      } catch (cause) {
        if (sqlStateOf(cause) !== LOCK_NOT_AVAILABLE) throw cause;
        this.#onTrouble(
          new Error(
            `Cannot drop ${table} as no query may be reading the log: one is; trying again in an hour`,
            {
              cause,
            },
          ),
        );
      }
    }
  }
}

async function tablesOf(client: Connection): Promise<string[]> {
  const { rows } = await client.query(
    "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'transaction_log'::regclass",
  );
  return rows.map(({ name }) => String(name)).filter((name) => TABLE.test(name)).sort();
}

/** Drops a day; what was committed on it counts as not logged from then on. */
async function drop(client: Connection, table: string) {
  const [, year, month, day] = TABLE.exec(table)!;
  const from = Date.UTC(Number(year), Number(month) - 1, Number(day));
  await inTransaction(client, async () => {
    await client.query(`SET LOCAL lock_timeout = ${DROP_LOCK_TIMEOUT_MS}`);
    await client.query(`DROP TABLE ${table}`);
    await client.query(
      "UPDATE committed_range SET log_mode = 'none' WHERE committed_at_ms >= $1 AND committed_at_ms < $2",
      [from, from + DAY_MS],
    );
  });
}
