/**
 * The embedded ledger: one SQLite file, for the consumers of one machine.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { attempt, inTransaction, openDatabase } from "../../runtime/sqlite.ts";
import type { LedgerAlertStates } from "../alert_states.ts";
import type { LedgerLabels } from "../labels.ts";
import {
  type Claim,
  type CommittedRange,
  type DeadLetter,
  FencedError,
  type FlaggedTransaction,
  type KnownTransaction,
  type Ledger,
  type LedgerSummary,
  type ObjectCut,
  type Outcome,
} from "../ledger.ts";
import type { LedgerOutbox } from "../outbox.ts";
import { cutOf, deadLetterOf, flaggedOf, rangeOf } from "../sql/rows.ts";
import { moveListener, sqliteAlertStates } from "./alert_states.ts";
import { type Claimant, claimPartition } from "./claim.ts";
import { findTransactions, sqliteLabels } from "./labels.ts";
import type { LedgerQueries } from "../queries.ts";
import { sqliteOutbox } from "./outbox.ts";
import { sqliteQueries } from "./queries.ts";
import { sqliteWriter } from "./writer.ts";
import schema from "./schema.sql" with { type: "text" };
import labelSchema from "./labels.sql" with { type: "text" };
import alertSchema from "./alert_states.sql" with { type: "text" };

const PAGE_ROWS = 50_000;

/**
 * Opens or makes the embedded ledger at a path.
 *
 * A commit is on disk when it resolves. It needs read and write permission for the file and its folder.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { openSqliteLedger } from "./ledger.ts";
 *
 * await using ledger = openSqliteLedger(`${Deno.makeTempDirSync()}/ledger.db`);
 * const claim = await ledger.claim("transactions", 0, { owner: "a", streamId: "s" });
 * assertEquals(claim.nextOffset, undefined);
 * ```
 */
export function openSqliteLedger(path: string): Ledger {
  return new SqliteLedger(
    openDatabase(path, {
      migrations: [schema, labelSchema, alertSchema],
      table: "partition_owner",
      purpose: "ledger",
    }),
    path,
  );
}

