import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import type { Place } from "../../domain/place.ts";
import { attempt, inTransaction, openDatabase } from "../../runtime/sqlite.ts";
import type { AlertStateKey } from "../alert_states.ts";
import type { GivenLabel, LabelStretch, RecordedLabel, StreamLabel } from "../labels.ts";
import type { Loss } from "../losses.ts";
import type { Claim, KnownTransaction, Ledger, LoggedTransaction, ObjectCut, Outcome } from "../ledger.ts";
import {
  answerValues,
  INSERT_LABEL,
  insertStreamLabels,
  LABEL_LISTENER,
  labelKey,
  NEWEST_ANSWER,
  NEWEST_LABEL,
  STREAM_COLUMNS,
  streamValues,
} from "../sql/labels.ts";
import {
  ADVANCE,
  checkCommitted,
  type Dialect,
  fenced,
  INSERT_LOSS,
  LOST_UNTIL,
  OWNER,
  RANGES_AFTER,
  SqlLedger,
} from "../sql/ledger.ts";
import { findFlaggedText, QUERY_INDEXES } from "../sql/query_text.ts";
import { knownOf, labelOf, loggedOf, MOST_MATCHES, rangeOf, type Row } from "../sql/rows.ts";
import { findLogged } from "./log_filter.ts";
import { KEEP_SNAPSHOT, MOVE_OFFSET, sqliteWriter } from "./writer.ts";
import schema from "./schema.sql" with { type: "text" };
import labelSchema from "./labels.sql" with { type: "text" };
import alertSchema from "./alert_states.sql" with { type: "text" };
import lossSchema from "./losses.sql" with { type: "text" };
import identitySchema from "./identity.sql" with { type: "text" };
import labelSources from "../sql/label_sources.sql" with { type: "text" };
import labelRanks from "../sql/label_ranks.sql" with { type: "text" };
import recordTimes from "./record_times.sql" with { type: "text" };
import passedSchema from "./passed.sql" with { type: "text" };

const PAGE_ROWS = 10_000;
const FIND_FLAGGED = findFlaggedText("");
const DIALECT: Dialect = {
  byBytes: "",
  lines: `CAST(group_concat(verdict || char(10), '' ORDER BY "offset") AS BLOB)`,
  isFalse: (column) => `${column} = 0`,
  among: (column, values) => [`${column} IN (SELECT value FROM json_each(?))`, JSON.stringify(values)],
};

const INSERT_STREAM_LABEL = insertStreamLabels(
  `(SELECT ${STREAM_COLUMNS.map((column, i) => `?${i + 2} AS ${column}`).join(", ")}) AS new`,
  "?1",
  `?${STREAM_COLUMNS.length + 2}`,
);

