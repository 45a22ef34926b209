import { MAX_TIMESTAMP_MS } from "../../domain/time.ts";
import type { Place } from "../../domain/place.ts";
import type { GivenLabel, LabelStretch, LedgerLabels, RecordedLabel, StreamLabel } from "../labels.ts";
import type { LedgerLosses, Loss } from "../losses.ts";
import {
  type Claim,
  type CommittedRange,
  type DeadLetter,
  FencedError,
  type FlaggedTransaction,
  type KnownTransaction,
  type Ledger,
  type LedgerSummary,
  type LoggedTransaction,
  type ObjectCut,
  type Outcome,
} from "../ledger.ts";
import type { AlertStateKey, LedgerAlertStates } from "../alert_states.ts";
import type { LedgerOutbox } from "../outbox.ts";
import type { LedgerQueries } from "../queries.ts";
import { flaggedText, labelCountsOf, labelsText, placedOf, recentOf, recentText } from "./query_text.ts";
import { distinctLabels, LABEL_LISTENER, NEWEST_FIRST } from "./labels.ts";
import {
  cutOf,
  deadLetterOf,
  flaggedOf,
  hourOf,
  labelOf,
  lostOf,
  rangeOf,
  type Row,
  sizeOf,
} from "./rows.ts";

/** Where the databases differ in the statements that they share. */
export interface Dialect {
  /** Follows a text column in ORDER BY, so that text sorts by its bytes. */
  readonly byBytes: string;
  /** Verdicts in offset order, each with a line feed behind it, as one text or blob. */
  readonly lines: string;
  /** A boolean column is false, in the words of the partial indexes. */
  isFalse(column: string): string;
  /** A column is one of some values: the condition, and the one parameter that holds them. */
  among(column: string, values: readonly (string | number)[]): [condition: string, parameter: unknown];
}

/** Time limit of a summary, which reads all of the log. */
const SUMMARY_TIMEOUT_MS = 600_000;
const PAGE_ROWS = 1000;

/** SQL: the start of a flagged transaction's event hour, before 1970 too. */
const HOUR_OF_EVENT = "timestamp_ms - (timestamp_ms % 3600000 + 3600000) % 3600000";

/** Moves a listener's position forward; an older one changes nothing. */
export const ADVANCE = `INSERT INTO listener_position AS old VALUES (?, ?, ?, ?)
  ON CONFLICT (listener, topic, partition) DO UPDATE SET "offset" = excluded."offset"
  WHERE old."offset" < excluded."offset"`;

/** Epoch and next offset of a partition. */
export const OWNER = "SELECT epoch, next_offset FROM partition_owner WHERE topic = ? AND partition = ?";

/** Where a recorded loss ends that begins at the offset or before, and reaches beyond it. */
export const LOST_UNTIL = `SELECT max(next_offset) AS lost_until FROM lost_range
   WHERE topic = ? AND partition = ? AND first_offset <= ? AND next_offset > ?`;

/** Records a loss that nobody has accepted; one with the same start is left as it is. */
export const INSERT_LOSS = "INSERT INTO lost_range VALUES (?, ?, ?, ?, ?, NULL, NULL) ON CONFLICT DO NOTHING";

/** Ranges that a new owner replays: those that end after its snapshot. */
export const RANGES_AFTER =
  "SELECT * FROM committed_range WHERE topic = ? AND partition = ? AND next_offset > ? ORDER BY first_offset";

/** The ledger as both databases have it: statements that each runs alike, with `?` for each value. */
export abstract class SqlLedger implements Ledger {
  abstract readonly name: string;
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  /**
   * Runs one statement that may be repeated.
   *
   * @param action What is done, as an error message says it after "Cannot".
   * @param timeoutMs Time limit, where it needs more than others.
   */
  protected abstract run(
    action: string,
    text: string,
    values: readonly unknown[],
    timeoutMs?: number,
  ): Promise<Row[]>;
  protected abstract addLabels(labels: readonly GivenLabel[]): Promise<RecordedLabel[]>;
  /** The offset to read next; `labels` say nothing twice. */
  protected abstract addStreamLabels(
    stretch: LabelStretch,
    labels: readonly StreamLabel[],
    nowMs: number,
  ): Promise<number>;
  protected abstract recordAlerts(
    key: AlertStateKey,
    epoch: number,
    recorded: { state: string; offset: number },
  ): Promise<void>;
  protected abstract makeIndexes(): Promise<void>;
  protected abstract skipLoss(loss: Loss, epoch: number): Promise<void>;
  protected abstract snapshot(topic: string, partition: number): Promise<Claim["snapshot"]>;

