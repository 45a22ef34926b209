import type { RecordBatch } from "../broker/broker.ts";
import { sliceBatch } from "../broker/record_batch.ts";
import type { Place } from "../domain/place.ts";
import { type FeatureStage, openFeatureStage } from "../features/stage.ts";
import { FencedError, type Outcome } from "../ledger/ledger.ts";
import type { Loss } from "../ledger/losses.ts";
import { processBatch } from "../pipeline/pipeline.ts";
import { retry, type RetryOptions } from "../runtime/retry.ts";
import { checkFollowed } from "./followed_topics.ts";
import type { Member } from "./member.ts";
import { PartitionState } from "./state.ts";

/** Most outcomes, and most of their records, whose commit is not done; one outcome may exceed it. */
const MOST_IN_FLIGHT = 8;
const MOST_RECORDS_IN_FLIGHT = 4096;

/** What a partition needs of the consumer. */
type PartitionMember = Omit<Member, "store" | "listeners" | "cutMemory">;
type OnCommit = (outcome: Outcome, batchMs: number) => void;

/** Who hears of a partition. */
interface PartitionHooks {
  /** Called after each commit with the time since the batch's processing began, milliseconds. */
  onCommit: OnCommit;
  /** Called when a loss is in the ledger. */
  onLost(loss: Loss): Promise<void> | void;
}

/**
 * An owned partition: batches go in, in order, and are committed one after another.
 *
 * While one batch is being committed the next one is processed. Small batches queue up behind a slow commit, so that it
 * holds up no other partition; large ones wait, so that what is in flight is bounded. After a `FencedError` the partition
 * is another owner's: `isLost` is true and batches are dropped.
 */
export class OwnedPartition {
  readonly place: Place;
  /** Features and their state, up to the last processed batch; observers only read it. */
  readonly stage: FeatureStage;
  readonly #member: PartitionMember;
  readonly #hooks: PartitionHooks;
  readonly #state: PartitionState;
  readonly #retryCommit: RetryOptions;
  #nextOffset: number;
  #committedOffset: number;
  /** The last of the commits that are under way, one after another. */
  #committing: Promise<void> = Promise.resolve();
  readonly #inFlight = new Set<{ records: number; committed: Promise<void> }>();
  #failure: unknown;
  #lost = false;

  private constructor(
    place: Place,
    nextOffset: number,
    state: PartitionState,
    member: PartitionMember,
    hooks: PartitionHooks,
  ) {
    this.place = place;
    this.stage = state.stage;
    this.#nextOffset = this.#committedOffset = nextOffset;
    this.#state = state;
    this.#member = member;
    this.#hooks = hooks;
    this.#retryCommit = member.retry(`ledger ${member.ledger.name}`);
  }

  /**
   * Claims the partition in the ledger and restores its feature state; records what the stream deleted meanwhile.
   *
   * @throws Error if the ledger is ahead of the stream, or follows another stream or another topic of this name.
   */
  static async claim(
    member: PartitionMember,
    partition: number,
    hooks: PartitionHooks,
  ): Promise<OwnedPartition> {
    const { broker, ledger, judge, labels, owner, telemetry, settings } = member;
    const { topic, featuresOptions, snapshotRecords } = settings;
    const retryReads = member.retry(`stream ${broker.name}`);
    const claim = await retry(
      async () => await ledger.claim(topic, partition, { owner, streamId: await broker.id() }),
      member.retry(`ledger ${ledger.name}`),
    );
    const stage = openFeatureStage(judge.model.manifest, featuresOptions);
    const labelTopic = stage.features.usesLabels ? settings.labelTopic : undefined;
    await retry(() => checkFollowed({ broker, ledger, topic, labelTopic }, claim), retryReads);
    const ranges = await retry(() => broker.offsets(topic), retryReads);
    const range = ranges.find((each) => each.partition === partition);
    const endOffset = range?.endOffset ?? 0;
    if ((claim.nextOffset ?? 0) > endOffset) {
      throw new Error(
        `Cannot follow ${topic}/${partition} as the stream ${broker.name} must reach the ledger's next offset ` +
          `${claim.nextOffset}: it ends at ${endOffset}; records were lost, or it is not the stream that ` +
          `${ledger.name} followed`,
      );
    }
    const state = await PartitionState.restore(
      stage,
      {
        broker,
        ledger,
        decoder: judge.decoder,
        labels,
        topic,
        partition,
        retryReads,
        snapshotRecords,
        telemetry,
      },
      claim,
      (records) =>
        telemetry.log(
          "info",
          `partition ${partition}: restoring its history from ${records} committed records`,
        ),
    );
    const startOffset = range?.startOffset ?? 0;
    const owned = new OwnedPartition(
      { topic, partition, epoch: claim.epoch },
      claim.nextOffset ?? startOffset,
      state,
      member,
      hooks,
    );
    await owned.lose(startOffset);
    return owned;
  }

