/**
 * Consumer groups on the embedded stream: members share the partitions of a topic in the order of their names.
 *
 * A member that has not been seen for its session time-out loses its partitions. Members learn of a change at their
 * next look at the member table, not at one moment, so for a short time two may read one partition: the ledger's
 * epoch decides which of them commits.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { DeliveryError } from "../delivery_error.ts";
import { inTransaction, withDeliveryErrors } from "../sqlite.ts";
import type { BrokerEvent, Lag, RecordBatch, SubscribeOptions, Subscription } from "./broker.ts";

/** What a subscription needs of its stream. */
export interface GroupDatabase {
  /** The stream's database, which holds the table of members. */
  database: DatabaseSync;
  /** Number of the topic in the database. */
  topicId: number;
  /** Number of partitions of the topic, at least 1. */
  partitions: number;
  /** Records from the offset on, or undefined at the end. */
  next(partition: number, offset: number): RecordBatch | undefined;
  /** The offset after the last record, of each partition. */
  offsets(): Promise<{ partition: number; endOffset: number }[]>;
  /** Whether the broker has not been closed. */
  isOpen(): boolean;
}

const DEFAULT_SESSION_TIMEOUT_MS = 10_000;
/** Waits between looks for new records: the first after a record came, then doubling up to the last. */
const FIRST_POLL_MS = 1;
const LAST_POLL_MS = 16;

/**
 * Joins the group on the embedded stream.
 *
 * @throws DeliveryError where the member cannot be written.
 */
export function subscribeSqlite(
  source: GroupDatabase,
  group: string,
  options: SubscribeOptions,
): Subscription {
  return new SqliteSubscription(source, group, options);
}

class SqliteSubscription implements Subscription {
  readonly #source: GroupDatabase;
  readonly #group: string;
  readonly #id: string = crypto.randomUUID();
  readonly #timeoutMs: number;
  readonly #signal: AbortSignal | undefined;
  readonly #positions = new Map<number, number>();
  readonly #paused = new Set<number>();
  readonly #heartbeat: ReturnType<typeof setInterval>;
  readonly #isMember;
  #left = false;
  /** Whether others thought this member dead since the last look. */
  #wasExpired = false;

