import { DeliveryError } from "../../runtime/delivery_error.ts";
import type { ClusterLink } from "./cluster_link.ts";
import { type FetchedPartition, isLeaderMoved, OFFSET_OUT_OF_RANGE } from "./wire/fetch_protocol.ts";
import { RecordSet } from "./wire/record_set.ts";

/** Fetches kept for one partition: one in the caller's hands, one to go on with. */
const SETS_PER_PARTITION = 2;
/** Bytes kept for all partitions. */
const BUFFERED_BYTES = 6 * 1024 * 1024;
/** Bytes of one fetch, of a partition and of all. */
const FETCH_BYTES = 2 * 1024 * 1024;
const MAX_WAIT_MS = 250;
const STALLED_MS = 30_000;

/** A partition that the group gave to this member: where it stands, and what was read ahead. */
export class HeldPartition {
  readonly partition: number;
  /** The next offset that the caller gets. */
  position = 0;
  /** The next offset to fetch: ahead of the position by what is in `sets`. */
  fetchOffset = 0;
  /** Offset after the last record that may be read, by the last fetch from `fetchOffset`. */
  endOffset: number | undefined;
  /** Whether the caller had its turn to seek. */
  isReady = false;
  isPaused = false;
  /** Fetched and not yet handed over, oldest first. */
  readonly sets: RecordSet[] = [];
  /** Offsets behind the sets that were deleted before they were fetched; nothing is fetched until they are handed over. */
  lost: { firstOffset: number; nextOffset: number } | undefined;
  /** Number of seeks: answers to a fetch of an earlier one are dropped. */
  seeks = 0;
  /** Most bytes of a fetch; grows when a single batch does not fit. */
  maxBytes: number = FETCH_BYTES;
  /** Since when each fetch of the partition has failed, by `performance.now()`. */
  failingSince: number | undefined;
  /** When the current stall began: fetches put this partition first, it has records, and none arrived. */
  stalledSince: number | undefined;

  /** Stands at the start of the partition. */
  constructor(partition: number) {
    this.partition = partition;
  }

  /** Goes to an offset and drops what was read ahead. */
  seek(offset: number): void {
    this.position = this.fetchOffset = offset;
    this.endOffset = undefined;
    this.sets.length = 0;
    this.lost = undefined;
    this.seeks++;
    this.stalledSince = undefined;
  }

  /** Fetches on from a later offset, as those before were deleted; what was read ahead stays. */
  skipTo(offset: number): void {
    this.lost = { firstOffset: this.fetchOffset, nextOffset: offset };
    this.fetchOffset = offset;
    this.endOffset = undefined;
    this.seeks++;
  }

  /** Bytes read ahead. */
  get byteLength(): number {
    return this.sets.reduce((sum, set) => sum + set.byteLength, 0);
  }

  /** Whether everything there is was fetched. */
  get isFetched(): boolean {
    return this.endOffset !== undefined && this.fetchOffset >= this.endOffset;
  }

  /** Whether everything there is was handed over. */
  get isAtEnd(): boolean {
    return this.sets.length === 0 && this.isFetched;
  }
}

/** What reading ahead needs of its subscription. */
export interface ReadAheadOptions {
  /** The partitions held now. */
  held(): Iterable<HeldPartition>;
  /** Something came, or a partition was found at its end. */
  onChange(): void;
  /** Reading cannot go on. */
  onFailure(error: unknown): void;
  signal: AbortSignal;
}

/**
 * Keeps the held partitions filled: one fetch at a time to each leader, for the partitions that have room.
 *
 * It asks nothing while no partition has room, so a slow caller slows the broker down; memory is bounded by bytes.
 */
export class ReadAhead {
  readonly #link: ClusterLink;
  readonly #options: ReadAheadOptions;
  readonly #fetching = new Set<number>();
  #isPumping = false;
  #pumpAgain = false;
  #isRecovering = false;
  #turn = 0;

  /** Does nothing before {@link pump}. */
  constructor(link: ClusterLink, options: ReadAheadOptions) {
    this.#link = link;
    this.#options = options;
  }

