import { Buffer } from "node:buffer";
import { retry } from "../../runtime/retry.ts";
import type { ProducedRecord } from "../broker.ts";
import type { PackedRecords } from "../packed_records.ts";
import type { ProducerConnection } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { partitionOfKey } from "./partition_of_key.ts";
import type { Compression } from "./wire/codecs.ts";

/** Bytes of one batch: a single record may be larger, up to the broker's limit (1 MB unless it was changed). */
const BATCH_BYTES = 512 * 1024;
/** Bytes of one request with batches for several partitions. */
const REQUEST_BYTES = 4 * 1024 * 1024;
/** What a record takes beyond key, value and headers, at most. */
const RECORD_OVERHEAD_BYTES = 64;
const COUNT_AGE_MS = 60_000;

/**
 * Produces records, each once and in order, also when an answer is lost: the client's idempotent producer.
 *
 * The partition is chosen here, once, as Java's client does (murmur2 of the key): a retry never moves a record. Calls run
 * one after another, since a failed batch and the next must not change places.
 */
export class RecordProducer {
  readonly #cluster: Cluster;
  readonly #connection: ProducerConnection;
  readonly #partitionCounts = new Map<string, { count: number; at: number }>();
  #last: Promise<unknown> = Promise.resolve();
  #spread = 0;

  /** Connects when first used. */
  constructor(cluster: Cluster, compression: Compression) {
    this.#cluster = cluster;
    this.#connection = cluster.client.createProducer(compression);
  }

  /**
   * Resolves when all replicas in sync have the records.
   *
   * @throws DeliveryError if the broker refuses them, or has not taken them in time; some may be kept then.
   */
  produce(topic: string, records: readonly ProducedRecord[] | PackedRecords): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    const done = this.#last.then(() => this.#produce(topic, records));
    this.#last = done.catch(() => {}); // its own caller has the error
    return done;
  }

  /** Ends the connections, after what is under way. */
  async close(): Promise<void> {
    await this.#last;
    await this.#connection.close();
  }

  async #produce(topic: string, records: readonly ProducedRecord[] | PackedRecords): Promise<void> {
    const { deliveryTimeoutMs } = this.#cluster.limits;
    const deadline = performance.now() + deliveryTimeoutMs;
    try {
      const partitions = await retry(() => this.#partitions(topic), {
        deadlineMs: deliveryTimeoutMs,
        baseDelayMs: 100,
        maxDelayMs: 2000,
        retriable: (error) => this.#cluster.isRetriable(error),
      });
      if (partitions > 0) {
        let sending = Promise.resolve();
        // The next messages are made while these are under way.
        for (const messages of this.#requests(topic, records, partitions)) {
          await sending;
          sending = this.#connection.send(topic, messages, deadline);
          sending.catch(() => {}); // thrown where it is awaited
        }
        return await sending;
      }
    } catch (error) {
      throw this.#cluster.error(`produce to ${topic} within ${deliveryTimeoutMs} ms`, error);
    }
    throw new Error(`Cannot produce to ${topic} at ${this.#cluster.name}: make the topic first`);
  }

  /** Number of partitions, asked for anew once a minute; if nobody answers, the old one stays valid. */
  async #partitions(topic: string): Promise<number> {
    const known = this.#partitionCounts.get(topic);
    const now = performance.now();
    if (known !== undefined && now - known.at < COUNT_AGE_MS) return known.count;
    let count: number;
    try {
      count = (await this.#cluster.leaders(topic)).length;
    } catch (error) {
      if (known === undefined || !this.#cluster.isRetriable(error)) throw error;
      count = known.count;
    }
    if (count > 0) this.#partitionCounts.set(topic, { count, at: now });
    return count;
  }

  /** Splits the records into requests; each has at most one batch of bounded size for a partition, in order. */
  *#requests(
    topic: string,
    records: readonly ProducedRecord[] | PackedRecords,
    partitions: number,
  ): Iterable<unknown[]> {
    let messages: unknown[] = [];
    let bytes = 0;
    let bytesOf = new Float64Array(partitions);
    for (const record of records) {
      const partition = record.key === null
        ? this.#spread++ % partitions
        : partitionOfKey(record.key, partitions);
      const size = sizeOf(record);
      if (
        messages.length > 0 && (bytes + size > REQUEST_BYTES ||
          (bytesOf[partition] > 0 && bytesOf[partition] + size > BATCH_BYTES))
      ) {
        yield messages;
        messages = [];
        bytes = 0;
        bytesOf = new Float64Array(partitions);
      }
      messages.push(this.#connection.messageOf(record, topic, partition));
      bytes += size;
      bytesOf[partition] += size;
    }
    yield messages;
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
