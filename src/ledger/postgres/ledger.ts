/**
 * The ledger in PostgreSQL, for consumers on any number of machines.
 *
 * @module
 */
import type { LedgerAlertStates } from "../alert_states.ts";
import type { LedgerLabels } from "../labels.ts";
import {
  type Claim,
  type CommittedRange,
  type DeadLetter,
  type FlaggedTransaction,
  type KnownTransaction,
  type Ledger,
  type LedgerSummary,
  type ObjectCut,
  type Outcome,
} from "../ledger.ts";
import type { LedgerOutbox } from "../outbox.ts";
import { postgresAlertStates } from "./alert_states.ts";
import { type AddressSettings, type PostgresAddress, readPostgresAddress } from "./address.ts";
import { recordCuts } from "./cuts.ts";
import { sqlStateOf, UNDEFINED_TABLE } from "./error.ts";
import { findTransactions, postgresLabels } from "./labels.ts";
import { LogDays } from "./log_days.ts";
import { migrate } from "./migrations.ts";
import { postgresOutbox } from "./outbox.ts";
import { postgresQueries } from "./queries.ts";
import { readClaim, readSummary } from "./reader.ts";
import { openPostgresSession, type PostgresLimits, type PostgresSession } from "./session.ts";
import { commitOutcome } from "./writer.ts";
import type { LedgerQueries } from "../queries.ts";
import { cutOf, deadLetterOf, flaggedOf, rangeOf, type Row } from "../sql/rows.ts";

const PAGE_ROWS = 50_000;

/** How a ledger in PostgreSQL is opened; what the URL says of the same gives way. */
export interface PostgresOptions extends PostgresLimits, AddressSettings {}

/**
 * Opens the ledger at `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, and makes or updates its tables.
 *
 * Parameters of the URL: `sslmode` (disable, require, verify-ca, verify-full), `sslrootcert` (PEM file), `schema`,
 * `retention_days`, `application_name`. Needs `--allow-net` to the server, `--allow-read` of `sslrootcert`, and
 * `--allow-env` of the names that the driver looks at. A commit is as durable as the server makes it.
 *
 * @throws DeliveryError where the server cannot be reached by the deadline, or refuses; RangeError for a URL that cannot
 * be used, and for a server or schema of another version.
 *
 * @example
 * ```ts
 * import { assertRejects } from "../../testing/assert.ts";
 * import { openPostgresLedger } from "./ledger.ts";
 *
 * await assertRejects(() => openPostgresLedger("postgres://ann@db/ledger?sslmode=maybe"), RangeError, "sslmode");
 * ```
 */