  abstract claim(
    topic: string,
    partition: number,
    options: { owner: string; streamId: string },
  ): Promise<Claim>;
  abstract commit(outcome: Outcome): Promise<void>;
  abstract keepSnapshot(place: Place, nextOffset: number, bytes: Uint8Array): Promise<void>;
  abstract find(transactionId: string): Promise<KnownTransaction[]>;
  abstract recordCuts(
    topic: string,
    partition: number,
    epoch: number,
    cuts: readonly ObjectCut[],
  ): Promise<void>;
  abstract logged(topic: string, partition: number): AsyncIterable<LoggedTransaction[]>;
  abstract [Symbol.asyncDispose](): Promise<void>;

  readonly labels: LedgerLabels = {
    add: (labels) => this.addLabels(labels),
    addFromStream: (stretch, labels, nowMs) => this.addStreamLabels(stretch, distinctLabels(labels), nowMs),
    streamOffset: async (topic, partition) => await this.position(LABEL_LISTENER, topic, partition) + 1,
    history: async (transactionId, most = Number.MAX_SAFE_INTEGER) => {
      const newest = (which: string, limit: number) =>
        this.run(
          "read labels",
          `SELECT given_label.*, count(*) OVER () AS total FROM given_label WHERE transaction_id = ?${which}
           ${NEWEST_FIRST} LIMIT ?`,
          [transactionId, limit],
        );
      const rows = await newest("", most);
      const total = Number(rows[0]?.total ?? 0);
      const labels = rows.map(labelOf).reverse();
      if (labels.length === total || labels.some(({ repeats }) => !repeats)) return { labels, total };
      // So many repetitions followed that the label which holds is not among them.
      const held = await newest(` AND ${this.#dialect.isFalse("repeats")}`, 1);
      return { labels: [...held.map(labelOf), ...labels.slice(1)], total };
    },
    pending: async (topic, limit) =>
      (await this.run(
        "read labels",
        `SELECT * FROM given_label WHERE topic = ? AND ${this.#dialect.isFalse("produced")}
         ORDER BY label_id LIMIT ?`,
        [topic, limit],
      )).map(labelOf),
    markProduced: async (labelIds) => {
      const [isAmong, ids] = this.#dialect.among("label_id", labelIds);
      await this.run("note produced labels", `UPDATE given_label SET produced = TRUE WHERE ${isAmong}`, [
        ids,
      ]);
    },
  };

  readonly alertStates: LedgerAlertStates = {
    read: async ({ listener, topic, partition }) => {
      const [row] = await this.run(
        "read what a listener was told",
        "SELECT state FROM alert_state WHERE listener = ? AND topic = ? AND partition = ?",
        [listener, topic, partition],
      );
      return row?.state as string | undefined;
    },
    record: (key, epoch, recorded) => this.recordAlerts(key, epoch, recorded),
  };

  readonly outbox: LedgerOutbox = {
    sizesAfter: async (topic, partition, offset, limit) =>
      (await this.run(
        `read the flagged transactions of ${topic}/${partition}`,
        `SELECT "offset", octet_length(verdict) AS bytes FROM flagged
         WHERE topic = ? AND partition = ? AND "offset" > ? ORDER BY "offset" LIMIT ?`,
        [topic, partition, offset, limit],
      )).map(sizeOf),
    byHour: async (topic, partition, firstOffset, lastOffset) => {
      const rows = await this.run(
        `read the flagged transactions of ${topic}/${partition}`,
        `SELECT ${HOUR_OF_EVENT} AS hour_ms, min("offset") AS first_offset, count(*) AS rows,
           ${this.#dialect.lines} AS lines
         FROM flagged WHERE topic = ? AND partition = ? AND "offset" BETWEEN ? AND ? GROUP BY 1 ORDER BY 2`,
        [topic, partition, firstOffset, lastOffset],
      );
      return rows.map((row, i) => {
        // Bytes replace the text, so that the verdicts are in memory once.
        delete rows[i];
        return hourOf(row);
      });
    },
  };

