/**
 * The port to a stream of records: partitions, offsets, groups.
 *
 * Offsets are JavaScript numbers: they stay exact below 2^53.
 *
 * @module
 */
import type { PackedRecords } from "./packed_records.ts";

/** One record to produce. */
export interface ProducedRecord {
  /** Decides the partition; records of one key keep their order. Null spreads them evenly. */
  key: string | Uint8Array | null;
  /** Text is kept in UTF-8; null is a record without content. */
  value: string | Uint8Array | null;
  headers?: Record<string, string>;
  /** Record time in milliseconds since 1970; the broker's clock when absent. */
  timestampMs?: number;
}

/**
 * Records of one partition in offset order, as columns over one byte buffer.
 *
 * Record `i` has its value in `bytes[valueStart[i], valueEnd[i])` and its key in `bytes[keyStart[i], keyEnd[i])`; a
 * start of -1 stands for null. All columns have `count` elements. Offsets rise, and may skip (compaction). Times are
 * those of production, milliseconds since 1970.
 */
export interface RecordBatch {
  readonly topic: string;
  readonly partition: number;
  readonly count: number;
  readonly offsets: Float64Array;
  readonly bytes: Uint8Array;
  readonly valueStart: Int32Array;
  readonly valueEnd: Int32Array;
  readonly keyStart: Int32Array;
  readonly keyEnd: Int32Array;
  readonly timestampMs: Float64Array;
  /** Headers of a record, made when asked for. */
  headers(index: number): Record<string, string>;
  /** The offset after the last record: where reading goes on. */
  readonly nextOffset: number;
}

/** First kept offset and the offset after the last record of a partition. */
export interface PartitionOffsets {
  partition: number;
  startOffset: number;
  endOffset: number;
}

/** How long `produce` retries. */
export interface ProduceOptions {
  /** Until it aborts, retries go on beyond the broker's own time: a second call would not know what the first one kept. */
  persist?: AbortSignal;
}

/** What to read of a partition outside any group. */
export interface ReadOptions {
  fromOffset: number;
  /** First offset that is not wanted (default: the end when called). */
  toOffset?: number;
  /** Most records in one batch, at least 1 (default 16,384). */
  maxBatchRecords?: number;
  /** Ends the wait for a stream that does not answer. */
  signal?: AbortSignal;
  /**
   * Told, in order and before the batch behind them, of offsets that never hold a record for a reader: a transaction's
   * marker, or what it aborted.
   */
  onMarkers?(firstOffset: number, nextOffset: number): void;
}

/** Most records in one batch, if the caller names no number. */
export const DEFAULT_BATCH_RECORDS = 16_384;
/** Silence after which a member loses its partitions, if the caller names none. */
export const DEFAULT_SESSION_TIMEOUT_MS = 10_000;

/** What a subscription yields. */
export type BrokerEvent =
  /** These partitions are this member's from now on: seek each one, then go on. */
  | { type: "assigned"; partitions: number[] }
  /** These partitions are another member's from now on: drop work begun for them. */
  | { type: "revoked"; partitions: number[] }
  | { type: "batch"; batch: RecordBatch }
  /** The stream deleted these offsets before they were read: what comes next lies behind them. */
  | { type: "lost"; partition: number; firstOffset: number; nextOffset: number }
  /** Nothing to read now: every assigned partition was read to its end. */
  | { type: "idle" };

/** How far a member is behind in a partition. */
export interface Lag {
  partition: number;
  /** Next offset that will be read. */
  position: number;
  /** Offset that the next produced record will get. */
  endOffset: number;
}

/** How to take part in a group. */
export interface SubscribeOptions {
  /** Most records in one batch, at least 1 (default 16,384). */
  maxBatchRecords?: number;
  /** Ends the subscription: the iteration finishes after the event in hand. */
  signal?: AbortSignal;
  /** Silence after which a member loses its partitions (default 10,000). */
  sessionTimeoutMs?: number;
}

/**
 * A member's view of a topic: an iterable of events, one at a time.
 *
 * The next event is prepared only while the caller works on the current one, up to a bounded read-ahead, so a slow
 * caller slows the reading down. Iterate it from one loop. The broker retries reading by itself; an error thrown from
 * the iteration is final.
 */
export interface Subscription extends AsyncIterable<BrokerEvent>, AsyncDisposable {
  /** Reads this partition from the offset on; events of it that were read ahead are dropped. */
  seek(partition: number, offset: number): void;
  /** Stops reading these partitions, without losing them. */
  pause(partitions: number[]): void;
  /** Reads on at their positions. */
  resume(partitions: number[]): void;
  /** Lag of each assigned partition. */
  lag(): Promise<Lag[]>;
  /** Records how far the group is, for the broker's lag tools; nothing depends on it. */
  commitOffset(partition: number, nextOffset: number): Promise<void>;
}

/**
 * A stream: keeps records by topic, partition and offset.
 *
 * A topic that is deleted and made anew under an open stream is never read as a continuation: that ends with an error.
 */
export interface Broker extends AsyncDisposable {
  /** The stream as a person would name it, without secrets. */
  readonly name: string;
  /** Whether it removes records by itself, the oldest (retention) or single ones (compaction): then a hole is no fault. */
  readonly prunes: boolean;
  /** Tells this stream from every other: the same after a restart, another after the stream was made anew. */
  id(): Promise<string>;
  /** Makes the topic if it is absent; an existing one keeps its number of partitions. */
  ensureTopic(topic: string, options?: { partitions?: number }): Promise<void>;
  /** Number of partitions; 0 if the topic is absent. */
  partitions(topic: string): Promise<number>;
  /**
   * Tells the topic from one of the same name that was deleted and made anew; undefined if it is absent, or the stream
   * cannot tell (Kafka before 2.8).
   */
  topicId(topic: string): Promise<string | undefined>;
  /** The partition, from 0, of records with this key, in a topic of so many partitions. */
  partitionOf(key: string, partitions: number): number;
  /**
   * Resolves when the records are as durable as the broker makes them; they must not change before. Retries by itself,
   * which keeps each record once; throws `DeliveryError`, after which some may be kept.
   */
  produce(
    topic: string,
    records: readonly ProducedRecord[] | PackedRecords,
    options?: ProduceOptions,
  ): Promise<void>;
  /** First kept offset and the offset after the last record, of each partition. */
  offsets(topic: string): Promise<PartitionOffsets[]>;
  /**
   * Reads a partition outside any group: to replay state, to read labels and to verify.
   *
   * @throws DeliveryError if the stream does not answer, or the signal aborts while it waits for an answer.
   */
  read(topic: string, partition: number, options: ReadOptions): AsyncIterable<RecordBatch>;
  /** Joins the group; partitions are shared among the group's members. */
  subscribe(topic: string, group: string, options?: SubscribeOptions): Promise<Subscription>;
}