export async function openPostgresLedger(url: URL | string, options: PostgresOptions = {}): Promise<Ledger> {
  const address = readPostgresAddress(url, options);
  const authority = address.sslRootCert && await Deno.readTextFile(address.sslRootCert);
  const session = openPostgresSession(address, options, authority);
  try {
    await session.run("open the ledger", (client) => migrate(client, address.schema));
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
  return new PostgresLedger(address, session, options);
}

class PostgresLedger implements Ledger {
  readonly name: string;
  readonly labels: LedgerLabels;
  readonly alertStates: LedgerAlertStates;
  readonly outbox: LedgerOutbox;
  readonly queries: LedgerQueries;
  readonly #session: PostgresSession;
  readonly #days: LogDays;

  constructor(address: PostgresAddress, session: PostgresSession, { onTrouble }: PostgresOptions) {
    this.name = address.name;
    this.#session = session;
    this.labels = postgresLabels(session);
    this.alertStates = postgresAlertStates(session);
    this.outbox = postgresOutbox(session);
    this.queries = postgresQueries(session);
    this.#days = new LogDays(address.retentionDays, onTrouble ?? ((error) => console.warn(error.message)));
  }

  claim(
    topic: string,
    partition: number,
    { owner, streamId }: { owner: string; streamId: string },
  ): Promise<Claim> {
    return this.#session.run(
      `claim ${topic}/${partition}`,
      (client) => readClaim(client, topic, partition, { owner, streamId, ledger: this.name }),
    );
  }

  commit(outcome: Outcome): Promise<void> {
    return this.#session.run(`commit ${outcome.topic}/${outcome.partition}`, async (client) => {
      if (outcome.log.count === 0) return await commitOutcome(client, outcome, undefined);
      const table = await this.#days.prepare(client, outcome.committedAtMs);
      try {
        await commitOutcome(client, outcome, table);
      } catch (error) {
        if (sqlStateOf(error) !== UNDEFINED_TABLE) throw error;
        // Another process dropped the day since: it is made again.
        this.#days.forget();
        await commitOutcome(client, outcome, await this.#days.prepare(client, outcome.committedAtMs));
      }
    });
  }

  async flaggedAfter(
    topic: string,
    partition: number,
    offset: number,
    limit: number,
  ): Promise<FlaggedTransaction[]> {
    const rows = await this.#read(
      `SELECT * FROM flagged WHERE topic = $1 AND partition = $2 AND "offset" > $3 ORDER BY "offset" LIMIT $4`,
      [topic, partition, offset, limit],
    );
    return rows.map(flaggedOf);
  }

  find(transactionId: string): Promise<KnownTransaction[]> {
    return this.#session.run(
      `find the transaction ${transactionId}`,
      (client) => findTransactions(client, transactionId),
    );
  }

  async deadLettersAfter(
    topic: string,
    partition: number,
    offset: number,
    limit: number,
  ): Promise<DeadLetter[]> {
    const rows = await this.#read(
      `SELECT * FROM dead_letter WHERE topic = $1 AND partition = $2 AND "offset" > $3 ORDER BY "offset" LIMIT $4`,
      [topic, partition, offset, limit],
    );
    return rows.map((row) =>
      deadLetterOf({ ...row, key: plainBytes(row.key), value: plainBytes(row.value) })
    );
  }

  async forgetDeadLetters(topic: string, partition: number, throughOffset: number): Promise<void> {
    await this.#read(
      `UPDATE dead_letter SET key = NULL, value = NULL
       WHERE topic = $1 AND partition = $2 AND "offset" <= $3 AND (key IS NOT NULL OR value IS NOT NULL)`,
      [topic, partition, throughOffset],
    );
  }

  async position(listener: string, topic: string, partition: number): Promise<number> {
    const [row] = await this.#read(
      `SELECT "offset" FROM listener_position WHERE listener = $1 AND topic = $2 AND partition = $3`,
      [listener, topic, partition],
    );
    return Number(row?.offset ?? -1);
  }

  async advance(listener: string, topic: string, partition: number, offset: number): Promise<void> {
    await this.#read(
      `INSERT INTO listener_position AS old VALUES ($1, $2, $3, $4)
       ON CONFLICT (listener, topic, partition) DO UPDATE SET "offset" = excluded."offset"
       WHERE old."offset" < excluded."offset"`,
      [listener, topic, partition, offset],
    );
  }

  async lastCutOffset(topic: string, partition: number): Promise<number> {
    const [{ last }] = await this.#read(
      "SELECT max(last_offset) AS last FROM object_cut WHERE topic = $1 AND partition = $2",
      [topic, partition],
    );
    return Number(last ?? -1);
  }

  recordCuts(topic: string, partition: number, epoch: number, cuts: readonly ObjectCut[]): Promise<void> {
    return this.#session.run(
      `record cuts of ${topic}/${partition}`,
      (client, attempt) => recordCuts(client, { topic, partition, epoch, cuts, repeated: attempt > 1 }),
    );
  }

  async pendingCuts(topic: string, partition: number, limit: number): Promise<ObjectCut[]> {
    const rows = await this.#read(
      `SELECT * FROM object_cut WHERE topic = $1 AND partition = $2 AND NOT stored
       ORDER BY first_offset, hour_ms LIMIT $3`,
      [topic, partition, limit],
    );
    return rows.map(cutOf);
  }

  async markStored(keys: readonly string[]): Promise<void> {
    await this.#read("UPDATE object_cut SET stored = TRUE WHERE key = ANY ($1) AND NOT stored", [[...keys]]);
  }

  async partitions(): Promise<{ topic: string; partition: number; nextOffset: number }[]> {
    const rows = await this.#read(
      `SELECT topic, partition, next_offset FROM partition_owner WHERE next_offset IS NOT NULL
       ORDER BY topic COLLATE "C", partition`,
      [],
    );
    return rows.map((row) => ({
      topic: String(row.topic),
      partition: Number(row.partition),
      nextOffset: Number(row.next_offset),
    }));
  }

  async *ranges(topic: string, partition: number): AsyncIterable<CommittedRange> {
    for (let after = -1;;) {
      const rows = await this.#read(
        `SELECT * FROM committed_range WHERE topic = $1 AND partition = $2 AND first_offset > $3
         ORDER BY first_offset LIMIT 1000`,
        [topic, partition, after],
      );
      if (rows.length === 0) return;
      after = Number(rows[rows.length - 1].first_offset);
      yield* rows.map(rangeOf);
    }
  }

  async *loggedOffsets(topic: string, partition: number): AsyncIterable<Float64Array> {
    for (let after = -1;;) {
      // With ties, so that an offset that is there twice shows even where a page ends.
      const [{ offsets }] = await this.#read(
        `SELECT coalesce(array_agg("offset" ORDER BY "offset"), '{}')::text AS offsets FROM (
           SELECT "offset" FROM transaction_log WHERE topic = $1 AND partition = $2 AND "offset" > $3
           ORDER BY "offset" FETCH FIRST ${PAGE_ROWS} ROWS WITH TIES) AS page`,
        [topic, partition, after],
      );
      const page = Float64Array.from(JSON.parse(`[${String(offsets).slice(1, -1)}]`) as number[]);
      if (page.length === 0) return;
      after = page[page.length - 1];
      yield page;
    }
  }

  async *cuts(topic: string, partition: number): AsyncIterable<ObjectCut & { stored: boolean }> {
    for (let after = "";;) {
      const rows = await this.#read(
        "SELECT * FROM object_cut WHERE topic = $1 AND partition = $2 AND key > $3 ORDER BY key LIMIT 1000",
        [topic, partition, after],
      );
      if (rows.length === 0) return;
      after = String(rows[rows.length - 1].key);
      yield* rows.map((row) => ({ ...cutOf(row), stored: row.stored === true }));
    }
  }

  summary(topic: string): Promise<LedgerSummary> {
    return this.#session.run(`sum up ${topic}`, (client) => readSummary(client, topic));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }

  /** Runs a statement that may be repeated. */
  #read(text: string, values: unknown[]): Promise<Row[]> {
    return this.#session.run("read or write", async (client) => (await client.query(text, values)).rows);
  }
}

function plainBytes(value: unknown): Uint8Array | null {
  return value === null ? null : new Uint8Array(value as Uint8Array);
}
