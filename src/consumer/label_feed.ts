/**
 * The labels of one owned partition, in step with its transactions.
 *
 * @module
 */
import type { Broker, RecordBatch } from "../broker/broker.ts";
import { valueOf } from "../broker/record_batch.ts";
import type { Label } from "../label.ts";
import { decodeLabel } from "../stages/decode_label.ts";
import { type TransactionColumns, TransactionError } from "../transaction.ts";

/** How often the end of the label topic is looked for anew. */
const LOOK_AGAIN_MS = 20;

/**
 * Reads every partition of the label topic from an offset on, no further than the transactions' time asks for.
 *
 * `offsets` says how far each partition was read. A committed batch records it, and a replay that reads up to the
 * recorded offsets before each batch sees the labels in the same order.
 */
export class LabelFeed {
  /** Next offset to read of each partition of the label topic. */
  readonly offsets: number[];
  /** Records of the label topic that were no labels. */
  faults = 0;
  readonly #broker: Broker;
  readonly #topic: string;
  readonly #heads: (Head | undefined)[];
  #ends: number[];
  #endsSeenAt = -Infinity;

  /** Opens the feed at these offsets; a partition without one is read from its start. */
  constructor(broker: Broker, topic: string, offsets: readonly number[]) {
    this.#broker = broker;
    this.#topic = topic;
    this.offsets = [...offsets];
    this.#heads = [];
    this.#ends = [];
  }

  /**
   * Reads on, partition by partition, up to the first label that was made after `untilMs`, or to the end.
   *
   * @param untilMs Time of the latest transaction of the next batch.
   */
  async readUntil(untilMs: number, offer: (label: Label) => void): Promise<void> {
    await this.#findEnds(false);
    for (let partition = 0; partition < this.#ends.length; partition++) {
      for (;;) {
        const head = await this.#head(partition);
        if (head === undefined || head.label.labelledAtMs > untilMs) break;
        offer(head.label);
        this.#take(partition, head);
      }
    }
  }

  /** Reads on up to the time of the latest of these transactions. */
  async readFor(columns: TransactionColumns, offer: (label: Label) => void): Promise<void> {
    let latestMs = -Infinity;
    for (let row = 0; row < columns.count; row++) latestMs = Math.max(latestMs, columns.timestampMs[row]);
    await this.readUntil(latestMs, offer);
  }

  /** Reads on, partition by partition, up to these offsets: what a committed batch had read. */
  async readTo(offsets: readonly number[], offer: (label: Label) => void): Promise<void> {
    await this.#findEnds(true);
    for (let partition = 0; partition < offsets.length; partition++) {
      while ((this.offsets[partition] ?? 0) < offsets[partition]) {
        const head = await this.#head(partition, offsets[partition]);
        if (head === undefined) break;
        offer(head.label);
        this.#take(partition, head);
      }
      this.offsets[partition] = offsets[partition];
    }
  }

  async #findEnds(now: boolean) {
    if (!now && performance.now() - this.#endsSeenAt < LOOK_AGAIN_MS) return;
    this.#endsSeenAt = performance.now();
    if (await this.#broker.partitions(this.#topic) === 0) return;
    const found = await this.#broker.offsets(this.#topic);
    this.#ends = found.map(({ endOffset }) => endOffset);
    for (const { partition, startOffset } of found) this.offsets[partition] ??= startOffset;
  }

  /** The next label of the partition, before the offset. */
  async #head(partition: number, before: number = this.#ends[partition]): Promise<Head | undefined> {
    const known = this.#heads[partition];
    if (known !== undefined) return known.offset < before ? known : undefined;
    while (this.offsets[partition] < before) {
      const { value: batch } = await this.#batches(partition, before).next();
      if (batch === undefined) {
        this.offsets[partition] = before;
        return undefined;
      }
      const head = this.#firstLabel(partition, batch, 0);
      if (head !== undefined) return head;
    }
    return undefined;
  }

  #batches(partition: number, toOffset: number): AsyncIterator<RecordBatch, undefined> {
    const fromOffset = this.offsets[partition];
    return this.#broker.read(this.#topic, partition, { fromOffset, toOffset })[Symbol.asyncIterator]();
  }

  /** The first label of a batch from a position on; records that are no labels are counted and passed over. */
  #firstLabel(partition: number, batch: RecordBatch, from: number): Head | undefined {
    for (let index = from; index < batch.count; index++) {
      try {
        const head = {
          batch,
          index,
          offset: batch.offsets[index],
          label: decodeLabel(valueOf(batch, index)),
        };
        this.#heads[partition] = head;
        return head;
      } catch (error) {
        if (!(error instanceof TransactionError)) throw error;
        this.faults++;
      }
      this.offsets[partition] = batch.offsets[index] + 1;
    }
    this.#heads[partition] = undefined;
    this.offsets[partition] = batch.nextOffset;
    return undefined;
  }

  #take(partition: number, { batch, index, offset }: Head) {
    this.offsets[partition] = offset + 1;
    this.#firstLabel(partition, batch, index + 1);
  }
}

interface Head {
  batch: RecordBatch;
  index: number;
  offset: number;
  label: Label;
}
