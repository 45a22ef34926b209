/**
 * Consumer groups on the embedded stream: members share the partitions of a topic in the order of their names.
 *
 * A member that has not been seen for its session timeout loses its partitions. Members notice a change when they next
 * look at the member table, so for a short time two may read one partition: the ledger's epoch decides which of them
 * commits.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { DeliveryError } from "../../runtime/delivery_error.ts";
import { pause } from "../../runtime/retry.ts";
import { withDeliveryErrors } from "../../runtime/sqlite.ts";
import {
  type BrokerEvent,
  DEFAULT_SESSION_TIMEOUT_MS,
  type Lag,
  type RecordBatch,
  type SubscribeOptions,
  type Subscription,
} from "../broker.ts";
import type { GroupMember, SqliteStreamWriter } from "./writer.ts";

/** What a subscription needs of its stream. */
export interface GroupDatabase {
  database: DatabaseSync;
  writer: SqliteStreamWriter;
  topicId: number;
  partitions: number;
  /** The offset after the last record of a partition. */
  endOffset(partition: number): number;
  /** Records from the offset on, or undefined at the end. */
  next(partition: number, offset: number): RecordBatch | undefined;
  /** The offset after the last record, of each partition. */
  offsets(): Promise<{ partition: number; endOffset: number }[]>;
  /** Throws if the topic was deleted and made anew. */
  check(): void;
  isOpen(): boolean;
}

/** Waits between looks for new records: the first after a record came, then doubling up to the last. */
const FIRST_POLL_MS = 1;
const LAST_POLL_MS = 16;

/** Joins the group on the embedded stream; throws `DeliveryError` if the member cannot be written. */
export async function subscribeSqlite(
  source: GroupDatabase,
  group: string,
  options: SubscribeOptions,
): Promise<Subscription> {
  const timeoutMs = options.sessionTimeoutMs ?? DEFAULT_SESSION_TIMEOUT_MS;
  const member = { group, topicId: source.topicId, id: crypto.randomUUID(), timeoutMs };
  await source.writer.beat(member);
  return new SqliteSubscription(source, member, options);
}

class SqliteSubscription implements Subscription {
  readonly #source: GroupDatabase;
  readonly #member: GroupMember;
  readonly #signal: AbortSignal | undefined;
  readonly #positions = new Map<number, number>();
  readonly #paused = new Set<number>();
  readonly #heartbeat: ReturnType<typeof setInterval>;
  readonly #isMember;
  #left = false;
  #isBeating = false;
  /** Whether others removed this member as dead since the last look. */
  #wasExpired = false;

  constructor(source: GroupDatabase, member: GroupMember, options: SubscribeOptions) {
    this.#source = source;
    this.#member = member;
    this.#signal = options.signal;
    this.#isMember = source.database.prepare(
      "SELECT 1 FROM member WHERE group_name = ? AND topic_id = ? AND id = ?",
    );
    this.#heartbeat = setInterval(() => this.#beat(), member.timeoutMs / 5);
  }

  async *[Symbol.asyncIterator](): AsyncIterator<BrokerEvent> {
    let lookedAt = -Infinity;
    let wasIdle = false;
    let pollMs = FIRST_POLL_MS;
    let turn = 0;
    while (!this.#ended()) {
      if (performance.now() - lookedAt > this.#member.timeoutMs / 10) {
        lookedAt = performance.now();
        for (const event of await orLater(() => this.#reassign()) ?? []) {
          wasIdle = false;
          yield event;
        }
      }
      const event = nowOrLater(this.#source.database, () => this.#next(turn++) ?? "none");
      if (event !== undefined && event !== "none") {
        wasIdle = false;
        pollMs = FIRST_POLL_MS;
        yield event;
        continue;
      }
      if (event === "none" && !wasIdle && this.#paused.size === 0) {
        wasIdle = true;
        yield { type: "idle" };
        continue;
      }
      await pause(pollMs, this.#signal);
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

  async commitOffset(partition: number, nextOffset: number): Promise<void> {
    const { group, topicId } = this.#member;
    await this.#source.writer.commitOffset(group, topicId, partition, nextOffset);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#left) return;
    this.#left = true;
    clearInterval(this.#heartbeat);
    // If this cannot be written, the session times out.
    if (this.#source.isOpen()) await orLater(() => this.#source.writer.leave(this.#member));
  }

  #ended(): boolean {
    return this.#left || this.#signal?.aborted === true || !this.#source.isOpen();
  }

  /** Sends a heartbeat. One that cannot be written is a missed one: the next may succeed before the session timeout. */
  async #beat(): Promise<void> {
    if (this.#ended() || this.#isBeating) return;
    this.#isBeating = true;
    try {
      if (await orLater(() => this.#source.writer.beat(this.#member))) this.#wasExpired = true;
    } finally {
      this.#isBeating = false;
    }
  }

  /** Compares what this member should have with what it has. */
  async #reassign(): Promise<BrokerEvent[]> {
    const { database, partitions } = this.#source;
    withDeliveryErrors(this.#source.database, () => this.#source.check());
    const { group, topicId, id } = this.#member;
    const isListed = () =>
      withDeliveryErrors(this.#source.database, () => this.#isMember.get(group, topicId, id) !== undefined);
    if (!isListed()) await this.#beat();
    // It is a member again only if that could be written.
    const isMember = isListed();
    const expired = this.#wasExpired || !isMember;
    this.#wasExpired = false;
    const members = withDeliveryErrors(this.#source.database, () =>
      database.prepare(
        "SELECT id FROM member WHERE group_name = ? AND topic_id = ? ORDER BY id",
      ).all(group, topicId).map((row) => String(row.id)));
    const rank = members.indexOf(id);
    const mine = new Set<number>();
    if (isMember) {
      for (let partition = rank; partition < partitions; partition += members.length) mine.add(partition);
    }
    // A member that was removed has lost everything, even what it gets back.
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

  /** The next batch of any partition, each partition in its turn, or what was deleted before it. */
  #next(turn: number): BrokerEvent | undefined {
    const partitions = [...this.#positions.keys()].filter((partition) => !this.#paused.has(partition));
    for (let i = 0; i < partitions.length; i++) {
      const partition = partitions[(turn + i) % partitions.length];
      const firstOffset = this.#positions.get(partition)!;
      // Looked at first: what is added in between is no loss.
      const endOffset = this.#source.endOffset(partition);
      const batch = this.#source.next(partition, firstOffset);
      // Nothing in the embedded stream leaves a hole, so what is not there was deleted.
      const nextOffset = batch?.offsets[0] ?? endOffset;
      if (nextOffset > firstOffset) {
        this.#positions.set(partition, nextOffset);
        return { type: "lost", partition, firstOffset, nextOffset };
      }
      if (batch !== undefined) {
        this.#positions.set(partition, batch.nextOffset);
        return { type: "batch", batch };
      }
    }
    return undefined;
  }
}

/** Does retriable work; undefined if it fails for now. */
async function orLater<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DeliveryError) return undefined;
    throw error;
  }
}

/** The same for synchronous work. */
function nowOrLater<T>(database: DatabaseSync, work: () => T): T | undefined {
  try {
    return withDeliveryErrors(database, work);
  } catch (error) {
    if (error instanceof DeliveryError) return undefined;
    throw error;
  }
}
