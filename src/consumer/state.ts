import { setImmediate } from "node:timers/promises";
import type { Broker, RecordBatch } from "../broker/broker.ts";
import { sliceBatch } from "../broker/record_batch.ts";
import type { Decoder } from "../decode/wasm.ts";
import type { Partition } from "../domain/place.ts";
import type { TransactionColumns } from "../domain/transaction.ts";
import type { FeatureStage } from "../features/stage.ts";
import type { Claim, CommittedRange, Ledger } from "../ledger/ledger.ts";
import { retry, type RetryOptions } from "../runtime/retry.ts";
import type { Telemetry } from "../runtime/telemetry.ts";
import { LabelFeed, MOST_WAITING } from "./label_feed.ts";
import type { LabelTopic } from "./label_topic.ts";
import { encodeSnapshotHeader, type SnapshotHeader, unpackSnapshot } from "./snapshot.ts";

/** Fewest records between two snapshots; replaying that many takes less than a second. */
const SNAPSHOT_RECORDS = 200_000;
const SNAPSHOT_INTERVAL_MS = 300_000;
/** Partitions take their first snapshots at different times, so that not all are in memory at once. */
const STAGGERED_PARTITIONS = 8;
/** Records without a label that came due, while no more labels can wait, after which that is said. */
const HELD_RECORDS = 2000;
/** A replay keeps what it has this often, so that another owner need not begin anew. */
const REPLAY_KEPT_EVERY_MS = 5000;
/** Event time after which a state knows what it would have known: the warm-up of a training. */
const WARM_UP_MS = 21 * 86_400_000;

/** What the state of a partition is restored from. */
export interface StateSource extends Partition {
  broker: Broker;
  /** Recorded in which order the stream was read. */
  ledger: Ledger;
  decoder: Decoder;
  labels: LabelTopic;
  retryReads?: RetryOptions;
  /** Records between two snapshots (default: 200,000, and twice the number of keys). */
  snapshotRecords?: number;
  /** Longest time between two snapshots while records come (default: 5 minutes). */
  snapshotIntervalMs?: number;
  telemetry?: Pick<Telemetry, "trouble" | "recovered" | "count" | "log">;
}

/** How a state is restored; by default undisturbed. */
export interface RestoreOptions {
  /** First offset that the stream still has (default 0). */
  startOffset?: number;
  /** Ends a replay early. */
  signal?: AbortSignal;
  /** Called before a replay and after each of its batches. */
  onReplay?(replayed: number, records: number): void;
  /** Gives heartbeats and requests their turn between batches (default: one turn of the event loop). */
  giveWay?(): Promise<unknown>;
  /** Keeps the state before the offset, which others may go on from. */
  keep?(nextOffset: number, snapshot: Uint8Array): Promise<void>;
}

/**
 * The feature state of one owned partition, kept in step with what is committed.
 *
 * After a restart or a rebalance the state is the newest snapshot plus a replay of what was committed after it, in
 * the recorded order and without effects, so that scores go on bit for bit as if nothing had happened. Where the stream
 * has deleted some of that, the state is rebuilt in part, and says so until it is warm.
 */
export class PartitionState {
  readonly stage: FeatureStage;
  readonly #source: StateSource;
  #labels: LabelFeed;
  #sinceSnapshot: number;
  #snapshotAtMs: number;
  /** Records taken in that no snapshot holds. */
  #unkept = 0;
  /** A restart needs the records from here on. */
  #neededFrom = 0;
  #partial: SnapshotHeader["partial"];
  #eventTimeMs: number | undefined;
  /** Labels applied at the last look, and records since then while no more were and no more could be read. */
  #applied = 0;
  #heldRecords = 0;

  private constructor(stage: FeatureStage, source: StateSource) {
    this.stage = stage;
    this.#source = source;
    this.#labels = new LabelFeed(source.labels, []);
    const { partition, snapshotRecords = SNAPSHOT_RECORDS, snapshotIntervalMs = SNAPSHOT_INTERVAL_MS } =
      source;
    const share = partition % STAGGERED_PARTITIONS / STAGGERED_PARTITIONS;
    this.#sinceSnapshot = share * snapshotRecords;
    this.#snapshotAtMs = performance.now() - share * snapshotIntervalMs;
  }

