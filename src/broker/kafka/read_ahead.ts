import { DeliveryError } from "../../runtime/delivery_error.ts";
import type { Claim } from "./claim.ts";
import type { ClusterLink } from "./cluster_link.ts";
import type { FetchedPartition } from "./wire/fetch_protocol.ts";
import { RecordSet } from "./wire/record_set.ts";

/** What reading ahead needs of its subscription. */
export interface ReadAheadOptions {
  topic: string;
  /** The partitions held now. */
  claims(): Iterable<Claim>;
  /** Something came, or a partition was found at its end. */
  onChange(): void;
  /** Reading cannot go on. */
  onFailure(error: unknown): void;
  /** Takes a line about records that are gone. */
  report(line: string): void;
  /** How long a partition may have records and give none, in milliseconds. */
  giveUpMs: number;
  signal: AbortSignal;
}

/** Fetches kept for one partition: one in the caller's hands, one to go on with. */
const SETS_PER_PARTITION = 2;
/** Bytes kept for all partitions. */
const BUFFERED_BYTES = 6 * 1024 * 1024;
const MAX_BYTES = 2 * 1024 * 1024;
const MAX_WAIT_MS = 250;
const STALLED_MS = 30_000;
const OFFSET_OUT_OF_RANGE = 1;

/**
 * Keeps the claims filled: one fetch at a time to each leader, for the partitions that have room.
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

  /** Fetches whatever there is room for; called after every change, and now and then. */
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
    const homeless = byLeader.get(-1);
    if (homeless !== undefined) {
      byLeader.delete(-1);
      const { topic } = this.#options;
      this.#recover(
        new DeliveryError(
          `Cannot read ${topic}/${homeless[0].partition} as it must have a leader: current value is none`,
          { retriable: true },
        ),
      );
    }
    for (const [nodeId, claims] of byLeader) {
      if (this.#fetching.has(nodeId)) continue;
      this.#fetching.add(nodeId);
      this.#fetch(nodeId, claims)
        .catch((error) => this.#recover(error))
        .finally(() => {
          this.#fetching.delete(nodeId);
          this.pump();
        });
    }
  }

  /** Claims with room; none while those are at their end and others wait for the caller. */
  #wanted(): Claim[] {
    const active = [...this.#options.claims()].filter((claim) => claim.isReady && !claim.isPaused);
    if (active.reduce((sum, claim) => sum + claim.byteLength, 0) >= BUFFERED_BYTES) return [];
    const wanted = active.filter((claim) => claim.sets.length < SETS_PER_PARTITION);
    const isWaitingForCaller = active.some((claim) => claim.sets.length > 0);
    return isWaitingForCaller && wanted.every(isDrained) ? [] : wanted;
  }

  async #fetch(nodeId: number, claims: Claim[]): Promise<void> {
    // Another partition comes first each time: the broker fills the answer from the front.
    const turn = this.#turn++ % claims.length;
    const asked = [...claims.slice(turn), ...claims.slice(0, turn)].map((claim) => ({
      claim,
      epoch: claim.epoch,
      offset: claim.fetchOffset,
    }));
    const answer = await this.#link.fetch(nodeId, {
      partitions: asked.map(({ claim: { partition, maxBytes }, offset }) => ({
        partition,
        offset,
        maxBytes,
      })),
      maxWaitMs: MAX_WAIT_MS,
      maxBytes: Math.max(MAX_BYTES, ...claims.map(({ maxBytes }) => maxBytes)),
    });
    const held = new Set(this.#options.claims());
    for (const fetched of answer) {
      const found = asked.find(({ claim }) => claim.partition === fetched.partition);
      if (found === undefined || !held.has(found.claim) || found.epoch !== found.claim.epoch) continue;
      await this.#accept(found.claim, fetched, found === asked[0]);
    }
    this.#options.onChange();
  }

  /** Takes in what came of a partition; the one that was asked for first is owed records wherever it has any. */
  async #accept(
    claim: Claim,
    { errorCode, endOffset, aborted, records }: FetchedPartition,
    isFirst: boolean,
  ): Promise<void> {
    const { topic } = this.#options;
    const { partition, fetchOffset } = claim;
    if (errorCode === OFFSET_OUT_OF_RANGE) return await this.#moveIntoRange(claim);
    if (errorCode !== 0) {
      claim.failingSince ??= performance.now();
      const isFinal = performance.now() - claim.failingSince > this.#options.giveUpMs;
      throw new DeliveryError(
        `Cannot read ${topic}/${partition} from offset ${fetchOffset} as the broker must give its records: ` +
          `current value is error code ${errorCode}`,
        { retriable: this.#link.isLeaderMoved(errorCode) && !isFinal },
      );
    }
    this.#link.succeeded();
    claim.failingSince = undefined;
    claim.endOffset = endOffset;
    const set = new RecordSet(records, { topic, partition, fromOffset: fetchOffset, aborted });
    const end = set.endOffset();
    if (end !== undefined && end > fetchOffset) {
      claim.fetchOffset = end;
      claim.sets.push(set);
      claim.stalledSince = undefined;
    } else if (records.length > 0) {
      claim.maxBytes *= 2; // a batch that does not fit is cut off
    } else if (endOffset <= fetchOffset) {
      claim.stalledSince = undefined;
    } else if (isFirst) {
      claim.stalledSince ??= performance.now();
      const stalledMs = Math.round(performance.now() - claim.stalledSince);
      if (stalledMs <= STALLED_MS) return;
      throw new DeliveryError(
        `Cannot read ${topic}/${partition} from offset ${fetchOffset} as the broker must give records up to ` +
          `${endOffset}: current value is none for ${stalledMs} ms`,
        { retriable: stalledMs < this.#options.giveUpMs },
      );
    }
  }

  /** Retention may have deleted what comes next: goes on behind it, and says so. Beyond the end, it is another topic. */
  async #moveIntoRange(claim: Claim): Promise<void> {
    const { topic, report } = this.#options;
    const { epoch, partition, fetchOffset } = claim;
    const [{ startOffset, endOffset }] = await this.#link.offsets([partition]);
    if (claim.epoch !== epoch) return;
    if (fetchOffset > endOffset) {
      throw new DeliveryError(
        `Cannot read ${topic}/${partition} from offset ${fetchOffset} as it must lie in the topic, which may have been ` +
          `made anew: current value is ${startOffset} to ${endOffset}`,
        { retriable: false },
      );
    }
    if (fetchOffset < startOffset) {
      // From the start is a wish, not an offset that somebody counted on.
      if (fetchOffset > 0) {
        report(
          `${topic}/${partition}: offsets ${fetchOffset} to ${startOffset - 1} were deleted by retention`,
        );
      }
      claim.skipTo(startOffset);
    }
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

function isDrained(claim: Claim): boolean {
  return claim.endOffset !== undefined && claim.fetchOffset >= claim.endOffset;
}
