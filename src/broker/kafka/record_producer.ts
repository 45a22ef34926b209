import { Buffer } from "node:buffer";
import { DeliveryError } from "../../runtime/delivery_error.ts";
import { pause } from "../../runtime/retry.ts";
import type { Cluster } from "./cluster.ts";
import type { ProducedRecord, ProduceOptions } from "../broker.ts";
import type { PackedRecords } from "../packed_records.ts";
import { ClusterLink } from "./cluster_link.ts";
import { partitionOfKey } from "./partition_of_key.ts";
import { BatchWriter, stampBatch } from "./wire/batch_writer.ts";
import { type Compression, compressionNames } from "./wire/codecs.ts";
import {
  AnsweredError,
  isForgotten,
  isKept,
  produceRequest,
  type ProducerIdentity,
  producerIdRequest,
} from "./wire/produce_protocol.ts";
import { withDeadline } from "./with_deadline.ts";

/** Bytes of one batch: a single record may be larger, up to the broker's limit (1 MB unless it was changed). */
const BATCH_BYTES = 512 * 1024;
/** Bytes of one round of batches for all partitions. */
const ROUND_BYTES = 4 * 1024 * 1024;
/** What a record takes beyond key, value and headers, at most. */
const RECORD_OVERHEAD_BYTES = 64;
const COUNT_AGE_MS = 60_000;
const FIRST_WAIT_MS = 100;
const LAST_WAIT_MS = 2000;
/** Sequence numbers have 31 bits, and start anew after the last one. */
const SEQUENCES = 2 ** 31;
/** Kafka's code for a partition that has no leader now. */
const NO_LEADER = 5;
/** Kafka's name of the error that a node gives for a topic it does not know, or not yet. */
const NO_TOPIC = "UNKNOWN_TOPIC_OR_PARTITION";
/** Answers of an error after which a topic is not just unknown to one node. */
const ANSWERS = 8;

/** What a partition's next batch is numbered by. */
interface Sequence extends ProducerIdentity {
  next: number;
}

/** A batch until its partition has it. */
interface Batch {
  partition: number;
  count: number;
  bytes: Buffer;
  /** The sequence that it was numbered by: it keeps its number however often it is sent. */
  sequence?: Sequence;
}

/**
 * Produces records of one topic, each once and in order, also when an answer is lost: an idempotent producer.
 *
 * The partition is chosen here, once, as Java's client does (murmur2 of the key): a retry never moves a record. Sequence
 * numbers are kept here too, so they outlive connections, leaders and controllers. Each batch is sent until its own
 * partition says that it has it. Calls run one after another, since a failed batch and the next must not change places.
 */
export class RecordProducer {
  readonly #cluster: Cluster;
  readonly #topic: string;
  readonly #link: ClusterLink;
  readonly #codec: number;
  readonly #sequences = new Map<number, Sequence>();
  #identity: ProducerIdentity | undefined;
  #count: { partitions: number; at: number } | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #spread = 0;
  #asked = 0;

  /** Connects when first used. */
  constructor(cluster: Cluster, topic: string, compression: Compression) {
    this.#cluster = cluster;
    this.#topic = topic;
    this.#link = new ClusterLink(cluster, topic, { giveUpMs: Infinity });
    this.#codec = compressionNames.indexOf(compression);
  }