  constructor(source: GroupDatabase, group: string, options: SubscribeOptions) {
    this.#source = source;
    this.#group = group;
    this.#signal = options.signal;
    this.#timeoutMs = options.sessionTimeoutMs ?? DEFAULT_SESSION_TIMEOUT_MS;
    this.#isMember = source.database.prepare(
      "SELECT 1 FROM member WHERE group_name = ? AND topic_id = ? AND id = ?",
    );
    this.#beat();
    this.#heartbeat = setInterval(() => this.#tryBeat(), this.#timeoutMs / 5);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<BrokerEvent> {
    let lookedAt = -Infinity;
    let wasIdle = false;
    let pollMs = FIRST_POLL_MS;
    let turn = 0;
    while (!this.#ended()) {
      if (performance.now() - lookedAt > this.#timeoutMs / 10) {
        lookedAt = performance.now();
        for (const event of orLater(() => this.#reassign()) ?? []) {
          wasIdle = false;
          yield event;
        }
      }
      const batch = orLater(() => this.#nextBatch(turn++) ?? "none");
      if (batch !== undefined && batch !== "none") {
        wasIdle = false;
        pollMs = FIRST_POLL_MS;
        yield { type: "batch", batch };
        continue;
      }
      if (batch === "none" && !wasIdle && this.#paused.size === 0) {
        wasIdle = true;
        yield { type: "idle" };
        continue;
      }
      await this.#wait(pollMs);
      pollMs = Math.min(pollMs * 2, LAST_POLL_MS);
    }
  }

  seek(partition: number, offset: number): void {
    if (this.#positions.has(partition)) this.#positions.set(partition, offset);
  }

  pause(partitions: number[]): void {
    for (const partition of partitions) this.#paused.add(partition);
  }

  resume(partitions: number[]): void {
    for (const partition of partitions) this.#paused.delete(partition);
  }

  async lag(): Promise<Lag[]> {
    return (await this.#source.offsets())
      .filter(({ partition }) => this.#positions.has(partition))
      .map(({ partition, endOffset }) => ({
        partition,
        endOffset,
        position: this.#positions.get(partition)!,
      }));
  }

  // deno-lint-ignore require-await
  async commitOffset(partition: number, nextOffset: number): Promise<void> {
    const { database, topicId } = this.#source;
    withDeliveryErrors(() =>
      database.prepare(
        `INSERT INTO group_offset VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET next_offset = max(next_offset, excluded.next_offset)`,
      ).run(this.#group, topicId, partition, nextOffset)
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (this.#left) return Promise.resolve();
    this.#left = true;
    clearInterval(this.#heartbeat);
    if (this.#source.isOpen()) {
      const { database, topicId } = this.#source;
      // Where this cannot be written, the session runs out.
      orLater(() =>
        database.prepare("DELETE FROM member WHERE group_name = ? AND topic_id = ? AND id = ?")
          .run(this.#group, topicId, this.#id)
      );
    }
    return Promise.resolve();
  }

  #ended(): boolean {
    return this.#left || this.#signal?.aborted === true || !this.#source.isOpen();
  }

  /** Says that this member is alive, and removes those that have not said so in time, or say so from the future. */
  #beat() {
    if (this.#ended()) return;
    const { database, topicId } = this.#source;
    const now = Date.now();
    const isBack = inTransaction(database, () => {
      database.prepare(
        "DELETE FROM member WHERE group_name = ? AND topic_id = ? AND abs(? - seen_at_ms) > timeout_ms AND id <> ?",
      ).run(this.#group, topicId, now, this.#id);
      const { changes } = database.prepare(
        "UPDATE member SET seen_at_ms = ? WHERE group_name = ? AND topic_id = ? AND id = ?",
      ).run(now, this.#group, topicId, this.#id);
      if (Number(changes) > 0) return false;
      database.prepare("INSERT INTO member VALUES (?, ?, ?, ?, ?)")
        .run(this.#group, topicId, this.#id, now, this.#timeoutMs);
      return true;
    });
    if (isBack) this.#wasExpired = true;
  }

  /** A beat that cannot be written is a missed one: on a full disk the next may succeed, and the session time-out decides. */
  #tryBeat() {
    orLater(() => this.#beat());
  }

  /** Compares what this member should have with what it has. */
  #reassign(): BrokerEvent[] {
    const { database, topicId, partitions } = this.#source;
    if (this.#isMember.get(this.#group, topicId, this.#id) === undefined) this.#tryBeat();
    // Only where it could be written is this a member again.
    const isMember = this.#isMember.get(this.#group, topicId, this.#id) !== undefined;
    const expired = this.#wasExpired || !isMember;
    this.#wasExpired = false;
    const members = database.prepare(
      "SELECT id FROM member WHERE group_name = ? AND topic_id = ? ORDER BY id",
    ).all(this.#group, topicId).map((row) => String(row.id));
    const rank = members.indexOf(this.#id);
    const mine = new Set<number>();
    if (isMember) {
      for (let partition = rank; partition < partitions; partition += members.length) mine.add(partition);
    }
    // A member that was thought dead has lost everything, even what it gets back.
    const revoked = [...this.#positions.keys()].filter((partition) => expired || !mine.has(partition));
    for (const partition of revoked) {
      this.#positions.delete(partition);
      this.#paused.delete(partition);
    }
    const assigned = [...mine].filter((partition) => !this.#positions.has(partition));
    for (const partition of assigned) this.#positions.set(partition, 0);
    const events: BrokerEvent[] = [];
    if (revoked.length > 0) events.push({ type: "revoked", partitions: revoked });
    if (assigned.length > 0) events.push({ type: "assigned", partitions: assigned });
    return events;
  }

  /** The next batch of any partition, each partition in its turn. */
  #nextBatch(turn: number): RecordBatch | undefined {
    const partitions = [...this.#positions.keys()].filter((partition) => !this.#paused.has(partition));
    for (let i = 0; i < partitions.length; i++) {
      const partition = partitions[(turn + i) % partitions.length];
      const batch = this.#source.next(partition, this.#positions.get(partition)!);
      if (batch !== undefined) {
        this.#positions.set(partition, batch.nextOffset);
        return batch;
      }
    }
    return undefined;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#signal?.addEventListener("abort", done);
    });
  }
}

/** Does what can be done again later, where it cannot be done now: undefined then. */
function orLater<T>(work: () => T): T | undefined {
  try {
    return withDeliveryErrors(work);
  } catch (error) {
    if (error instanceof DeliveryError) return undefined;
    throw error;
  }
}
