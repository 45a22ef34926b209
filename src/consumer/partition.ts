/**
 * One partition that this consumer owns, from its claim to its last commit.
 *
 * @module
 */
import type { ArrayPool } from "../runtime/array_pool.ts";
import type { Broker, RecordBatch } from "../broker/broker.ts";
import { sliceBatch } from "../broker/record_batch.ts";
import { FencedError, type Ledger, type LogMode, type Outcome } from "../ledger/ledger.ts";
import type { FeaturesOptions } from "../features/features.ts";
import type { Judge } from "../pipeline/judge.ts";
import { processBatch, type ScoredBatch } from "../pipeline/pipeline.ts";
import { retry, type RetryOptions } from "../runtime/retry.ts";
import { type FeatureStage, openFeatureStage } from "../features/stage.ts";
import type { LabelTopic } from "./label_topic.ts";
import { PartitionState } from "./state.ts";

/** Outcomes that are committed or wait for it, and their records, at most; one is let in whatever its size. */
const MOST_IN_FLIGHT = 8;
const MOST_RECORDS_IN_FLIGHT = 4096;

/** What every partition of a consumer shares. */
export interface PartitionParts {
  broker: Broker;
  /** Where outcomes are committed. */
  ledger: Ledger;
  judge: Judge;
  topic: string;
  /** The topic of the labels, shared by all partitions. */
  labels: LabelTopic;
  /** Which scored transactions get a row of their own in the log. */
  logMode: LogMode;
  owner: string;
  /** Bounds and rules of each partition's feature state. */
  featuresOptions?: FeaturesOptions;
  /** Records of a partition between two snapshots of its feature state (default: 200,000, and twice the number of keys). */
  snapshotRecords?: number;
  /** Memory for the columns of batches. */
  pool: ArrayPool;
  /** Told of each batch when it is scored, before it is committed. */
  onScored?(scored: ScoredBatch): void;
  retry: RetryOptions;
  /** How reading is repeated while the stream does not answer. */
  retryReads: RetryOptions;
  /** Told at a claim how many records were replayed to restore the partition's state. */
  onReplay(partition: number, records: number): void;
  /** Told of a commit, and of the time from the batch's processing to it, milliseconds. */
  onCommit(outcome: Outcome, batchMs: number): void;
}

/**
 * An owned partition: batches go in, in order, and are committed one after another.
 *
 * While one batch is being committed the next one is processed; small ones line up behind it, so that a commit that takes
 * its time keeps no other partition waiting, and large ones do not, so that what is in flight is bounded. After a `FencedError` the partition is another owner's: `isLost` is true and batches are dropped.
 */
export class OwnedPartition {
  /** Number of the partition, from 0. */
  readonly partition: number;
  /** The epoch of its claim, under which everything of it is committed. */
  readonly epoch: number;
  readonly #parts: PartitionParts;
  readonly #stage;
  readonly #state: PartitionState;
  #nextOffset: number;
  #committedOffset: number;
  /** The last of the commits that are under way, one after another. */
  #committing: Promise<void> = Promise.resolve();
  readonly #inFlight = new Set<{ records: number; committed: Promise<void> }>();
  #failure: unknown;
  #lost = false;

  private constructor(
    parts: PartitionParts,
    partition: number,
    claimed: {
      epoch: number;
      nextOffset: number;
      stage: ReturnType<typeof openFeatureStage>;
      state: PartitionState;
    },
  ) {
    this.partition = partition;
    this.epoch = claimed.epoch;
    this.#parts = parts;
    this.#stage = claimed.stage;
    this.#state = claimed.state;
    this.#nextOffset = this.#committedOffset = claimed.nextOffset;
  }

  /**
   * Claims the partition in the ledger and restores its feature state.
   *
   * @throws Error where the ledger is ahead of the stream, or follows another stream.
   */
  static async claim(parts: PartitionParts, partition: number): Promise<OwnedPartition> {
    const { broker, ledger, judge, topic, labels, owner, retryReads, snapshotRecords } = parts;
    const claim = await retry(
      async () => await ledger.claim(topic, partition, { owner, streamId: await broker.id() }),
      parts.retry,
    );
    const range = (await retry(() => broker.offsets(topic), retryReads)).find((each) =>
      each.partition === partition
    );
    const endOffset = range?.endOffset ?? 0;
    if ((claim.nextOffset ?? 0) > endOffset) {
      throw new Error(
        `Cannot follow ${topic}/${partition} as the stream ${broker.name} must reach the ledger's next offset ` +
          `${claim.nextOffset}: it ends at ${endOffset}; records were lost, or it is not the stream that ` +
          `${ledger.name} followed`,
      );
    }
    const stage = openFeatureStage(judge.model.manifest, parts.featuresOptions);
    const source = {
      broker,
      ledger,
      decoder: judge.decoder,
      topic,
      partition,
      labels,
      retryReads,
      snapshotRecords,
    };
    const state = await PartitionState.restore(
      stage,
      source,
      claim,
      (records) => parts.onReplay(partition, records),
    );
    const nextOffset = claim.nextOffset ?? range?.startOffset ?? 0;
    return new OwnedPartition(parts, partition, { epoch: claim.epoch, nextOffset, stage, state });
  }

  /** The offset from which to read on. */
  get nextOffset(): number {
    return this.#nextOffset;
  }

  /** The offset up to which all is committed under this claim, or was before it. */
  get committedOffset(): number {
    return this.#committedOffset;
  }

  /** Features and their state, as far as the partition was processed; to be read, not moved on. */
  get stage(): FeatureStage {
    return this.#stage;
  }

  /** Whether another owner has taken the partition. */
  get isLost(): boolean {
    return this.#lost;
  }

  /** Records of the label topic that were no labels. */
  get labelFaults(): number {
    return this.#state.labelFaults;
  }

  /**
   * Processes a batch and begins to commit it; waits while too much before it is being committed.
   *
   * Records before the next offset (read again after a seek) are passed over.
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
    const { judge, logMode, pool, onScored } = this.#parts;
    const result = await processBatch(batch, {
      judge,
      stage: this.#stage,
      readLabels: (columns) => this.#state.readLabels(columns),
      logMode,
      pool,
      onScored,
    }, Date.now());
    const outcome: Outcome = {
      ...result,
      epoch: this.epoch,
      firstOffset: this.#nextOffset,
      labelOffsets: this.#state.labelOffsets,
      snapshot: this.#state.snapshotAfter(batch),
      committedAtMs: Date.now(),
    };
    this.#nextOffset = batch.nextOffset;
    await this.#makeRoom(batch.count);
    if (!this.#lost) this.#startCommit(outcome, batch.count, startedAt);
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
    const { ledger, onCommit } = this.#parts;
    if (this.#lost || this.#failure !== undefined) return;
    try {
      await retry(() => {
        outcome.committedAtMs = Date.now();
        return ledger.commit(outcome);
      }, this.#parts.retry);
      this.#committedOffset = outcome.nextOffset;
      onCommit(outcome, performance.now() - startedAt);
    } catch (error) {
      if (error instanceof FencedError) this.#lost = true;
      else this.#failure = error;
    }
  }
}
