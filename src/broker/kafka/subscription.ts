import {
  type BrokerEvent,
  DEFAULT_BATCH_RECORDS,
  DEFAULT_SESSION_TIMEOUT_MS,
  type Lag,
  type SubscribeOptions,
  type Subscription,
} from "../broker.ts";
import type { Cluster } from "./cluster.ts";
import { ClusterLink } from "./cluster_link.ts";
import { GroupMembership } from "./group_membership.ts";
import { HeldPartition, ReadAhead } from "./read_ahead.ts";

const TICK_MS = 1000;

/**
 * A member's view of a topic: the group says which partitions, this fetches them and hands over one event at a time.
 *
 * A partition that stays with the member through a rebalance goes on where it stands, without an event. A partition is
 * not fetched before the caller has worked on its `assigned` event, so nothing of another position comes through. While
 * the group is rebalancing, or the coordinator has been silent for the session time-out, no batch is handed over.
 */
export class KafkaSubscription implements Subscription {
  readonly #cluster: Cluster;
  readonly #options: SubscribeOptions;
  readonly #link: ClusterLink;
  readonly #membership: GroupMembership;
  readonly #readAhead: ReadAhead;
  readonly #closing = new AbortController();
  readonly #tick: ReturnType<typeof setInterval>;
  /** What the group says is ours. */
  readonly #held = new Map<number, HeldPartition>();
  /** What the caller knows to be its own. */
  readonly #known = new Map<number, HeldPartition>();
  #failure: { error: unknown } | undefined;
  #wake: (() => void) | undefined;
  #isIdleTold = false;
  #turn = 0;
  /** The event that the caller works on, and since when. */
  #handed: { event: BrokerEvent; at: number } | undefined;
  #hasLeft = false;

