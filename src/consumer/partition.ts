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
  /** Called while the state is restored, before it and after each batch; `nextOffset` is where reading will go on. */
  onReplay?(replay: { nextOffset: number; replayed: number; records: number }): void;
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
  /** Whether a batch is being taken into the state. */
  #isProcessing = false;
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
   * @param signal Ends the replay early; then undefined is returned.
   * @throws FencedError if another owner claimed it meanwhile; Error if the ledger is ahead of the stream, or follows another stream or another topic of this name.
   */
  static async claim(
    member: PartitionMember,
    partition: number,
    hooks: PartitionHooks,
    signal?: AbortSignal,
  ): Promise<OwnedPartition | undefined> {
    const { broker, ledger, judge, labels, owner, telemetry, settings } = member;
    const { topic, featuresOptions, snapshotRecords, snapshotIntervalMs, giveWay } = settings;
    const retryReads = member.retry(`stream ${broker.name}`);
    const retryWrites = member.retry(`ledger ${ledger.name}`);
    const claim = await retry(
      async () => await ledger.claim(topic, partition, { owner, streamId: await broker.id() }),
      retryWrites,
    );
    const stage = openFeatureStage(judge.model.manifest, featuresOptions);
    const labelTopic = stage.features.usesLabels ? settings.labelTopic : undefined;
    await retry(() => checkFollowed({ broker, ledger, topic, labelTopic }), retryReads);
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
    const place = { topic, partition, epoch: claim.epoch };
    const startOffset = range?.startOffset ?? 0;
    const source = {
      broker,
      ledger,
      decoder: judge.decoder,
      labels,
      topic,
      partition,
      retryReads,
      telemetry,
    };
    const state = await PartitionState.restore(
      stage,
      { ...source, snapshotRecords, snapshotIntervalMs },
      claim,
      {
        ...{ startOffset, signal, giveWay },
        onReplay(replayed, records) {
          hooks.onReplay?.({ nextOffset: claim.nextOffset!, replayed, records });
          if (replayed > 0) return;
          telemetry.log(
            "info",
            `partition ${partition}: restoring its history from ${records} committed records`,
          );
        },
        keep: (nextOffset, bytes) => retry(() => ledger.keepSnapshot(place, nextOffset, bytes), retryWrites),
      },
    );
    if (state === undefined) return undefined;
    const owned = new OwnedPartition(place, claim.nextOffset ?? startOffset, state, member, hooks);
    await owned.lose(startOffset);
    return owned;
  }

  /** Committed records that its state should know and does not, as the stream deleted them; 0 once it is warm. */
  get missing(): number {
    return this.#state.missing;
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
    this.#isProcessing = true;
    const result = await processBatch(batch, {
      judge,
      stage: this.stage,
      readLabels: (columns) => this.#state.readLabels(columns),
      logMode,
      pool,
      onScored,
    }, Date.now());
    this.#isProcessing = false;
    const outcome: Outcome = {
      ...result,
      epoch: this.place.epoch,
      firstOffset: this.#nextOffset,
      labelOffsets: this.#state.labelOffsets,
      snapshot: this.#state.took(batch),
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

  /**
   * Keeps a snapshot of the state after what is in flight, if it has new records.
   *
   * @param startOffset First offset that the stream still has; where it is given, a snapshot is kept only if one is due.
   */
  async keepSnapshot(startOffset?: number): Promise<void> {
    const state = this.#state;
    if (this.#isProcessing || this.#lost || this.#failure !== undefined || !state.hasNew) return;
    if (startOffset !== undefined && !state.isDue(startOffset)) return;
    const nextOffset = this.#nextOffset;
    const bytes = state.snapshot(nextOffset);
    const { ledger } = this.#member;
    this.#committing = this.#committing.then(() =>
      this.#write(() => ledger.keepSnapshot(this.place, nextOffset, bytes))
    );
    await this.#committing;
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
    await this.#write(async () => {
      outcome.committedAtMs = Date.now();
      await this.#member.ledger.commit(outcome);
    }, () => {
      this.#committedOffset = outcome.nextOffset;
      this.#hooks.onCommit(outcome, performance.now() - startedAt);
    });
  }

  /** Writes to the ledger unless the partition is lost or a write has failed for good, and notes either. */
  async #write(attempt: () => Promise<void>, onWritten?: () => void): Promise<void> {
    if (this.#lost || this.#failure !== undefined) return;
    try {
      await retry(attempt, this.#retryCommit);
      onWritten?.();
    } catch (error) {
      if (error instanceof FencedError) this.#lost = true;
      else this.#failure = error;
    }
  }
}
