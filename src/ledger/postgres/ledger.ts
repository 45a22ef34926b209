import type { Place } from "../../domain/place.ts";
import type { GivenLabel, LabelStretch, RecordedLabel, StreamLabel } from "../labels.ts";
import type { Loss } from "../losses.ts";
import type { AlertStateKey } from "../alert_states.ts";
import type { Claim, KnownTransaction, Ledger, LoggedTransaction, ObjectCut, Outcome } from "../ledger.ts";
import { type Dialect, SqlLedger } from "../sql/ledger.ts";
import { findFlaggedText } from "../sql/query_text.ts";
import { knownOf, loggedOf, MOST_MATCHES, type Row } from "../sql/rows.ts";
import { type PostgresAddress, readPostgresAddress } from "./address.ts";
import { withoutNul } from "./binary.ts";
import { addLabels, addStreamLabels } from "./labels.ts";
import { sqlStateOf, UNDEFINED_TABLE } from "./error.ts";
import { LogDays } from "./log_days.ts";
import { makeIndexes, migrate } from "./migrations.ts";
import { lockOwner, recordAlerts, recordCuts, skipLoss } from "./owned_writes.ts";
import { inSnapshot, readClaim, readSnapshot } from "./claim.ts";
import {
  inTransaction,
  numbered,
  openPostgresSession,
  type PostgresLimits,
  type PostgresSession,
} from "./session.ts";
import { commitOutcome, keepSnapshot } from "./writer.ts";

const PAGE_ROWS = 10_000;
const FIND_FLAGGED = numbered(findFlaggedText(' COLLATE "C"'));
const DIALECT: Dialect = {
  byBytes: ' COLLATE "C"',
  lines: `string_agg(verdict || E'\\n', '' ORDER BY "offset")`,
  isFalse: (column) => `NOT ${column}`,
  among: (column, values) => [`${column} = ANY (?)`, [...values]],
};

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
export async function openPostgresLedger(url: URL | string, options: PostgresLimits = {}): Promise<Ledger> {
  const address = readPostgresAddress(url);
  const authority = address.sslRootCert && await Deno.readTextFile(address.sslRootCert);
  const session = openPostgresSession(address, options, authority);
  try {
    await session.run("open the ledger", (client) => migrate(client, address.schema, options.mustExist));
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
  return new PostgresLedger(address, session, options);
}

class PostgresLedger extends SqlLedger {
  readonly name: string;
  readonly #session: PostgresSession;
  readonly #days: LogDays;

  constructor(address: PostgresAddress, session: PostgresSession, { onTrouble }: PostgresLimits) {
    super(DIALECT);
    this.name = address.name;
    this.#session = session;
    this.#days = new LogDays(address.retentionDays, onTrouble ?? ((error) => console.warn(error.message)));
  }

  get failedAttempts(): number {
    return this.#session.failedAttempts;
  }

  protected override run(
    action: string,
    text: string,
    given: readonly unknown[],
    timeoutMs?: number,
  ): Promise<Row[]> {
    const values = given.map((value) => typeof value === "string" ? withoutNul(value) : value);
    const statement = { text: numbered(text), values, query_timeout: timeoutMs };
    return this.#session.run(action, async (client) => {
      if (timeoutMs === undefined) return (await client.query(statement.text, values)).rows;
      return await inTransaction(client, async () => {
        await client.query(`SET LOCAL statement_timeout = ${timeoutMs}`);
        return (await client.query(statement)).rows;
      });
    });
  }

  override claim(
    topic: string,
    partition: number,
    { owner, streamId }: { owner: string; streamId: string },
  ): Promise<Claim> {
    return this.#session.run(
      `claim ${topic}/${partition}`,
      (client) => readClaim(client, topic, partition, { owner, streamId, ledger: this.name }),
    );
  }

  override commit(outcome: Outcome): Promise<void> {
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

  override keepSnapshot(place: Place, nextOffset: number, bytes: Uint8Array): Promise<void> {
    return this.#session.run(
      `keep a snapshot of ${place.topic}/${place.partition}`,
      (client) =>
        inTransaction(client, async () => {
          await lockOwner(client, place, nextOffset);
          await keepSnapshot(client, { ...place, nextOffset }, bytes);
        }),
    );
  }

  override find(transactionId: string): Promise<KnownTransaction[]> {
    return this.#session.run(`find the transaction ${transactionId}`, async (client) => {
      const id = withoutNul(transactionId);
      const { rows: logged } = await client.query(
        `SELECT * FROM transaction_log WHERE transaction_id = $1
         ORDER BY topic COLLATE "C", partition, "offset" LIMIT ${MOST_MATCHES}`,
        [id],
      );
      return knownOf(logged, (await client.query(FIND_FLAGGED, [id])).rows);
    });
  }

  override recordCuts(
    topic: string,
    partition: number,
    epoch: number,
    cuts: readonly ObjectCut[],
  ): Promise<void> {
    return this.#session.run(
      `record cuts of ${topic}/${partition}`,
      (client, attempt) => recordCuts(client, { topic, partition, epoch }, cuts, attempt > 1),
    );
  }

  override async *logged(topic: string, partition: number): AsyncIterable<LoggedTransaction[]> {
    for (let after = -1;;) {
      // With ties, so that an offset that is there twice shows even where a page ends.
      const rows = await this.run(
        "read the log",
        `SELECT * FROM transaction_log WHERE topic = ? AND partition = ? AND "offset" > ?
         ORDER BY "offset" FETCH FIRST ${PAGE_ROWS} ROWS WITH TIES`,
        [topic, partition, after],
      );
      if (rows.length === 0) return;
      after = Number(rows[rows.length - 1].offset);
      yield rows.map(loggedOf);
    }
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }

  protected override addLabels(labels: readonly GivenLabel[]): Promise<RecordedLabel[]> {
    return this.#session.run(
      "record a label",
      (client, attempt) => inTransaction(client, () => addLabels(client, labels, attempt > 1)),
    );
  }

  protected override addStreamLabels(
    stretch: LabelStretch,
    labels: readonly StreamLabel[],
    nowMs: number,
  ): Promise<number> {
    return this.#session.run(
      `record labels of ${stretch.topic}/${stretch.partition}`,
      (client) => inTransaction(client, () => addStreamLabels(client, stretch, labels, nowMs)),
    );
  }

  protected override recordAlerts(
    key: AlertStateKey,
    epoch: number,
    recorded: { state: string; offset: number },
  ): Promise<void> {
    return this.#session.run(
      `record alerts of ${key.topic}/${key.partition}`,
      (client) => recordAlerts(client, { ...key, epoch }, recorded),
    );
  }

  protected override skipLoss(loss: Loss, epoch: number): Promise<void> {
    return this.#session.run(
      `record what ${loss.topic}/${loss.partition} lost`,
      (client) => inTransaction(client, () => skipLoss(client, loss, epoch)),
    );
  }

  protected override makeIndexes(): Promise<void> {
    return this.#session.run("index the ledger", makeIndexes);
  }

  protected override snapshot(topic: string, partition: number): Promise<Claim["snapshot"]> {
    return this.#session.run(
      "read the feature state",
      (client) => inSnapshot(client, () => readSnapshot(client, topic, partition)),
    );
  }
}