class SqliteLedger implements Ledger {
  readonly name: string;
  readonly labels: LedgerLabels;
  readonly alertStates: LedgerAlertStates;
  readonly outbox: LedgerOutbox;
  readonly queries: LedgerQueries = sqliteQueries((work) => this.#attempt(work));
  readonly #database: DatabaseSync;
  readonly #write: (outcome: Outcome) => void;
  #closed = false;

  constructor(database: DatabaseSync, path: string) {
    this.#database = database;
    this.#write = sqliteWriter(database);
    this.name = `sqlite:${path}`;
    this.labels = sqliteLabels((work) => this.#attempt(work));
    this.alertStates = sqliteAlertStates((work) => this.#attempt(work));
    this.outbox = sqliteOutbox((work) => this.#attempt(work));
  }

  claim(topic: string, partition: number, claimant: Omit<Claimant, "ledger">): Promise<Claim> {
    return this.#attempt((database) =>
      claimPartition(database, topic, partition, { ...claimant, ledger: this.name })
    );
  }

  commit(outcome: Outcome): Promise<void> {
    return this.#attempt(() => this.#write(outcome));
  }

  flaggedAfter(
    topic: string,
    partition: number,
    offset: number,
    limit: number,
  ): Promise<FlaggedTransaction[]> {
    return this.#attempt((database) =>
      database.prepare(
        `SELECT * FROM flagged WHERE topic = ? AND partition = ? AND "offset" > ? ORDER BY "offset" LIMIT ?`,
      ).all(topic, partition, offset, limit).map(flaggedOf)
    );
  }

  find(transactionId: string): Promise<KnownTransaction[]> {
    return this.#attempt((database) => findTransactions(database, transactionId));
  }

  deadLettersAfter(topic: string, partition: number, offset: number, limit: number): Promise<DeadLetter[]> {
    return this.#attempt((database) =>
      database.prepare(
        `SELECT * FROM dead_letter WHERE topic = ? AND partition = ? AND "offset" > ? ORDER BY "offset" LIMIT ?`,
      ).all(topic, partition, offset, limit).map(deadLetterOf)
    );
  }

  forgetDeadLetters(topic: string, partition: number, throughOffset: number): Promise<void> {
    return this.#attempt((database) => {
      database.prepare(
        `UPDATE dead_letter SET key = NULL, value = NULL
         WHERE topic = ? AND partition = ? AND "offset" <= ? AND (key IS NOT NULL OR value IS NOT NULL)`,
      ).run(topic, partition, throughOffset);
    });
  }

  position(listener: string, topic: string, partition: number): Promise<number> {
    return this.#attempt((database) =>
      Number(
        database.prepare(
          `SELECT "offset" FROM listener_position WHERE listener = ? AND topic = ? AND partition = ?`,
        ).get(listener, topic, partition)?.offset ?? -1,
      )
    );
  }

  advance(listener: string, topic: string, partition: number, offset: number): Promise<void> {
    return this.#attempt((database) => {
      inTransaction(database, () => moveListener(database, { listener, topic, partition }, offset));
    });
  }

  lastCutOffset(topic: string, partition: number): Promise<number> {
    return this.#attempt((database) =>
      Number(
        database.prepare("SELECT max(last_offset) AS last FROM object_cut WHERE topic = ? AND partition = ?")
          .get(topic, partition)?.last ?? -1,
      )
    );
  }

  recordCuts(topic: string, partition: number, epoch: number, cuts: readonly ObjectCut[]): Promise<void> {
    return this.#attempt((database) => {
      inTransaction(database, () => {
        const owner = database.prepare("SELECT epoch FROM partition_owner WHERE topic = ? AND partition = ?")
          .get(topic, partition);
        if (Number(owner?.epoch) !== epoch) {
          throw new FencedError(
            `Cannot record cuts of ${topic}/${partition} under epoch ${epoch}: current epoch is ${owner?.epoch}`,
          );
        }
        const insert = database.prepare("INSERT INTO object_cut VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)");
        for (const { key, firstOffset, lastOffset, hourMs, format, rows, byteLength, sha256 } of cuts) {
          const stretch = [firstOffset, lastOffset, hourMs] as const;
          insert.run(key, topic, partition, ...stretch, format, rows, byteLength, sha256);
        }
      });
    });
  }

  pendingCuts(topic: string, partition: number, limit: number): Promise<ObjectCut[]> {
    return this.#attempt((database) =>
      database.prepare(
        `SELECT * FROM object_cut WHERE topic = ? AND partition = ? AND stored = 0
         ORDER BY first_offset, hour_ms LIMIT ?`,
      ).all(topic, partition, limit).map(cutOf)
    );
  }

  markStored(keys: readonly string[]): Promise<void> {
    return this.#attempt((database) => {
      inTransaction(database, () => {
        const update = database.prepare("UPDATE object_cut SET stored = 1 WHERE key = ?");
        for (const key of keys) update.run(key);
      });
    });
  }

  partitions(): Promise<{ topic: string; partition: number; nextOffset: number }[]> {
    return this.#attempt((database) =>
      database.prepare(
        `SELECT topic, partition, next_offset FROM partition_owner WHERE next_offset IS NOT NULL
         ORDER BY topic, partition`,
      ).all().map((row) => ({
        topic: String(row.topic),
        partition: Number(row.partition),
        nextOffset: Number(row.next_offset),
      }))
    );
  }

  async *ranges(topic: string, partition: number): AsyncIterable<CommittedRange> {
    let after = -1;
    for (;;) {
      const rows = await this.#attempt((database) =>
        database.prepare(
          `SELECT * FROM committed_range WHERE topic = ? AND partition = ? AND first_offset > ?
         ORDER BY first_offset LIMIT 1000`,
        ).all(topic, partition, after)
      );
      if (rows.length === 0) return;
      after = Number(rows[rows.length - 1].first_offset);
      yield* rows.map(rangeOf);
    }
  }

  async *loggedOffsets(topic: string, partition: number): AsyncIterable<Float64Array> {
    let after = -1;
    for (;;) {
      const rows = await this.#attempt((database) =>
        database.prepare(
          `SELECT "offset" FROM transaction_log WHERE topic = ? AND partition = ? AND "offset" > ?
         ORDER BY "offset" LIMIT ?`,
        ).all(topic, partition, after, PAGE_ROWS)
      );
      if (rows.length === 0) return;
      after = Number(rows[rows.length - 1].offset);
      yield Float64Array.from(rows, (row) => Number(row.offset));
    }
  }

  async *cuts(topic: string, partition: number): AsyncIterable<ObjectCut & { stored: boolean }> {
    let after = "";
    for (;;) {
      const rows = await this.#attempt((database) =>
        database.prepare(
          "SELECT * FROM object_cut WHERE topic = ? AND partition = ? AND key > ? ORDER BY key LIMIT 1000",
        ).all(topic, partition, after)
      );
      if (rows.length === 0) return;
      after = String(rows[rows.length - 1].key);
      yield* rows.map((row) => ({ ...cutOf(row), stored: Number(row.stored) === 1 }));
    }
  }

  summary(topic: string): Promise<LedgerSummary> {
    return this.#attempt((database) => {
      const counts = database.prepare(
        `SELECT coalesce(sum(scored), 0) AS scored, coalesce(sum(flagged), 0) AS flagged,
           coalesce(sum(dead_letters), 0) AS dead_letters FROM committed_range WHERE topic = ?`,
      ).get(topic)!;
      const objects = database.prepare(
        "SELECT count(*) AS n, coalesce(sum(stored), 0) AS stored FROM object_cut WHERE topic = ?",
      ).get(topic)!;
      return {
        scored: Number(counts.scored),
        flagged: Number(counts.flagged),
        deadLetters: Number(counts.dead_letters),
        objects: Number(objects.n),
        objectsStored: Number(objects.stored),
        latencyP50Ms: this.#latencyMs(topic, 0.5),
        latencyP99Ms: this.#latencyMs(topic, 0.99),
      };
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#database.close();
    }
    return Promise.resolve();
  }

  /** The nearest-rank quantile of produced to committed over the log. */
  #latencyMs(topic: string, quantile: number): number {
    const { n } = this.#database.prepare("SELECT count(*) AS n FROM transaction_log WHERE topic = ?").get(
      topic,
    )!;
    const row = this.#database.prepare(
      "SELECT committed_at_ms - produced_at_ms AS ms FROM transaction_log WHERE topic = ? ORDER BY ms LIMIT 1 OFFSET ?",
    ).get(topic, Math.max(0, Math.ceil(Number(n) * quantile) - 1));
    return row === undefined ? NaN : Number(row.ms);
  }

  #attempt<T>(work: (database: DatabaseSync) => T): Promise<T> {
    return attempt(() => work(this.#database));
  }
}