  /**
   * Restores the state that a claim asks for; undefined if the signal ended the replay.
   *
   * @throws What the stream and `keep` throw.
   */
  static async restore(
    stage: FeatureStage,
    source: StateSource,
    claim: Claim,
    options: RestoreOptions = {},
  ): Promise<PartitionState | undefined> {
    const state = new PartitionState(stage, source);
    const { nextOffset } = claim;
    state.#neededFrom = nextOffset ?? options.startOffset ?? 0;
    if (!stage.features.stateful || nextOffset === undefined) return state;
    let { ranges } = claim;
    let from = 0;
    if (claim.snapshot !== undefined && state.#load(claim.snapshot)) {
      from = claim.snapshot.nextOffset;
    } else {
      ranges = await Array.fromAsync(source.ledger.ranges(source.topic, source.partition));
      from = ranges[0]?.firstOffset ?? nextOffset;
    }
    state.#neededFrom = from;
    state.#findMissing(ranges, from, options.startOffset ?? 0);
    try {
      await state.#replay(ranges, from, options);
    } catch (error) {
      if (!options.signal?.aborted) throw error;
    }
    return options.signal?.aborted ? undefined : state;
  }

  /** Committed records that the state should know and does not, as the stream has deleted them; 0 once it is warm. */
  get missing(): number {
    return this.#partial?.missing ?? 0;
  }

  /** How far the labels were read, recorded with each batch; empty if no feature learns from labels. */
  get labelOffsets(): readonly number[] {
    return this.stage.features.usesLabels ? [...this.#labels.offsets] : [];
  }

  /** Offers the labels that these transactions may see. */
  async readLabels(columns: TransactionColumns): Promise<void> {
    const { features } = this.stage;
    if (columns.count > 0) this.#eventTimeMs = columns.timestampMs[0];
    if (!features.usesLabels) return;
    await this.#labels.readFor(columns, features);
    this.#lookAtWaiting(columns.count);
  }

  /** Says when labels of a later time fill the room for those that wait: in a backlog some come due with each batch. */
  #lookAtWaiting(records: number) {
    const { labelsQueued, labelsApplied } = this.stage.features;
    const { telemetry, partition } = this.#source;
    const isHeld = labelsQueued >= MOST_WAITING && labelsApplied === this.#applied;
    this.#applied = labelsApplied;
    this.#heldRecords = isHeld ? this.#heldRecords + records : 0;
    const what = `labels for partition ${partition}`;
    if (!isHeld) telemetry?.recovered(what);
    else if (this.#heldRecords >= HELD_RECORDS) {
      telemetry?.trouble(
        what,
        `${labelsQueued} wait for a later time, the most that may, and none came due in ${this.#heldRecords} records; ` +
          "labels behind them are read when some have",
        true,
      );
    }
  }

  /**
   * Notes that a batch was taken in.
   *
   * @returns The state as bytes if it is time for a snapshot.
   */
  took(batch: RecordBatch): Uint8Array | undefined {
    if (!this.stage.features.stateful) return undefined;
    this.#note(batch.count, this.#eventTimeMs);
    this.#sinceSnapshot += batch.count;
    return this.isDue() ? this.snapshot(batch.nextOffset) : undefined;
  }

  /**
   * Whether it is time for a snapshot.
   *
   * @param startOffset First offset that the stream still has: what a restart needs must not be deleted first.
   */
  isDue(startOffset = 0): boolean {
    const { features } = this.stage;
    const { snapshotRecords = Math.max(SNAPSHOT_RECORDS, features.keys * 2) } = this.#source;
    const { snapshotIntervalMs = SNAPSHOT_INTERVAL_MS } = this.#source;
    return this.#unkept > 0 && (this.#sinceSnapshot >= snapshotRecords || startOffset > this.#neededFrom ||
      performance.now() - this.#snapshotAtMs >= snapshotIntervalMs);
  }

  /** Whether records were taken in that no snapshot holds. */
  get hasNew(): boolean {
    return this.#unkept > 0;
  }

  /** The state as bytes; it holds every record before the offset. */
  snapshot(nextOffset: number): Uint8Array {
    this.#sinceSnapshot = this.#unkept = 0;
    this.#snapshotAtMs = performance.now();
    this.#neededFrom = nextOffset;
    const { features } = this.stage;
    return features.snapshot(encodeSnapshotHeader({
      stateId: features.stateId,
      labelOffsets: [...this.#labels.offsets],
      takenAtMs: Date.now(),
      partial: this.#partial,
    }));
  }

  /** Restores a snapshot; false if it is damaged or other feature definitions made it, so that all must be replayed. */
  #load({ nextOffset, bytes }: NonNullable<Claim["snapshot"]>): boolean {
    const { labels, partition, telemetry } = this.#source;
    try {
      const [header, state] = unpackSnapshot(bytes);
      if (header.stateId !== this.stage.features.stateId) return false;
      this.stage.features.restore(state);
      this.#labels = new LabelFeed(labels, header.labelOffsets);
      this.#partial = header.partial;
      return true;
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      telemetry?.count("snapshots_damaged");
      telemetry?.log(
        "error",
        `partition ${partition}: the snapshot up to offset ${nextOffset} is damaged, so the history is made anew from ` +
          `the stream: ${error.message}`,
      );
      return false;
    }
  }

