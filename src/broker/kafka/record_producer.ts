import { Buffer } from "node:buffer";
import { pause } from "../../runtime/retry.ts";
import type { ProducedRecord } from "../broker.ts";
import type { PackedRecords } from "../packed_records.ts";
import type { Compression } from "./wire/codecs.ts";
import { deliveryError, isRetriable } from "./failure.ts";
import type { KafkaClient, ProducerConnection } from "./client.ts";
import { partitionOfKey } from "./partition_of_key.ts";

/** How to produce. */
export interface RecordProducerOptions {
  /** The cluster as a person would name it. */
  name: string;
  /** Codec of the batches. */
  compression: Compression;
  /** Number of partitions; 0 where the topic is absent. */
  partitions(topic: string): Promise<number>;
  /** How long a call tries, in milliseconds. */
  deliveryTimeoutMs: number;
}

/** Bytes of one batch: a single record may be larger, up to the broker's limit (1 MB where nobody changed it). */
const BATCH_BYTES = 512 * 1024;
/** Bytes of one request with batches for several partitions. */
const REQUEST_BYTES = 4 * 1024 * 1024;
/** What a record takes beyond key, value and headers, at most. */
const RECORD_OVERHEAD_BYTES = 64;
const FIRST_WAIT_MS = 100;
const LAST_WAIT_MS = 2000;

/**
 * Produces records, each once and in order, also when an answer is lost: the client's idempotent producer.
 *
 * The partition is chosen here, once, as Java's client does (murmur2 of the key): a retry never moves a record. Calls are
 * worked off one after another, since a failed batch and the next must not change places.
 */
export class RecordProducer {
  readonly #client: KafkaClient;
  readonly #options: RecordProducerOptions;
  readonly #connection: ProducerConnection;
  #last: Promise<unknown> = Promise.resolve();
  #spread = 0;

  /** Connects when first used. */
  constructor(client: KafkaClient, options: RecordProducerOptions) {
    this.#client = client;
    this.#options = options;
    this.#connection = client.createProducer(options.compression);
  }

  /**
   * Resolves when all replicas in sync have the records.
   *
   * @throws DeliveryError where the broker refuses them, or has not taken them in time; some may be kept then.
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
    const { name, deliveryTimeoutMs } = this.#options;
    const deadline = performance.now() + deliveryTimeoutMs;
    try {
      const partitions = await this.#partitions(topic, deadline);
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
      const must = `${name} must take it within ${deliveryTimeoutMs} ms`;
      throw deliveryError(`produce to ${topic}`, must, error, this.#client.explain);
    }
    throw new Error(`Cannot produce to ${topic} as ${name} must have the topic: make it first`);
  }

  async #partitions(topic: string, deadline: number): Promise<number> {
    for (let waitMs = FIRST_WAIT_MS;; waitMs = Math.min(waitMs * 2, LAST_WAIT_MS)) {
      try {
        return await this.#options.partitions(topic);
      } catch (error) {
        if (!isRetriable(error, this.#client.explain) || performance.now() + waitMs > deadline) throw error;
        await pause(waitMs, undefined);
      }
    }
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
