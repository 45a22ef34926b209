/**
 * The feature state of one owned partition: restored, moved on with the labels, snapshotted.
 *
 * @module
 */
import type { Broker, RecordBatch } from "../broker/broker.ts";
import { sliceBatch } from "../broker/record_batch.ts";
import type { Claim, CommittedRange, Ledger } from "../ledger/ledger.ts";
import { retry, type RetryOptions } from "../runtime/retry.ts";
import type { Decoder } from "../decode/wasm.ts";
import type { FeatureStage } from "../features/stage.ts";
import type { TransactionColumns } from "../domain/transaction.ts";
import { LabelFeed } from "./label_feed.ts";
import type { LabelTopic } from "./label_topic.ts";
import { encodeSnapshotHeader, type SnapshotHeader, unpackSnapshot } from "./snapshot.ts";

/** Fewest records between two snapshots; to replay so many takes less than a second. */
const SNAPSHOT_RECORDS = 200_000;
/** Partitions whose first snapshots lie apart, so that not all are in memory at one time. */
const STAGGERED_PARTITIONS = 8;

/** What the state of a partition is restored from. */
export interface StateSource {
  /** The stream that is read again. */
  broker: Broker;
  /** The ledger that recorded in which order it was read. */
  ledger: Ledger;
  decoder: Decoder;
  topic: string;
  /** Partition of it, from 0. */
  partition: number;
  labels: LabelTopic;
  /** How reading is repeated while the stream does not answer. */
  retryReads?: RetryOptions;
  /** Records between two snapshots (default: 200,000, and twice the number of keys). */
  snapshotRecords?: number;
}

/**
 * Keeps a partition's feature state in step with what is committed.
 *
 * After a restart or a rebalance the state is the newest snapshot plus a replay of what was committed after it, in
 * the recorded order and without effects, so that scores go on bit for bit as if nothing had happened.
 */
export class PartitionState {
  readonly #stage: FeatureStage;
  readonly #source: StateSource;
  #labels: LabelFeed;
  #sinceSnapshot = 0;

  private constructor(stage: FeatureStage, source: StateSource) {
    this.#stage = stage;
    this.#source = source;
    this.#labels = new LabelFeed(source, []);
    const { snapshotRecords = SNAPSHOT_RECORDS } = source;
    this.#sinceSnapshot = source.partition % STAGGERED_PARTITIONS * snapshotRecords / STAGGERED_PARTITIONS;
  }

  /**
   * Restores the state that a claim asks for.
   *
   * @param onReplay Told how many records are replayed, where any are.
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
    if (claim.snapshot !== undefined && state.#load(claim.snapshot.bytes)) {
      from = claim.snapshot.nextOffset;
    } else {
      ranges = await Array.fromAsync(source.ledger.ranges(source.topic, source.partition));
      from = ranges[0]?.firstOffset ?? claim.nextOffset;
    }
    if (claim.nextOffset > from) onReplay(claim.nextOffset - from);
    await state.#replay(ranges, from);
    return state;
  }

  /** How far the labels were read, recorded with each batch; none where no feature learns from labels. */
  get labelOffsets(): readonly number[] {
    return this.#stage.features.usesLabels ? [...this.#labels.offsets] : [];
  }

  /** Records of the label topic that were no labels. */
  get labelFaults(): number {
    return this.#labels.faults;
  }

  /** Offers the labels that these transactions may see. */
  async readLabels(columns: TransactionColumns): Promise<void> {
    const { features } = this.#stage;
    if (!features.usesLabels) return;
    await this.#labels.readFor(columns, features);
  }

  /** The state as bytes where it is time for a snapshot. */
  snapshotAfter(batch: RecordBatch): Uint8Array | undefined {
    const { features } = this.#stage;
    if (!features.stateful) return undefined;
    this.#sinceSnapshot += batch.count;
    const { snapshotRecords = Math.max(SNAPSHOT_RECORDS, features.keys * 2) } = this.#source;
    if (this.#sinceSnapshot < snapshotRecords) return undefined;
    this.#sinceSnapshot = 0;
    return features.snapshot(encodeSnapshotHeader(this.#header()));
  }

  #header(): SnapshotHeader {
    return { stateId: this.#stage.features.stateId, labelOffsets: [...this.#labels.offsets] };
  }

  /** Takes a snapshot's state; false where it is of other definitions, so that the state must be made anew. */
  #load(bytes: Uint8Array): boolean {
    const [header, state] = unpackSnapshot(bytes);
    if (header.stateId !== this.#stage.features.stateId) return false;
    this.#stage.features.restore(state);
    this.#labels = new LabelFeed(this.#source, header.labelOffsets);
    return true;
  }

  /**
   * Applies what lies in these ranges, from the offset on: the stream is read in one go, and before the first record of a
   * range the labels that its batch had seen.
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
          this.#stage.apply(decoder.decodeBatch(sliceBatch(batch, row, end)).columns);
          // What was applied is not applied again after a failure.
          fromOffset = batch.offsets[end - 1] + 1;
        }
      }
    }, retryReads);
    while (at < ranges.length - 1) await this.#readLabelsOf(ranges[++at]);
  }

  async #readLabelsOf({ labelOffsets }: CommittedRange) {
    const { features } = this.#stage;
    if (features.usesLabels) await this.#labels.readTo(labelOffsets, features);
  }
}
