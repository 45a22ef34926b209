import type { Broker, RecordBatch } from "../broker/broker.ts";
import type { LabelColumns } from "../domain/label.ts";
import type { Decoder } from "../decode/wasm.ts";
import type { TransactionError } from "../domain/transaction.ts";
import type { RetryOptions } from "../runtime/retry.ts";

/** How long the ends of the label topic hold before they are looked up anew. */
const LOOK_AGAIN_MS = 20;
/** Records whose labels are kept for those who come after: some 8 MB, and several large batches of each partition. */
const KEPT_RECORDS = 131_072;
/** Places of one label partition that are read on from at a time; each has a fetch or two in memory. */
const MOST_READERS = 4;

/** Where labels come from. */
export interface LabelTopicSource {
  broker: Broker;
  decoder: Decoder;
  /** Topic of the labels; it may be absent. */
  labelTopic: string;
  /** Records whose labels are kept, at least those of one block (default: 131,072). */
  keptRecords?: number;
  /** How its readers repeat reads; its signal ends the wait for a stream that does not answer. */
  retry?: RetryOptions;
  /** Called with labels as they are read, with some of them more than once. */
  onRead?(labels: LabelColumns): void;
  /** Called once with each record that is no label, since the topic was opened. */
  onRefused?(error: TransactionError): void;
  /** Called once with each stretch of a label partition that the stream deleted before it was read, or read again. */
  onLost?(partition: number, firstOffset: number, nextOffset: number): void;
}

/** Where a partition of the label topic starts and ends. */
export interface LabelRange {
  /** First offset. */
  startOffset: number;
  /** Offset after the last one. */
  endOffset: number;
}

/** The labels in one piece of a label partition; to be read, not changed. */
export interface LabelBlock {
  /** Offset that it was asked for at. */
  readonly fromOffset: number;
  /** Offset of each record; some come to no label. */
  readonly offsets: Float64Array;
  readonly labels: LabelColumns;
  /** Where reading goes on. */
  readonly nextOffset: number;
}

interface Reader {
  batches: AsyncIterator<RecordBatch>;
  nextOffset: number;
}

/**
 * Reads each piece of the label topic once for all partitions that follow it closely.
 *
 * A terminal's labels go to the state of every partition, so each partition follows the whole topic at its own pace. What was
 * decoded is kept for the others, the piece used longest ago out first; one that is further behind reads for itself.
 *
 * @example
 * ```ts
 * import { openSqliteBroker } from "../broker/sqlite/broker.ts";
 * import { openDecoder } from "../decode/wasm.ts";
 * import { assertEquals } from "../testing/assert.ts";
 * import { LabelTopic } from "./label_topic.ts";
 *
 * await using broker = openSqliteBroker(`${Deno.makeTempDirSync()}/stream.db`);
 * await using labels = new LabelTopic({ broker, decoder: await openDecoder(), labelTopic: "labels" });
 * assertEquals(await labels.ranges(), undefined);
 * ```
 */
export class LabelTopic implements AsyncDisposable {
  readonly #source: LabelTopicSource;
  /** By label partition, the one used longest ago first. */
  readonly #readers: Reader[][] = [];
  /** One call at a time for each label partition. */
  readonly #turns: Promise<unknown>[] = [];
  /** The one used longest ago first. */
  readonly #kept: { partition: number; block: LabelBlock }[] = [];
  /** By partition: invalid records before this offset were told. */
  readonly #toldUpTo: number[] = [];
  #ranges: LabelRange[] | undefined;
  /** Where the last reported loss of each label partition ends. */
  readonly #lostUntil: number[] = [];
  #rangesSeenAt = -Infinity;

  /** Opens the topic; reading starts with the first block. */
  constructor(source: LabelTopicSource) {
    this.#source = source;
  }

  /** How its readers repeat reads. */
  get retry(): RetryOptions | undefined {
    return this.#source.retry;
  }

