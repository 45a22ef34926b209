import type { BrokerEvent, Lag, SubscribeOptions, Subscription } from "../broker.ts";
import { Claim } from "./claim.ts";
import { ClusterLink } from "./cluster_link.ts";
import { deliveryError } from "./failure.ts";
import { GroupMembership } from "./group_membership.ts";
import type { KafkaClient } from "./client.ts";
import { ReadAhead } from "./read_ahead.ts";

/** Whose subscription, and its bounds. */
export interface KafkaSubscriptionOptions extends SubscribeOptions {
  /** The cluster as a person would name it. */
  name: string;
  topic: string;
  group: string;
  /** Most bytes of one fetch of a partition. */
  maxBytesPerPartition: number;
  /** How long reading or joining may fail before the iteration throws, in milliseconds. */
  giveUpMs: number;
  /** How often the number of partitions is looked at, in milliseconds. */
  metadataMaxAgeMs: number;
  /** How long the caller may work on one event before the member gives its partitions to others, in milliseconds. */
  maxEventMs: number;
  /** Takes a line about records that are gone. */
  report(line: string): void;
}

const DEFAULT_BATCH_RECORDS = 16_384;
const DEFAULT_SESSION_TIMEOUT_MS = 10_000;
const TICK_MS = 1000;

/**
 * A member's view of a topic: the group says which partitions, this fetches them and hands over one event at a time.
 *
 * A partition that stays with the member through a rebalance goes on where it stands, without an event. A partition is
 * not fetched before the caller has worked on its `assigned` event, so nothing of another position comes through. While
 * the group is rebalancing, or the coordinator has been silent for the session time-out, no batch is handed over.
 */
export class KafkaSubscription implements Subscription {
  readonly #client: KafkaClient;
  readonly #options: KafkaSubscriptionOptions;
  readonly #link: ClusterLink;
  readonly #membership: GroupMembership;
  readonly #readAhead: ReadAhead;
  readonly #closing = new AbortController();
  readonly #tick: ReturnType<typeof setInterval>;
  /** What the group says is ours. */
  readonly #claims = new Map<number, Claim>();
  /** What the caller knows to be its own. */
  readonly #known = new Map<number, Claim>();
  #failure: { error: unknown } | undefined;
  #wake: (() => void) | undefined;
  #isIdleTold = false;
  #turn = 0;
  /** What the caller is at work on, and since when. */
  #handed: { event: BrokerEvent; at: number } | undefined;
  #hasLeft = false;