  /** The offset from which to read on. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** Everything before this offset is committed. */
  get committedOffset(): number {
    return this.#committedOffset;
  }

  /** Whether another owner has taken the partition. */
  get isLost(): boolean {
    return this.#lost;
  }

  /**
   * Processes a batch and starts its commit; waits while too much is in flight.
   *
   * Skips records before the next offset, which a seek reads again.
   *
   * @throws What made an earlier commit fail, other than the loss of the partition.
   */
  async process(whole: RecordBatch): Promise<void> {
    if (this.#lost) return;
    let seen = 0;
    while (seen < whole.count && whole.offsets[seen] < this.#nextOffset) seen++;
    if (seen === whole.count) return;
    const batch = sliceBatch(whole, seen);
    const startedAt = performance.now();
    const { judge, pool, settings: { logMode, onScored } } = this.#member;
    const result = await processBatch(batch, {
      judge,
      stage: this.stage,
      readLabels: (columns) => this.#state.readLabels(columns),
      logMode,
      pool,
      onScored,
    }, Date.now());
    const outcome: Outcome = {
      ...result,
      epoch: this.place.epoch,
      firstOffset: this.#nextOffset,
      labelOffsets: this.#state.labelOffsets,
      snapshot: this.#state.snapshotAfter(batch),
      committedAtMs: Date.now(),
    };
    this.#nextOffset = batch.nextOffset;
    await this.#makeRoom(batch.count);
    if (!this.#lost) this.#startCommit(outcome, batch.count, startedAt);
  }

  /**
   * Goes on at the offset, since the stream deleted what lies before it, and records that as lost; nothing happens if
   * nothing is lost.
   *
   * @throws As `process`.
   */
  async lose(nextOffset: number): Promise<void> {
    await this.settle();
    if (this.#lost || nextOffset <= this.#nextOffset) return;
    const { topic, partition, epoch } = this.place;
    const loss = { topic, partition, firstOffset: this.#nextOffset, nextOffset, foundAtMs: Date.now() };
    try {
      await retry(() => this.#member.ledger.losses.skip(loss, epoch), this.#retryCommit);
    } catch (error) {
      if (!(error instanceof FencedError)) throw error;
      this.#lost = true;
      return;
    }
    this.#nextOffset = this.#committedOffset = nextOffset;
    await this.#hooks.onLost(loss);
  }

  /** Waits until so many records more may be in flight. */
  async #makeRoom(records: number): Promise<void> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure;
      const [first] = this.#inFlight;
      if (first === undefined) return;
      const inFlight = [...this.#inFlight].reduce((sum, each) => sum + each.records, records);
      if (this.#inFlight.size < MOST_IN_FLIGHT && inFlight <= MOST_RECORDS_IN_FLIGHT) return;
      await first.committed;
    }
  }

  #startCommit(outcome: Outcome, records: number, startedAt: number) {
    const committed = this.#committing.then(() => this.#commit(outcome, startedAt));
    const entry = { records, committed };
    this.#inFlight.add(entry);
    this.#committing = committed.then(() => void this.#inFlight.delete(entry));
  }

  /** Waits until what was processed is committed, or the partition is lost. */
  async settle(): Promise<void> {
    await this.#committing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #commit(outcome: Outcome, startedAt: number): Promise<void> {
    if (this.#lost || this.#failure !== undefined) return;
    try {
      await retry(() => {
        outcome.committedAtMs = Date.now();
        return this.#member.ledger.commit(outcome);
      }, this.#retryCommit);
      this.#committedOffset = outcome.nextOffset;
      this.#hooks.onCommit(outcome, performance.now() - startedAt);
    } catch (error) {
      if (error instanceof FencedError) this.#lost = true;
      else this.#failure = error;
    }
  }
}