/**
 * Opens or makes the embedded ledger at a path: one file, for the consumers of one machine.
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
      migrations: [
        schema,
        labelSchema,
        alertSchema,
        lossSchema,
        identitySchema,
        labelSources,
        recordTimes,
        passedSchema,
        labelRanks,
      ],
      table: "partition_owner",
      purpose: "ledger",
    }),
    path,
  );
}

class SqliteLedger extends SqlLedger {
  readonly name: string;
  readonly #database: DatabaseSync;
  readonly #write: (outcome: Outcome) => void;
  #closed = false;

  constructor(database: DatabaseSync, path: string) {
    super(DIALECT);
    this.#database = database;
    this.#write = sqliteWriter(database);
    this.name = `sqlite:${path}`;
  }

  protected override run(_action: string, text: string, values: readonly unknown[]): Promise<Row[]> {
    return this.#attempt((database) => database.prepare(text).all(...values as SQLInputValue[]));
  }

  override claim(
    topic: string,
    partition: number,
    { owner, streamId }: { owner: string; streamId: string },
  ): Promise<Claim> {
    return this.#inTransaction((database) => {
      const row = database.prepare("SELECT * FROM partition_owner WHERE topic = ? AND partition = ?")
        .get(topic, partition);
      if (row !== undefined && row.stream_id !== streamId) {
        throw new Error(
          `Cannot follow ${topic}/${partition} with the ledger ${this.name} as it must be of the stream that the ledger ` +
            "followed before: it is another one; give this stream a ledger of its own, or remove the old ledger",
        );
      }
      const epoch = Number(row?.epoch ?? 0) + 1;
      database.prepare(
        `INSERT INTO partition_owner VALUES (?, ?, ?, ?, ?, NULL)
         ON CONFLICT DO UPDATE SET owner = excluded.owner, epoch = excluded.epoch`,
      ).run(topic, partition, streamId, owner, epoch);
      const snapshot = snapshotOf(database, topic, partition);
      const ranges = database.prepare(RANGES_AFTER).all(topic, partition, snapshot?.nextOffset ?? 0);
      return {
        epoch,
        nextOffset: row === undefined || row.next_offset === null ? undefined : Number(row.next_offset),
        snapshot,
        ranges: ranges.map(rangeOf),
      };
    });
  }

  override commit(outcome: Outcome): Promise<void> {
    return this.#attempt(() => this.#write(outcome));
  }

  override keepSnapshot(place: Place, nextOffset: number, bytes: Uint8Array): Promise<void> {
    return this.#inTransaction((database) => {
      checkOwner(database, place, "keep a snapshot", nextOffset - 1);
      database.prepare(KEEP_SNAPSHOT).run(place.topic, place.partition, nextOffset, bytes);
    });
  }

  override find(transactionId: string): Promise<KnownTransaction[]> {
    return this.#attempt((database) => {
      const flagged = database.prepare(FIND_FLAGGED).all(transactionId);
      return knownOf(findLogged(database, transactionId, MOST_MATCHES), flagged);
    });
  }

  override recordCuts(
    topic: string,
    partition: number,
    epoch: number,
    cuts: readonly ObjectCut[],
  ): Promise<void> {
    return this.#inTransaction((database) => {
      // A cut ends before the next offset, or the ledger went back since its rows were read.
      const end = Math.max(...cuts.map(({ lastOffset }) => lastOffset));
      checkOwner(database, { topic, partition, epoch }, "record cuts", end);
      const insert = database.prepare("INSERT INTO object_cut VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0)");
      for (const { key, firstOffset, lastOffset, hourMs, format, rows, byteLength, sha256 } of cuts) {
        const stretch = [firstOffset, lastOffset, hourMs] as const;
        insert.run(key, topic, partition, ...stretch, format, rows, byteLength, sha256);
      }
    });
  }

  override async *logged(topic: string, partition: number): AsyncIterable<LoggedTransaction[]> {
    for (let after = -1;;) {
      const rows = await this.run(
        "read the log",
        `SELECT * FROM transaction_log WHERE topic = ? AND partition = ? AND "offset" > ?
         ORDER BY "offset" LIMIT ?`,
        [topic, partition, after, PAGE_ROWS],
      );
      if (rows.length === 0) return;
      after = Number(rows[rows.length - 1].offset);
      yield rows.map(loggedOf);
    }
  }

  override [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#database.close();
    }
    return Promise.resolve();
  }

  protected override addLabels(labels: readonly GivenLabel[]): Promise<RecordedLabel[]> {
    return this.#inTransaction((database) => {
      const [newest, answer] = [database.prepare(NEWEST_LABEL), database.prepare(NEWEST_ANSWER)];
      const insert = database.prepare(INSERT_LABEL);
      return labels.map((label) => {
        const key = labelKey(label);
        return labelOf(insert.get(...bound(answerValues(label, newest.get(...key), answer.get(...key))))!);
      });
    });
  }

  protected override addStreamLabels(
    { topic, partition, expectedOffset, nextOffset }: LabelStretch,
    labels: readonly StreamLabel[],
    nowMs: number,
  ): Promise<number> {
    return this.#inTransaction((database) => {
      const place = [LABEL_LISTENER, topic, partition] as const;
      const at = database.prepare(
        'SELECT "offset" FROM listener_position WHERE listener = ? AND topic = ? AND partition = ?',
      ).get(...place);
      const found = Number(at?.offset ?? -1) + 1;
      if (found !== expectedOffset) return found;
      const insert = database.prepare(INSERT_STREAM_LABEL);
      for (const label of labels) insert.run(topic, ...bound(streamValues(label)), nowMs);
      database.prepare("INSERT OR REPLACE INTO listener_position VALUES (?, ?, ?, ?)")
        .run(...place, nextOffset - 1);
      return nextOffset;
    });
  }

  protected override recordAlerts(
    { listener, topic, partition }: AlertStateKey,
    epoch: number,
    { state, offset }: { state: string; offset: number },
  ): Promise<void> {
    return this.#inTransaction((database) => {
      checkOwner(database, { topic, partition, epoch }, "record alerts");
      database.prepare(
        "INSERT INTO alert_state VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET state = excluded.state",
      ).run(listener, topic, partition, state);
      database.prepare(ADVANCE).run(listener, topic, partition, offset);
    });
  }

  protected override skipLoss(loss: Loss, epoch: number): Promise<void> {
    const { topic, partition, firstOffset, nextOffset, foundAtMs } = loss;
    return this.#inTransaction((database) => {
      const moved = database.prepare(MOVE_OFFSET).run(nextOffset, topic, partition, epoch, firstOffset);
      if (moved.changes === 0) {
        return checkCommitted({ ...loss, epoch }, database.prepare(OWNER).get(topic, partition));
      }
      const known = database.prepare(LOST_UNTIL).get(topic, partition, firstOffset, firstOffset);
      const from = Number(known?.lost_until ?? firstOffset);
      if (from < nextOffset) {
        database.prepare(INSERT_LOSS).run(topic, partition, from, nextOffset, foundAtMs);
      }
    });
  }

  protected override makeIndexes(): Promise<void> {
    return this.#inTransaction((database) => QUERY_INDEXES.forEach((index) => database.exec(index)));
  }

  protected override snapshot(topic: string, partition: number): Promise<Claim["snapshot"]> {
    return this.#attempt((database) => snapshotOf(database, topic, partition));
  }

  #inTransaction<T>(work: (database: DatabaseSync) => T): Promise<T> {
    return this.#attempt((database) => inTransaction(database, () => work(database)));
  }

  #attempt<T>(work: (database: DatabaseSync) => T): Promise<T> {
    return attempt(this.#database, () => work(this.#database));
  }
}

/** Values as the driver takes them, which has no booleans. */
function bound(values: readonly (string | number | boolean | null)[]): SQLInputValue[] {
  return values.map((value) => typeof value === "boolean" ? Number(value) : value);
}

function snapshotOf(database: DatabaseSync, topic: string, partition: number): Claim["snapshot"] {
  const row = database.prepare("SELECT next_offset, bytes FROM snapshot WHERE topic = ? AND partition = ?")
    .get(topic, partition);
  return row && { nextOffset: Number(row.next_offset), bytes: row.bytes as Uint8Array };
}

function checkOwner(
  database: DatabaseSync,
  { topic, partition, epoch }: Place,
  action: string,
  lastOffset = -Infinity,
): void {
  const owner = database.prepare(OWNER).get(topic, partition);
  if (Number(owner?.epoch) !== epoch || lastOffset >= Number(owner?.next_offset ?? 0)) {
    throw fenced(`${action} of ${topic}/${partition}`, epoch, owner);
  }
}