  /** Fetches whatever there is room for; called after every change, and at intervals. */
  pump(): void {
    if (this.#isPumping) {
      this.#pumpAgain = true;
      return;
    }
    this.#isPumping = true;
    this.#startFetches().catch((error) => this.#recover(error)).finally(() => {
      this.#isPumping = false;
      if (this.#pumpAgain) {
        this.#pumpAgain = false;
        this.pump();
      }
    });
  }

  async #startFetches(): Promise<void> {
    if (this.#isRecovering || this.#options.signal.aborted || this.#wanted().length === 0) return;
    const leaders = await this.#link.leaders();
    const byLeader = Map.groupBy(this.#wanted(), ({ partition }) => leaders.get(partition) ?? -1);
    const leaderless = byLeader.get(-1);
    if (leaderless !== undefined) {
      byLeader.delete(-1);
      const place = `${this.#link.topic}/${leaderless[0].partition}`;
      this.#recover(new DeliveryError(`Cannot read ${place}: it has no leader`, { retriable: true }));
    }
    for (const [nodeId, wanted] of byLeader) {
      if (this.#fetching.has(nodeId)) continue;
      this.#fetching.add(nodeId);
      this.#fetch(nodeId, wanted)
        .catch((error) => this.#recover(error))
        .finally(() => {
          this.#fetching.delete(nodeId);
          this.pump();
        });
    }
  }

  /** Partitions with room; none while those are at their end and others wait for the caller. */
  #wanted(): HeldPartition[] {
    const active = [...this.#options.held()].filter((held) =>
      held.isReady && !held.isPaused && held.lost === undefined
    );
    if (active.reduce((sum, held) => sum + held.byteLength, 0) >= BUFFERED_BYTES) return [];
    const wanted = active.filter((held) => held.sets.length < SETS_PER_PARTITION);
    const isWaitingForCaller = active.some((held) => held.sets.length > 0);
    return isWaitingForCaller && wanted.every((held) => held.isFetched) ? [] : wanted;
  }

  async #fetch(nodeId: number, wanted: HeldPartition[]): Promise<void> {
    // Another partition comes first each time: the broker fills the answer from the front.
    const turn = this.#turn++ % wanted.length;
    const asked = [...wanted.slice(turn), ...wanted.slice(0, turn)].map((held) => ({
      held,
      seeks: held.seeks,
      request: { partition: held.partition, offset: held.fetchOffset, maxBytes: held.maxBytes },
    }));
    const answer = await this.#link.fetch(nodeId, {
      partitions: asked.map(({ request }) => request),
      maxWaitMs: MAX_WAIT_MS,
      maxBytes: Math.max(FETCH_BYTES, ...wanted.map(({ maxBytes }) => maxBytes)),
    });
    const stillHeld = new Set(this.#options.held());
    for (const fetched of answer) {
      const found = asked.find(({ held }) => held.partition === fetched.partition);
      if (found === undefined || !stillHeld.has(found.held) || found.seeks !== found.held.seeks) continue;
      await this.#accept(found.held, fetched, found === asked[0]);
    }
    this.#options.onChange();
  }

  /** Takes in a fetched partition; only the first one asked for must come with records if it has any. */
  async #accept(
    held: HeldPartition,
    { errorCode, endOffset, aborted, records }: FetchedPartition,
    isFirst: boolean,
  ): Promise<void> {
    const { topic, cluster: { limits: { giveUpMs } } } = this.#link;
    const { partition, fetchOffset } = held;
    const action = `read ${topic}/${partition} from offset ${fetchOffset}`;
    if (errorCode === OFFSET_OUT_OF_RANGE) return await this.#moveIntoRange(held);
    if (errorCode !== 0) {
      held.failingSince ??= performance.now();
      const isFinal = performance.now() - held.failingSince > giveUpMs;
      throw new DeliveryError(`Cannot ${action}: Kafka answered with error code ${errorCode}`, {
        retriable: isLeaderMoved(errorCode) && !isFinal,
      });
    }
    this.#link.succeeded();
    held.failingSince = undefined;
    held.endOffset = endOffset;
    const set = new RecordSet(records, { topic, partition, fromOffset: fetchOffset, aborted });
    const end = set.endOffset();
    if (end !== undefined && end > fetchOffset) {
      held.fetchOffset = end;
      held.sets.push(set);
      held.stalledSince = undefined;
    } else if (records.length > 0) {
      held.maxBytes *= 2; // a batch that does not fit is cut off
    } else if (endOffset <= fetchOffset) {
      held.stalledSince = undefined;
    } else if (isFirst) {
      held.stalledSince ??= performance.now();
      const stalledMs = Math.round(performance.now() - held.stalledSince);
      if (stalledMs <= STALLED_MS) return;
      throw new DeliveryError(
        `Cannot ${action}: Kafka has records up to ${endOffset} and has sent none for ${stalledMs} ms`,
        { retriable: stalledMs < giveUpMs },
      );
    }
  }

  /** Skips what retention deleted. An offset beyond the end means another topic of this name. */
  async #moveIntoRange(held: HeldPartition): Promise<void> {
    const { topic } = this.#link;
    const { seeks, partition, fetchOffset } = held;
    const [{ startOffset, endOffset }] = await this.#link.offsets([partition]);
    if (held.seeks !== seeks) return;
    if (fetchOffset > endOffset) {
      throw new DeliveryError(
        `Cannot read ${topic}/${partition} from offset ${fetchOffset}: the topic has offsets ${startOffset} to ` +
          `${endOffset}, so it may have been made anew`,
        { retriable: false },
      );
    }
    if (fetchOffset < startOffset) held.skipTo(startOffset);
  }

  async #recover(error: unknown): Promise<void> {
    if (this.#isRecovering || this.#options.signal.aborted) return;
    this.#isRecovering = true;
    try {
      await this.#link.recover(error, this.#options.signal);
    } catch (final) {
      this.#options.onFailure(final);
      return;
    }
    this.#isRecovering = false;
    this.pump();
  }
}