  /** Joins the group at once. */
  constructor(client: KafkaClient, options: KafkaSubscriptionOptions) {
    this.#client = client;
    this.#options = options;
    const { name, topic, group, giveUpMs, report, signal } = options;
    const onChange = () => this.#changed();
    const onFailure = (error: unknown) => {
      this.#failure ??= { error };
      onChange();
    };
    this.#link = new ClusterLink(client, { name, topic, giveUpMs });
    this.#readAhead = new ReadAhead(this.#link, {
      topic,
      giveUpMs,
      report,
      onChange,
      onFailure,
      claims: () => this.#claims.values(),
      signal: this.#closing.signal,
    });
    this.#membership = new GroupMembership(client, {
      topic,
      group,
      giveUpMs,
      metadataMaxAgeMs: options.metadataMaxAgeMs,
      sessionTimeoutMs: options.sessionTimeoutMs ?? DEFAULT_SESSION_TIMEOUT_MS,
      onChange,
      onFailure,
      onAssigned: (partitions, isContinuous) => this.#assign(partitions, isContinuous),
      onLost: () => this.#assign([], false),
    });
    signal?.addEventListener("abort", onChange, { signal: this.#closing.signal });
    this.#tick = setInterval(() => this.#watch(), TICK_MS);
    this.#membership.start();
  }

  /** One event at a time; throws DeliveryError where the cluster stays away, RangeError where its bytes are broken. */
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
    for (const partition of partitions) {
      const claim = this.#known.get(partition);
      if (claim !== undefined) claim.isPaused = true;
    }
  }

  resume(partitions: number[]): void {
    for (const partition of partitions) {
      const claim = this.#known.get(partition);
      if (claim !== undefined) claim.isPaused = false;
    }
    this.#isIdleTold = false;
    this.#changed();
  }

  async lag(): Promise<Lag[]> {
    const claims = [...this.#known.values()];
    if (claims.length === 0) return [];
    const { name, topic } = this.#options;
    try {
      const offsets = await this.#link.offsets(claims.map(({ partition }) => partition));
      return offsets.map(({ partition, startOffset, endOffset }, i) => ({
        partition,
        endOffset,
        position: Math.max(startOffset, claims[i].position),
      }));
    } catch (error) {
      throw deliveryError(`tell the lag of ${topic}`, `${name} must answer`, error, this.#client.explain);
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

  get #isEnded(): boolean {
    return this.#closing.signal.aborted || this.#options.signal?.aborted === true;
  }

  /** The caller is done with its event: where it was an assignment, the partitions may now be fetched. */
  #takeBack() {
    const event = this.#handed?.event;
    this.#handed = undefined;
    if (event?.type !== "assigned") return;
    for (const partition of event.partitions) {
      const claim = this.#known.get(partition);
      if (claim !== undefined) claim.isReady = true;
    }
    this.#readAhead.pump();
  }

  /** The event to hand over now, or `undefined` while there is none. */
  #next(): BrokerEvent | undefined {
    if (this.#failure !== undefined) throw this.#failure.error;
    const revoked = [...this.#known].filter(([partition, claim]) => this.#claims.get(partition) !== claim);
    if (revoked.length > 0) {
      for (const [partition] of revoked) this.#known.delete(partition);
      this.#isIdleTold = false;
      return { type: "revoked", partitions: revoked.map(([partition]) => partition) };
    }
    const assigned = [...this.#claims].filter(([partition]) => !this.#known.has(partition));
    if (assigned.length > 0) {
      for (const [partition, claim] of assigned) this.#known.set(partition, claim);
      this.#isIdleTold = false;
      return { type: "assigned", partitions: assigned.map(([partition]) => partition) };
    }
    if (!this.#membership.isSettled) return undefined;
    return this.#nextBatch() ?? this.#nextIdle();
  }

  #nextBatch(): BrokerEvent | undefined {
    const claims = [...this.#known.values()];
    const maxRecords = Math.max(1, this.#options.maxBatchRecords ?? DEFAULT_BATCH_RECORDS);
    for (let i = 0; i < claims.length; i++) {
      const claim = claims[(this.#turn + i) % claims.length];
      while (!claim.isPaused && claim.sets.length > 0) {
        const batch = claim.sets[0].next(maxRecords);
        claim.position = claim.sets[0].nextOffset;
        if (batch !== undefined) {
          // A set that is handed over makes room at once, not when its partition has its next turn.
          if (claim.sets[0].isRead) {
            claim.sets.shift();
            this.#readAhead.pump();
          }
          this.#turn = (this.#turn + i + 1) % claims.length;
          this.#isIdleTold = false;
          return { type: "batch", batch };
        }
        claim.sets.shift();
        this.#readAhead.pump();
      }
    }
    return undefined;
  }

  #nextIdle(): BrokerEvent | undefined {
    const isIdle = [...this.#known.values()].every((claim) =>
      claim.isReady && !claim.isPaused && claim.isAtEnd
    );
    if (!isIdle || this.#isIdleTold) return undefined;
    this.#isIdleTold = true;
    return { type: "idle" };
  }

  #assign(partitions: number[], isContinuous: boolean) {
    for (const partition of this.#claims.keys()) {
      if (!isContinuous || !partitions.includes(partition)) this.#claims.delete(partition);
    }
    for (const partition of partitions) {
      if (!this.#claims.has(partition)) {
        this.#claims.set(partition, new Claim(partition, this.#options.maxBytesPerPartition));
      }
    }
    this.#changed();
  }

  #changed() {
    this.#readAhead.pump();
    this.#wake?.();
    this.#wake = undefined;
  }

  /** A caller that is stuck keeps nobody waiting: its partitions go to others until it comes back. */
  #watch() {
    const { maxEventMs } = this.#options;
    if (this.#handed !== undefined && !this.#hasLeft && performance.now() - this.#handed.at > maxEventMs) {
      this.#hasLeft = true;
      this.#membership.stop();
    }
    this.#readAhead.pump();
  }
}
