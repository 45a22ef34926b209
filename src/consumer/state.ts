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
/** Partitions take their first snapshots at different times, so that not all are in memory at once. */
const STAGGERED_PARTITIONS = 8;

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
  telemetry?: Pick<Telemetry, "trouble" | "recovered" | "count" | "log">;
}

/**
 * The feature state of one owned partition, kept in step with what is committed.
 *
 * After a restart or a rebalance the state is the newest snapshot plus a replay of what was committed after it, in
 * the recorded order and without effects, so that scores go on bit for bit as if nothing had happened.
 */
export class PartitionState {
  readonly stage: FeatureStage;
  readonly #source: StateSource;
  #labels: LabelFeed;
  #sinceSnapshot: number;

  private constructor(stage: FeatureStage, source: StateSource) {
    this.stage = stage;
    this.#source = source;
    this.#labels = new LabelFeed(source.labels, []);
    const { partition, snapshotRecords = SNAPSHOT_RECORDS } = source;
    this.#sinceSnapshot = partition % STAGGERED_PARTITIONS * snapshotRecords / STAGGERED_PARTITIONS;
  }

  /**
   * Restores the state that a claim asks for.
   *
   * @param onReplay Called before a replay with its number of records.
   */
  static async restore(
    stage: FeatureStage,
    source: StateSource,
    claim: Claim,
    onReplay: (records: number) => void,
  ): Promise<PartitionState> {
    const state = new PartitionState(stage, source);
    if (!stage.features.stateful || claim.nextOffset === undefined) return state;
    let { ranges } = claim;
    let from = 0;
    if (claim.snapshot !== undefined && state.#load(claim.snapshot)) {
      from = claim.snapshot.nextOffset;
    } else {
      ranges = await Array.fromAsync(source.ledger.ranges(source.topic, source.partition));
      from = ranges[0]?.firstOffset ?? claim.nextOffset;
    }
    if (claim.nextOffset > from) onReplay(claim.nextOffset - from);
    await state.#replay(ranges, from);
    return state;
  }

  /** How far the labels were read, recorded with each batch; empty if no feature learns from labels. */
  get labelOffsets(): readonly number[] {
    return this.stage.features.usesLabels ? [...this.#labels.offsets] : [];
  }

  /** Offers the labels that these transactions may see. */
  async readLabels(columns: TransactionColumns): Promise<void> {
    const { features } = this.stage;
    if (!features.usesLabels) return;
    await this.#labels.readFor(columns, features);
    const { telemetry, partition } = this.#source;
    const what = `labels for partition ${partition}`;
    // Another label partition may be behind: each has a share of the room.
    if (features.labelsQueued < MOST_WAITING) telemetry?.recovered(what);
    else {
      telemetry?.trouble(
        what,
        `${features.labelsQueued} wait until transactions reach their time, the most that may; later labels are read when ` +
          "some of them have come",
        true,
      );
    }
  }

  /** The state as bytes if it is time for a snapshot. */
  snapshotAfter(batch: RecordBatch): Uint8Array | undefined {
    const { features } = this.stage;
    if (!features.stateful) return undefined;
    this.#sinceSnapshot += batch.count;
    const { snapshotRecords = Math.max(SNAPSHOT_RECORDS, features.keys * 2) } = this.#source;
    if (this.#sinceSnapshot < snapshotRecords) return undefined;
    this.#sinceSnapshot = 0;
    return features.snapshot(encodeSnapshotHeader(this.#header()));
  }

  #header(): SnapshotHeader {
    return { stateId: this.stage.features.stateId, labelOffsets: [...this.#labels.offsets] };
  }

  /** Restores a snapshot; false if it is damaged or other feature definitions made it, so that all must be replayed. */
  #load({ nextOffset, bytes }: NonNullable<Claim["snapshot"]>): boolean {
    const { labels, partition, telemetry } = this.#source;
    try {
      const [header, state] = unpackSnapshot(bytes);
      if (header.stateId !== this.stage.features.stateId) return false;
      this.stage.features.restore(state);
      this.#labels = new LabelFeed(labels, header.labelOffsets);
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

  /**
   * Applies the records of these ranges from the offset on, in one read of the stream. Before a range's first record come the
   * labels that its batch had seen.
   */
  async #replay(ranges: readonly CommittedRange[], from: number) {
    if (ranges.length === 0) return;
    const { broker, decoder, topic, partition, retryReads } = this.#source;
    const toOffset = ranges[ranges.length - 1].nextOffset;
    let fromOffset = Math.max(from, ranges[0].firstOffset);
    let at = 0;
    await this.#readLabelsOf(ranges[at]);
    await retry(async () => {
      const { signal } = retryReads ?? {};
      for await (const batch of broker.read(topic, partition, { fromOffset, toOffset, signal })) {
        for (let row = 0, end = 0; row < batch.count; row = end) {
          while (batch.offsets[row] >= ranges[at].nextOffset) await this.#readLabelsOf(ranges[++at]);
          while (end < batch.count && batch.offsets[end] < ranges[at].nextOffset) end++;
          this.stage.apply(decoder.decodeBatch(sliceBatch(batch, row, end)).columns);
          // After a failure, reading goes on behind what was applied.
          fromOffset = batch.offsets[end - 1] + 1;
        }
      }
    }, retryReads);
    while (at < ranges.length - 1) await this.#readLabelsOf(ranges[++at]);
  }

  async #readLabelsOf({ labelOffsets }: CommittedRange) {
    const { features } = this.stage;
    if (features.usesLabels) await this.#labels.readTo(labelOffsets, features);
  }
}