  /** Joins the group at once. */
  constructor(cluster: Cluster, topic: string, group: string, options: SubscribeOptions = {}) {
    this.#cluster = cluster;
    this.#options = options;
    const { sessionTimeoutMs = DEFAULT_SESSION_TIMEOUT_MS } = options;
    const onChange = () => this.#changed();
    const onFailure = (error: unknown) => {
      this.#failure ??= { error };
      onChange();
    };
    this.#link = new ClusterLink(cluster, topic);
    this.#readAhead = new ReadAhead(this.#link, {
      held: () => this.#held.values(),
      onChange,
      onFailure,
      signal: this.#closing.signal,
    });
    this.#membership = new GroupMembership(cluster, { topic, group, sessionTimeoutMs }, {
      onAssigned: (partitions, isContinuous) => this.#assign(partitions, isContinuous),
      onLost: () => this.#assign([], false),
      onChange,
      onFailure,
    });
    options.signal?.addEventListener("abort", onChange, { signal: this.#closing.signal });
    this.#tick = setInterval(() => this.#watch(), TICK_MS);
    this.#membership.start();
  }

  /** Throws DeliveryError if the cluster stays away, RangeError if its bytes are broken. */
  async *[Symbol.asyncIterator](): AsyncIterator<BrokerEvent> {
    for (;;) {
      this.#takeBack();
      if (this.#hasLeft) {
        this.#hasLeft = false;
        this.#membership.start();
      }
      const event = this.#isEnded ? undefined : this.#next();
      if (this.#isEnded) return;
      if (event === undefined) {
        await new Promise<void>((resolve) => this.#wake = resolve);
        continue;
      }
      this.#handed = { event, at: performance.now() };
      yield event;
    }
  }

  seek(partition: number, offset: number): void {
    this.#known.get(partition)?.seek(offset);
    this.#isIdleTold = false;
    this.#readAhead.pump();
  }

  pause(partitions: number[]): void {
    this.#setPaused(partitions, true);
  }

  resume(partitions: number[]): void {
    this.#setPaused(partitions, false);
    this.#isIdleTold = false;
    this.#changed();
  }

  async lag(): Promise<Lag[]> {
    const known = [...this.#known.values()];
    if (known.length === 0) return [];
    try {
      const offsets = await this.#link.offsets(known.map(({ partition }) => partition));
      return offsets.map(({ partition, startOffset, endOffset }, i) => ({
        partition,
        endOffset,
        position: Math.max(startOffset, known[i].position),
      }));
    } catch (error) {
      throw this.#cluster.error(`get the lag of ${this.#link.topic}`, error);
    }
  }

  commitOffset(partition: number, nextOffset: number): Promise<void> {
    return this.#membership.commit(partition, nextOffset);
  }

  /** Leaves the group and ends the connections. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    clearInterval(this.#tick);
    this.#changed();
    await this.#membership.stop();
    await this.#link[Symbol.asyncDispose]();
  }

  #setPaused(partitions: number[], isPaused: boolean) {
    for (const partition of partitions) {
      const held = this.#known.get(partition);
      if (held !== undefined) held.isPaused = isPaused;
    }
  }

  get #isEnded(): boolean {
    return this.#closing.signal.aborted || this.#options.signal?.aborted === true;
  }

  /** The caller is done with its event: if it was an assignment, the partitions may now be fetched. */
  #takeBack() {
    const event = this.#handed?.event;
    this.#handed = undefined;
    if (event?.type !== "assigned") return;
    for (const partition of event.partitions) {
      const held = this.#known.get(partition);
      if (held !== undefined) held.isReady = true;
    }
    this.#readAhead.pump();
  }

  /** The event to hand over now, or `undefined` while there is none. */
  #next(): BrokerEvent | undefined {
    if (this.#failure !== undefined) throw this.#failure.error;
    const revoked = [...this.#known].filter(([partition, held]) => this.#held.get(partition) !== held);
    if (revoked.length > 0) {
      for (const [partition] of revoked) this.#known.delete(partition);
      this.#isIdleTold = false;
      return { type: "revoked", partitions: revoked.map(([partition]) => partition) };
    }
    const assigned = [...this.#held].filter(([partition]) => !this.#known.has(partition));
    if (assigned.length > 0) {
      for (const [partition, held] of assigned) this.#known.set(partition, held);
      this.#isIdleTold = false;
      return { type: "assigned", partitions: assigned.map(([partition]) => partition) };
    }
    if (!this.#membership.isSettled) return undefined;
    return this.#nextBatch() ?? this.#nextIdle();
  }

  #nextBatch(): BrokerEvent | undefined {
    const known = [...this.#known.values()];
    const maxRecords = Math.max(1, this.#options.maxBatchRecords ?? DEFAULT_BATCH_RECORDS);
    for (let i = 0; i < known.length; i++) {
      const held = known[(this.#turn + i) % known.length];
      while (!held.isPaused && held.sets.length > 0) {
        const batch = held.sets[0].next(maxRecords);
        held.position = held.sets[0].nextOffset;
        if (batch !== undefined) {
          // A set that is handed over makes room at once, not when its partition has its next turn.
          if (held.sets[0].isRead) {
            held.sets.shift();
            this.#readAhead.pump();
          }
          this.#turn = (this.#turn + i + 1) % known.length;
          this.#isIdleTold = false;
          return { type: "batch", batch };
        }
        held.sets.shift();
        this.#readAhead.pump();
      }
      const { partition, lost } = held;
      if (!held.isPaused && lost !== undefined) {
        held.lost = undefined;
        held.position = lost.nextOffset;
        this.#isIdleTold = false;
        this.#readAhead.pump();
        return { type: "lost", partition, ...lost };
      }
    }
    return undefined;
  }

  #nextIdle(): BrokerEvent | undefined {
    const isIdle = [...this.#known.values()].every((held) => held.isReady && !held.isPaused && held.isAtEnd);
    if (!isIdle || this.#isIdleTold) return undefined;
    this.#isIdleTold = true;
    return { type: "idle" };
  }

  #assign(partitions: number[], isContinuous: boolean) {
    for (const partition of this.#held.keys()) {
      if (!isContinuous || !partitions.includes(partition)) this.#held.delete(partition);
    }
    for (const partition of partitions) {
      if (!this.#held.has(partition)) {
        this.#held.set(partition, new HeldPartition(partition));
      }
    }
    this.#changed();
  }

  #changed() {
    this.#readAhead.pump();
    this.#wake?.();
    this.#wake = undefined;
  }

  /** If the caller is stuck, leaves the group until it comes back, so that others get its partitions. */
  #watch() {
    const { maxEventMs } = this.#cluster.limits;
    if (this.#handed !== undefined && !this.#hasLeft && performance.now() - this.#handed.at > maxEventMs) {
      this.#hasLeft = true;
      this.#membership.stop();
    }
    this.#readAhead.pump();
  }
}