  #findMissing(ranges: readonly CommittedRange[], from: number, startOffset: number) {
    const { telemetry, topic, partition } = this.#source;
    const missing = ranges.reduce((sum, range) => {
      const first = Math.max(range.firstOffset, from);
      return sum + Math.max(0, Math.min(range.nextOffset, startOffset) - first);
    }, 0);
    if (missing > 0) this.#partial = { missing: missing + this.missing, warmAtMs: null };
    if (this.#partial === undefined) return;
    telemetry?.trouble(
      `history of ${topic}/${partition}`,
      `${this.missing} committed records that it needs are gone from the stream, so it is rebuilt in part and scores ` +
        "differ until three weeks of events have passed; keep records longer than the time between two snapshots " +
        "(--snapshot-interval), and longer than the history that a new model needs",
      true,
    );
  }

  /** Counts records taken in, and finds out when the state is warm. */
  #note(records: number, eventTimeMs: number | undefined) {
    this.#unkept += records;
    const partial = this.#partial;
    if (partial === undefined || eventTimeMs === undefined) return;
    partial.warmAtMs ??= eventTimeMs + WARM_UP_MS;
    if (eventTimeMs < partial.warmAtMs) return;
    this.#partial = undefined;
    this.#source.telemetry?.recovered(`history of ${this.#source.topic}/${this.#source.partition}`);
  }

  /**
   * Applies the records of these ranges from the offset on, in one read of the stream. Before a range's first record come the
   * labels that its batch had seen. What was applied is kept from time to time, and when the signal ends it.
   */
  async #replay(
    ranges: readonly CommittedRange[],
    from: number,
    { signal, onReplay, giveWay = setImmediate, keep }: RestoreOptions,
  ) {
    if (ranges.length === 0) return;
    const { broker, decoder, topic, partition, retryReads, snapshotIntervalMs = Infinity } = this.#source;
    const toOffset = ranges[ranges.length - 1].nextOffset;
    const firstOffset = Math.max(from, ranges[0].firstOffset);
    let fromOffset = firstOffset;
    let at = 0;
    const startedAtMs = performance.now();
    let keptAtMs = startedAtMs;
    const keepEveryMs = Math.min(REPLAY_KEPT_EVERY_MS, snapshotIntervalMs);
    const ended = AbortSignal.any([signal, retryReads?.signal].filter((each) => each !== undefined));
    if (toOffset > firstOffset) onReplay?.(0, toOffset - firstOffset);
    await this.#readLabelsOf(ranges[at]);
    await retry(async () => {
      if (ended.aborted) return;
      for await (const batch of broker.read(topic, partition, { fromOffset, toOffset, signal: ended })) {
        await decoder.prepare?.(batch);
        for (let row = 0, end = 0; row < batch.count; row = end) {
          while (batch.offsets[row] >= ranges[at].nextOffset) await this.#readLabelsOf(ranges[++at]);
          while (end < batch.count && batch.offsets[end] < ranges[at].nextOffset) end++;
          const { columns } = decoder.decodeBatch(sliceBatch(batch, row, end));
          this.stage.apply(columns);
          this.#note(end - row, columns.count > 0 ? columns.timestampMs[0] : undefined);
          // After a failure, reading goes on behind what was applied.
          fromOffset = batch.offsets[end - 1] + 1;
        }
        onReplay?.(fromOffset - firstOffset, toOffset - firstOffset);
        await giveWay();
        const isDue = ended.aborted || performance.now() - keptAtMs >= keepEveryMs;
        if (keep !== undefined && isDue) {
          const keepingAtMs = performance.now();
          await keep(fromOffset, this.snapshot(fromOffset));
          // A large state is kept less often, so that this takes a tenth of the time at most.
          keptAtMs = performance.now() + 9 * (performance.now() - keepingAtMs);
        }
        if (ended.aborted) return;
      }
    }, { ...retryReads, signal: ended });
    while (!ended.aborted && at < ranges.length - 1) await this.#readLabelsOf(ranges[++at]);
    const wasLong = performance.now() - startedAtMs >= keepEveryMs;
    if (wasLong && !ended.aborted && this.hasNew) await keep?.(toOffset, this.snapshot(toOffset));
  }

  async #readLabelsOf({ labelOffsets }: CommittedRange) {
    const { features } = this.stage;
    if (features.usesLabels) await this.#labels.readTo(labelOffsets, features);
  }
}