  /**
   * Resolves when all replicas in sync have the records.
   *
   * @throws DeliveryError if the broker refuses them, or has not taken them in time; some may be kept then.
   */
  produce(records: readonly ProducedRecord[] | PackedRecords, options: ProduceOptions = {}): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    const done = this.#last.then(() => this.#produce(records, options));
    this.#last = done.catch(() => {}); // its own caller has the error
    return done;
  }

  /** Ends the connections, after what is under way. */
  async close(): Promise<void> {
    await this.#last;
    await this.#link[Symbol.asyncDispose]();
  }

  async #produce(records: readonly ProducedRecord[] | PackedRecords, options: ProduceOptions): Promise<void> {
    const { deliveryTimeoutMs } = this.#cluster.limits;
    const patience = new Patience(deliveryTimeoutMs, options.persist);
    try {
      const partitions = await this.#persist(() => this.#partitions(), patience);
      if (partitions > 0) {
        let sending = Promise.resolve();
        // The next batches are made while these are under way.
        for (const batches of this.#rounds(records, partitions)) {
          await sending;
          sending = this.#send(batches, patience);
          sending.catch(() => {}); // thrown where it is awaited
        }
        return await sending;
      }
    } catch (error) {
      throw this.#cluster.error(`produce to ${this.#topic} within ${deliveryTimeoutMs} ms`, error);
    }
    throw new Error(`Cannot produce to ${this.#topic} at ${this.#cluster.name}: make the topic first`);
  }

  /** Number of partitions, asked for anew once a minute; if nobody answers, the old one stays valid. */
  async #partitions(): Promise<number> {
    const now = performance.now();
    if (this.#count !== undefined && now - this.#count.at < COUNT_AGE_MS) return this.#count.partitions;
    try {
      const partitions = (await this.#cluster.leaders(this.#topic)).length;
      if (partitions > 0) this.#count = { partitions, at: now };
      return partitions;
    } catch (error) {
      if (this.#count === undefined || !this.#cluster.isRetriable(error)) throw error;
      return this.#count.partitions;
    }
  }

  /** Splits the records into rounds; each has at most one batch of bounded size for a partition, in order. */
  *#rounds(records: readonly ProducedRecord[] | PackedRecords, partitions: number): Iterable<Batch[]> {
    const nowMs = Date.now();
    let writers = new Map<number, BatchWriter>();
    let bytes = 0;
    for (const record of records) {
      const partition = record.key === null
        ? this.#spread++ % partitions
        : partitionOfKey(record.key, partitions);
      const size = sizeOf(record);
      let writer = writers.get(partition);
      if (
        writers.size > 0 && (bytes + size > ROUND_BYTES ||
          (writer !== undefined && writer.byteLength + size > BATCH_BYTES))
      ) {
        yield this.#batches(writers);
        writers = new Map();
        bytes = 0;
        writer = undefined;
      }
      if (writer === undefined) writers.set(partition, writer = new BatchWriter());
      writer.add(record, record.timestampMs ?? nowMs);
      bytes += size;
    }
    yield this.#batches(writers);
  }

  #batches(writers: ReadonlyMap<number, BatchWriter>): Batch[] {
    return Array.from(writers, ([partition, writer]) => {
      return { partition, count: writer.count, bytes: writer.toBatch(this.#codec) };
    });
  }

  /** Sends batches until each one's partition has it. */
  async #send(batches: readonly Batch[], patience: Patience): Promise<void> {
    const left = new Set(batches);
    try {
      await this.#persist(() => patience.bounded(this.#attempt(left)), patience);
    } catch (error) {
      // Whether these were kept is not known: the same numbers again could hide the next records.
      for (const batch of left) this.#endSequence(batch);
      // An attempt that nobody waits for any more must not number them.
      left.clear();
      throw error;
    }
  }

  /** Repeats a call until it succeeds, cannot succeed, or was tried for long enough. */
  #persist<T>(call: () => Promise<T>, patience: Patience): Promise<T> {
    return this.#cluster.waiting.during(patience.leftMs(), async (failed) => {
      for (let failures = 0;;) {
        try {
          const result = await call();
          this.#link.succeeded();
          return result;
        } catch (error) {
          if (!this.#cluster.isRetriable(error) || patience.isOver()) throw error;
          failed(error);
          if (!(error instanceof AnsweredError)) await this.#link.recover(error);
          else {
            await pause(Math.min(FIRST_WAIT_MS * 2 ** failures, LAST_WAIT_MS), undefined);
            await this.#link.refresh();
            if (++failures > ANSWERS && error.type === NO_TOPIC) await this.#requireTopic();
          }
        }
      }
    });
  }

  /** Throws where the topic was deleted: nobody else would end the wait for it. */
  async #requireTopic(): Promise<void> {
    if ((await this.#cluster.leaders(this.#topic)).length > 0) return;
    throw new DeliveryError(`the topic was deleted; make it, then produce again`, { retriable: false });
  }

  /** Sends each batch that is left to its partition's leader, once; those that were kept are no longer left. */
  async #attempt(left: Set<Batch>): Promise<void> {
    const leaders = await this.#link.leaders();
    for (const batch of left) {
      if (batch.sequence === undefined) await this.#number(batch, [...leaders.values()]);
    }
    const failures: unknown[] = [];
    const byLeader = Map.groupBy(left, ({ partition }) => leaders.get(partition) ?? -1);
    await Promise.all(Array.from(byLeader, async ([node, batches]) => {
      try {
        if (node < 0) throw new AnsweredError(NO_LEADER);
        const codes = await this.#link.send(node, produceRequest(this.#topic, batches));
        for (const batch of batches) {
          const code = codes.get(batch.partition);
          if (!isKept(code)) {
            if (isForgotten(code)) this.#forget(batch);
            failures.push(new AnsweredError(code));
            continue;
          }
          left.delete(batch);
          batch.sequence!.next = (batch.sequence!.next + batch.count) % SEQUENCES;
        }
      } catch (error) {
        failures.push(error);
      }
    }));
    if (failures.length === 0) return;
    throw failures.find((error) => !this.#cluster.isRetriable(error)) ??
      failures.find((error) => !(error instanceof AnsweredError)) ?? failures[0];
  }

  async #number(batch: Batch, nodes: readonly number[]): Promise<void> {
    let sequence = this.#sequences.get(batch.partition);
    if (sequence === undefined) {
      sequence = { ...await this.#identify(nodes), next: 0 };
      this.#sequences.set(batch.partition, sequence);
    }
    batch.sequence = sequence;
    stampBatch(batch.bytes, { ...sequence, sequence: sequence.next });
  }

  /** The producer's id, of any node: each failure asks another. */
  async #identify(nodes: readonly number[]): Promise<ProducerIdentity> {
    if (this.#identity !== undefined) return this.#identity;
    const node = nodes[this.#asked++ % nodes.length] ?? -1;
    if (node < 0) throw new AnsweredError(NO_LEADER);
    return this.#identity = await this.#link.send(node, producerIdRequest());
  }

  /** The broker has not kept this batch and expects another number: it is sent as the first of a new producer. */
  #forget(batch: Batch): void {
    this.#endSequence(batch);
    batch.sequence = undefined;
    // The bytes of an earlier attempt may not be on their way yet.
    batch.bytes = Buffer.from(batch.bytes);
  }

  /** The next batch of the partition is the first of a new producer: the broker knows numbers of the old one. */
  #endSequence({ partition, sequence }: Batch): void {
    if (sequence !== undefined && this.#sequences.get(partition) === sequence) {
      this.#sequences.delete(partition);
    }
    if (sequence?.producerId === this.#identity?.producerId) this.#identity = undefined;
  }
}

/** How long to try: for a time, and beyond it as long as the caller persists. */
class Patience {
  readonly #deadline: number;
  readonly #persist: AbortSignal | undefined;

  constructor(ms: number, persist: AbortSignal | undefined) {
    this.#deadline = performance.now() + ms;
    this.#persist = persist;
  }

  /** Milliseconds; Infinity while the caller persists. */
  leftMs(): number {
    if (this.#persist?.aborted === false) return Infinity;
    return Math.max(0, this.#deadline - performance.now());
  }

  isOver(): boolean {
    return this.leftMs() === 0;
  }

  /** Waits for an attempt, up to the deadline where nobody persists; the attempt itself goes on. */
  async bounded(attempt: Promise<void>): Promise<void> {
    if (this.#persist !== undefined) return await attempt;
    await withDeadline(attempt, this.leftMs(), "answer");
  }
}

function sizeOf({ key, value, headers }: ProducedRecord): number {
  let size = RECORD_OVERHEAD_BYTES + lengthOf(key) + lengthOf(value);
  for (const name in headers) size += lengthOf(name) + lengthOf(headers[name]) + 10;
  return size;
}

function lengthOf(content: string | Uint8Array | null): number {
  return content === null ? 0 : Buffer.byteLength(content);
}
