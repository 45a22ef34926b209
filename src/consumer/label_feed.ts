import { type Label, type LabelColumns, ReusedLabel } from "../domain/label.ts";
import { retry } from "../runtime/retry.ts";
import type { TransactionColumns } from "../domain/transaction.ts";
import type { LabelBlock, LabelTopic } from "./label_topic.ts";

/** Most labels that are read ahead of the transactions: 2 MB of the state, and of its snapshot. */
export const MOST_WAITING = 32_768;

/** Applies each label when the transactions reach its time, in the order of these times. */
export interface LabelTaker {
  /** Copies a label; the caller reuses the object. */
  offer(label: Label): void;
  /** Labels that wait for their time. */
  readonly labelsQueued: number;
}

/**
 * Feeds one owned partition the labels that its transactions may see, from every partition of the label topic.
 *
 * Reads a bounded number of labels ahead, so a label queued behind later-dated ones still applies on time.
 *
 * A committed batch records `offsets`. A replay that reads up to the recorded offsets before each batch sees the labels in the
 * same order.
 */
export class LabelFeed {
  /** Next offset to read of each partition of the label topic. */
  readonly offsets: number[];
  /** Invalid records of the label topic. */
  faults = 0;
  readonly #topic: LabelTopic;
  readonly #heads: (Head | undefined)[] = [];
  readonly #label = new ReusedLabel();
  #ends: number[] = [];

  /** Opens the feed at these offsets; a partition without an offset is read from its start. */
  constructor(topic: LabelTopic, offsets: readonly number[]) {
    this.#topic = topic;
    this.offsets = [...offsets];
  }

  /**
   * Reads on, partition by partition, to the end; if very many labels wait for their time, only to the first one made after
   * `untilMs`.
   *
   * @param untilMs Time of the latest transaction of the next batch.
   */
  async readUntil(untilMs: number, taker: LabelTaker): Promise<void> {
    await this.#persist(() => this.#findEnds(false));
    const partitions = this.#ends.length;
    for (let partition = 0; partition < partitions; partition++) {
      // Each partition gets a share of what may wait.
      const most = MOST_WAITING * (partition + 1) / partitions;
      const isWanted = (labelledAtMs: number) => labelledAtMs <= untilMs || taker.labelsQueued < most;
      await this.#readOn(partition, this.#ends[partition], isWanted, taker);
    }
  }

  /** Reads on up to the time of the latest of these transactions. */
  async readFor(columns: TransactionColumns, taker: LabelTaker): Promise<void> {
    let latestMs = -Infinity;
    for (let row = 0; row < columns.count; row++) latestMs = Math.max(latestMs, columns.timestampMs[row]);
    await this.readUntil(latestMs, taker);
  }

  /** Reads on, partition by partition, up to these offsets: what a committed batch had read. */
  async readTo(offsets: readonly number[], taker: Pick<LabelTaker, "offer">): Promise<void> {
    if (offsets.some((offset, partition) => !(offset <= this.#ends[partition]))) {
      await this.#persist(() => this.#findEnds(true));
    }
    for (let partition = 0; partition < offsets.length; partition++) {
      await this.#readOn(partition, offsets[partition], () => true, taker);
      this.offsets[partition] = offsets[partition];
    }
  }

  /** The calls can be repeated after a failure anywhere within them. */
  #persist<T>(call: () => Promise<T>): Promise<T> {
    return retry(call, this.#topic.retry);
  }

  async #findEnds(now: boolean) {
    const ranges = await this.#topic.ranges(now);
    if (ranges === undefined) return;
    this.#ends = ranges.map(({ endOffset }) => endOffset);
    for (const [partition, { startOffset }] of ranges.entries()) this.offsets[partition] ??= startOffset;
  }

  /** Offers the labels of a partition before the offset, up to the first that is not wanted. */
  async #readOn(
    partition: number,
    before: number,
    isWanted: (labelledAtMs: number) => boolean,
    taker: Pick<LabelTaker, "offer">,
  ) {
    for (;;) {
      const head = this.#heads[partition] ??
        await this.#persist(() => this.#nextHead(partition, before));
      if (head === undefined) return;
      const { block: { labels, offsets }, row: first } = head;
      while (
        head.row < labels.count && offsets[labels.recordIndex[head.row]] < before &&
        isWanted(labels.labelledAtMs[head.row])
      ) {
        taker.offer(fill(this.#label, labels, head.row++));
      }
      if (head.row > first) this.offsets[partition] = head.offset;
      if (head.row < labels.count) return;
      this.#heads[partition] = undefined;
    }
  }

  /** The next records of the partition before the offset; undefined where there are none. */
  async #nextHead(partition: number, before: number): Promise<Head | undefined> {
    if (this.offsets[partition] >= before) return undefined;
    const from = this.offsets[partition] = this.#topic.begin(partition, this.offsets[partition], before);
    if (from >= before) return undefined;
    const block = await this.#topic.block(partition, from);
    if (block === undefined) {
      this.offsets[partition] = before;
      return undefined;
    }
    const head = new Head(block, from);
    this.faults += head.faults;
    this.offsets[partition] = head.offset;
    return this.#heads[partition] = head;
  }
}

/** A block of the label topic that is being read. */
class Head {
  readonly block: LabelBlock;
  row: number;
  /** Invalid records after the offset at which it was opened. */
  readonly faults: number;

  constructor(block: LabelBlock, fromOffset: number) {
    const { offsets, labels } = block;
    const record = firstAtLeast(offsets.length, (i) => offsets[i], fromOffset);
    this.block = block;
    this.row = firstAtLeast(labels.count, (i) => labels.recordIndex[i], record);
    this.faults = offsets.length - record - (labels.count - this.row);
  }

  /** Where reading goes on: after the label before the next one, and the invalid records between them. */
  get offset(): number {
    const { offsets, labels: { recordIndex, count }, nextOffset } = this.block;
    if (this.row === count) return nextOffset;
    return recordIndex[this.row] === 0 ? offsets[0] : offsets[recordIndex[this.row] - 1] + 1;
  }
}

/** Index of the first of `count` rising values that is at least `least`; `count` if none is. */
function firstAtLeast(count: number, valueOf: (index: number) => number, least: number): number {
  let [from, to] = [0, count];
  while (from < to) {
    const middle = from + to >> 1;
    if (valueOf(middle) < least) from = middle + 1;
    else to = middle;
  }
  return from;
}

function fill(out: ReusedLabel, labels: LabelColumns, row: number): Label {
  for (const name of ["transactionKey", "customerKey", "terminalKey"] as const) {
    out[name][0] = labels[name][2 * row];
    out[name][1] = labels[name][2 * row + 1];
  }
  out.timestampMs = labels.timestampMs[row];
  out.isFraud = labels.isFraud[row] === 1;
  out.labelledAtMs = labels.labelledAtMs[row];
  out.z = labels.z[row];
  return out;
}