  readonly losses: LedgerLosses = {
    skip: (loss, epoch) => this.skipLoss(loss, epoch),
    note: async ({ topic, partition, firstOffset, nextOffset, foundAtMs }) => {
      await this.#run(INSERT_LOSS, [topic, partition, firstOffset, nextOffset, foundAtMs]);
    },
    list: async (topic) =>
      (await this.#run("SELECT * FROM lost_range WHERE topic = ? ORDER BY partition, first_offset", [topic]))
        .map(lostOf),
    accept: async (topic, by, atMs) =>
      (await this.#run(
        `UPDATE lost_range SET accepted_by = ?, accepted_at_ms = ? WHERE topic = ? AND accepted_by IS NULL
         RETURNING *`,
        [by, atMs, topic],
      )).map(lostOf),
    followed: async (topic, role) => {
      const [row] = await this.#run(
        "SELECT name, topic_id FROM followed_topic WHERE topic = ? AND role = ?",
        [topic, role],
      );
      return row && { name: String(row.name), id: String(row.topic_id) };
    },
    follow: async (topic, role, { name, id }) => {
      await this.#run(
        `INSERT INTO followed_topic VALUES (?, ?, ?, ?)
         ON CONFLICT (topic, role) DO UPDATE SET name = excluded.name, topic_id = excluded.topic_id`,
        [topic, role, name, id],
      );
    },
  };

  readonly queries: LedgerQueries = {
    prepare: () => this.makeIndexes(),
    flagged: async (topic, filter) => {
      const { text, values } = flaggedText(topic, filter);
      return (await this.run("read flagged transactions", text, values)).map(placedOf);
    },
    labelsAt: async (terminalId) => {
      const { text, values } = labelsText(terminalId);
      return labelCountsOf(await this.run("count labels", text, values));
    },
    recent: async (topic, which, limit) => {
      const read = (table: "transaction_log" | "flagged") => {
        const { text, values } = recentText(table, topic, which, limit);
        return this.run("read recent transactions", text, values);
      };
      return recentOf(await read("transaction_log"), await read("flagged"), limit);
    },
    snapshot: (topic, partition) => this.snapshot(topic, partition),
  };

  async flaggedAfter(
    topic: string,
    partition: number,
    offset: number,
    limit: number,
  ): Promise<FlaggedTransaction[]> {
    return (await this.#after("flagged", topic, partition, offset, limit)).map(flaggedOf);
  }

  async deadLettersAfter(
    topic: string,
    partition: number,
    offset: number,
    limit: number,
  ): Promise<DeadLetter[]> {
    return (await this.#after("dead_letter", topic, partition, offset, limit)).map(deadLetterOf);
  }

  async forgetDeadLetters(topic: string, partition: number, throughOffset: number): Promise<void> {
    await this.#run(
      `UPDATE dead_letter SET key = NULL, value = NULL
       WHERE topic = ? AND partition = ? AND "offset" <= ? AND (key IS NOT NULL OR value IS NOT NULL)`,
      [topic, partition, throughOffset],
    );
  }

  async position(listener: string, topic: string, partition: number): Promise<number> {
    const [row] = await this.#run(
      `SELECT "offset" FROM listener_position WHERE listener = ? AND topic = ? AND partition = ?`,
      [listener, topic, partition],
    );
    return Number(row?.offset ?? -1);
  }

  async advance(listener: string, topic: string, partition: number, offset: number): Promise<void> {
    await this.#run(ADVANCE, [listener, topic, partition, offset]);
  }

  async lastCutOffset(topic: string, partition: number): Promise<number> {
    const [{ last }] = await this.#run(
      "SELECT max(last_offset) AS last FROM object_cut WHERE topic = ? AND partition = ?",
      [topic, partition],
    );
    return Number(last ?? -1);
  }

  async pendingCuts(topic: string, partition: number, limit: number): Promise<ObjectCut[]> {
    const rows = await this.#run(
      `SELECT * FROM object_cut WHERE topic = ? AND partition = ? AND ${this.#dialect.isFalse("stored")}
       ORDER BY first_offset, hour_ms LIMIT ?`,
      [topic, partition, limit],
    );
    return rows.map(cutOf);
  }

  async markStored(keys: readonly string[]): Promise<void> {
    const [isAmong, among] = this.#dialect.among("key", keys);
    await this.#run(
      `UPDATE object_cut SET stored = TRUE WHERE ${isAmong} AND ${this.#dialect.isFalse("stored")}`,
      [among],
    );
  }

  async markUnstored(keys: readonly string[]): Promise<void> {
    const [isAmong, among] = this.#dialect.among("key", keys);
    await this.#run(`UPDATE object_cut SET stored = FALSE WHERE ${isAmong}`, [among]);
  }

  async lastStored(topic?: string): Promise<ObjectCut | undefined> {
    const [row] = await this.#run(
      `SELECT * FROM object_cut WHERE stored ${topic === undefined ? "" : "AND topic = ?"}
       ORDER BY topic DESC, partition DESC, last_offset DESC, hour_ms DESC LIMIT 1`,
      topic === undefined ? [] : [topic],
    );
    return row && cutOf(row);
  }

  async id(): Promise<string> {
    const [row] = await this.#run("SELECT id FROM ledger_identity");
    return String(row.id);
  }

  async partitions(): Promise<{ topic: string; partition: number; nextOffset: number }[]> {
    const rows = await this.#run(
      `SELECT topic, partition, next_offset FROM partition_owner WHERE next_offset IS NOT NULL
       ORDER BY topic${this.#dialect.byBytes}, partition`,
    );
    return rows.map((row) => ({
      topic: String(row.topic),
      partition: Number(row.partition),
      nextOffset: Number(row.next_offset),
    }));
  }

  async *ranges(topic: string, partition: number): AsyncIterable<CommittedRange> {
    for await (const row of this.#pages("committed_range", "first_offset", [topic, partition, -1])) {
      yield rangeOf(row);
    }
  }

  async *cuts(topic: string, partition: number): AsyncIterable<ObjectCut & { stored: boolean }> {
    for await (const row of this.#pages("object_cut", "key", [topic, partition, ""])) {
      yield { ...cutOf(row), stored: Boolean(row.stored) };
    }
  }

  async summary(topic: string): Promise<LedgerSummary> {
    const [counts] = await this.run(
      `sum up ${topic}`,
      `SELECT coalesce(sum(scored), 0) AS scored, coalesce(sum(flagged), 0) AS flagged,
         coalesce(sum(dead_letters), 0) AS dead_letters, coalesce(sum(passed), 0) AS passed,
         (SELECT count(*) FROM object_cut WHERE topic = ?) AS objects,
         (SELECT count(*) FROM object_cut WHERE topic = ? AND stored) AS objects_stored
       FROM committed_range WHERE topic = ?`,
      [topic, topic, topic],
    );
    // Nearest-rank quantiles of the records that have a time. Times are whole milliseconds: few different ones, however long the log is.
    const [latency] = await this.run(
      `sum up ${topic}`,
      `WITH times AS (
         SELECT committed_at_ms - produced_at_ms AS ms, count(*) AS n FROM transaction_log
         WHERE topic = ? AND produced_at_ms BETWEEN 1 AND ${MAX_TIMESTAMP_MS} GROUP BY 1
       ), ranked AS (
         SELECT ms, sum(n) OVER (ORDER BY ms) AS up_to, sum(n) OVER () AS total FROM times
       )
       SELECT min(ms) FILTER (WHERE up_to >= total * 0.5) AS p50,
         min(ms) FILTER (WHERE up_to >= total * 0.99) AS p99 FROM ranked`,
      [topic],
      SUMMARY_TIMEOUT_MS,
    );
    return {
      scored: Number(counts.scored),
      flagged: Number(counts.flagged),
      deadLetters: Number(counts.dead_letters),
      passed: Number(counts.passed),
      objects: Number(counts.objects),
      objectsStored: Number(counts.objects_stored),
      latencyP50Ms: Number(latency.p50 ?? NaN),
      latencyP99Ms: Number(latency.p99 ?? NaN),
    };
  }

  #run(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return this.run("read or write", text, values);
  }

  #after(
    table: "flagged" | "dead_letter",
    topic: string,
    partition: number,
    offset: number,
    limit: number,
  ): Promise<Row[]> {
    return this.#run(
      `SELECT * FROM ${table} WHERE topic = ? AND partition = ? AND "offset" > ? ORDER BY "offset" LIMIT ?`,
      [topic, partition, offset, limit],
    );
  }

  /** All rows of a partition in the order of a column, read page by page from after a value of it. */
  async *#pages(
    table: "committed_range" | "object_cut",
    column: string,
    [topic, partition, start]: [topic: string, partition: number, start: string | number],
  ): AsyncGenerator<Row> {
    for (let after: unknown = start;;) {
      const rows = await this.#run(
        `SELECT * FROM ${table} WHERE topic = ? AND partition = ? AND ${column} > ?
         ORDER BY ${column} LIMIT ${PAGE_ROWS}`,
        [topic, partition, after],
      );
      yield* rows;
      if (rows.length < PAGE_ROWS) return;
      after = rows[rows.length - 1][column];
    }
  }
}

/** The error of a write under an epoch that is another one than the partition's. */
export function fenced(action: string, epoch: number, owner: Row | undefined): FencedError {
  return new FencedError(
    `Cannot ${action} under epoch ${epoch}: current epoch is ${owner?.epoch}, next offset ${owner?.next_offset}`,
  );
}

/**
 * Checks a commit that changed nothing: its outcome is in the ledger already, if the answer to its first commit was lost.
 *
 * @param owner Row of `OWNER`.
 * @throws FencedError where it is not.
 */
export function checkCommitted(
  { topic, partition, epoch, firstOffset, nextOffset }: Pick<
    Outcome,
    "topic" | "partition" | "epoch" | "firstOffset" | "nextOffset"
  >,
  owner: Row | undefined,
): void {
  if (Number(owner?.epoch) === epoch && Number(owner?.next_offset ?? NaN) === nextOffset) return;
  throw new FencedError(
    `Cannot commit ${topic}/${partition} from offset ${firstOffset} under epoch ${epoch} as both must be the ` +
      `ledger's: current values are offset ${owner?.next_offset} and epoch ${owner?.epoch}`,
  );
}