  /**
   * Start and end of each partition of the topic, in order, not older than 20 ms, or undefined while there is no topic.
   *
   * @param now Look them up whatever is known.
   */
  async ranges(now = false): Promise<readonly LabelRange[] | undefined> {
    if (now || performance.now() - this.#rangesSeenAt >= LOOK_AGAIN_MS) {
      const { broker, labelTopic } = this.#source;
      const isThere = await broker.partitions(labelTopic) > 0;
      this.#ranges = isThere ? await broker.offsets(labelTopic) : undefined;
      this.#rangesSeenAt = performance.now();
    }
    return this.#ranges;
  }

  /** Where reading from an offset begins: behind what the stream deleted, but not behind `before`. */
  begin(partition: number, offset: number, before: number): number {
    const begin = Math.min(this.#ranges?.[partition]?.startOffset ?? 0, before);
    if (begin <= offset) return offset;
    const reported = this.#lostUntil[partition] ?? 0;
    if (begin > reported) this.#source.onLost?.(partition, Math.max(offset, reported), begin);
    this.#lostUntil[partition] = Math.max(begin, reported);
    return begin;
  }

  /**
   * The piece in which the offset lies, from there on or from before; undefined where nothing comes from there to the end.
   *
   * @throws What the stream throws; the call can be repeated.
   */
  block(partition: number, offset: number): Promise<LabelBlock | undefined> {
    const before = this.#turns[partition] ?? Promise.resolve();
    const turn = before.then(() => this.#find(partition, offset) ?? this.#read(partition, offset));
    // The caller gets the failure; the next turn comes anyway.
    this.#turns[partition] = turn.catch(() => {});
    return turn;
  }

  /** Ends what is being read. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#turns);
    await Promise.all(this.#readers.flat().map(({ batches }) => batches.return?.()));
    this.#readers.length = 0;
  }

  #find(partition: number, offset: number): LabelBlock | undefined {
    const index = this.#kept.findIndex(({ partition: of, block }) =>
      of === partition && block.fromOffset <= offset && offset < block.nextOffset
    );
    if (index < 0) return undefined;
    const [found] = this.#kept.splice(index, 1);
    this.#kept.push(found);
    return found.block;
  }

  async #read(partition: number, offset: number): Promise<LabelBlock | undefined> {
    const { broker, decoder, labelTopic, onRead, onRefused, retry } = this.#source;
    const readers = this.#readers[partition] ??= [];
    for (;;) {
      const index = readers.findIndex(({ nextOffset }) => nextOffset === offset);
      // Taken out while it reads: one that fails is not gone on with.
      const reader = index >= 0 ? readers.splice(index, 1)[0] : {
        batches: broker.read(labelTopic, partition, { fromOffset: offset, signal: retry?.signal })
          [Symbol.asyncIterator](),
      };
      const { value: batch, done } = await reader.batches.next();
      if (!done) {
        const { columns: labels, faults } = decoder.decodeLabels(batch);
        onRead?.(labels);
        const { offsets, nextOffset } = batch;
        const told = this.#toldUpTo[partition] ?? 0;
        for (const { recordIndex, error } of faults) if (offsets[recordIndex] >= told) onRefused?.(error);
        this.#toldUpTo[partition] = Math.max(told, nextOffset);
        readers.push({ batches: reader.batches, nextOffset });
        if (readers.length > MOST_READERS) await readers.shift()!.batches.return?.();
        const block = { fromOffset: offset, offsets, labels, nextOffset };
        this.#keep(partition, block);
        return block;
      }
      // It ended where the topic ended then; there may be more by now.
      if (index < 0) return undefined;
    }
  }

  #keep(partition: number, block: LabelBlock): void {
    this.#kept.push({ partition, block });
    const { keptRecords = KEPT_RECORDS } = this.#source;
    let records = this.#kept.reduce((sum, each) => sum + each.block.offsets.length, 0);
    while (records > keptRecords && this.#kept.length > 1) {
      records -= this.#kept.shift()!.block.offsets.length;
    }
  }
}
