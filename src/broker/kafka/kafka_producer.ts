import { Buffer } from "node:buffer";
import kafkajs from "kafkajs";
import type { Kafka, Message, Producer } from "kafkajs";
import type { ProducedRecord } from "../broker.ts";
import { compressionNames } from "./codecs.ts";
import type { Compression } from "./codecs.ts";
import { deliveryError, isRetriable } from "./kafka_client.ts";
import { partitionOfKey } from "./partition_of_key.ts";
import { withDeadline } from "./with_deadline.ts";

/** How to produce. */
export interface KafkaProducerOptions {
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
const ACKNOWLEDGED_BY_ALL = -1;
const CLOSE_DEADLINE_MS = 2000;
const FIRST_WAIT_MS = 100;
const LAST_WAIT_MS = 2000;
/** The broker has forgotten this producer, or never knew its last batches: these records were not kept. */
const FORGOTTEN = /OUT_OF_ORDER_SEQUENCE|UNKNOWN_PRODUCER_ID|INVALID_PRODUCER_EPOCH|PRODUCER_FENCED/;

/**
 * Produces records, each once and in order, also when an answer is lost: kafkajs's idempotent producer.
 *
 * The partition is chosen here, once, as Java's client does (murmur2 of the key): a retry never moves a record. Calls are
 * worked off one after another, since a failed batch and the next must not change places. After a failure that leaves
 * open what was kept, the next call has a new producer: sequence numbers of the old one could make records vanish.
 */
export class KafkaProducer {
  readonly #kafka: Kafka;
  readonly #options: KafkaProducerOptions;
  #producer: Promise<Producer> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #spread = 0;

  /** Connects when first used. */
  constructor(kafka: Kafka, options: KafkaProducerOptions) {
    this.#kafka = kafka;
    this.#options = options;
  }

  /**
   * Resolves when all replicas in sync have the records.
   *
   * @throws DeliveryError where the broker refuses them, or has not taken them in time; some may be kept then.
   */
  produce(topic: string, records: readonly ProducedRecord[]): Promise<void> {
    if (records.length === 0) return Promise.resolve();
    const done = this.#last.then(() => this.#produce(topic, records));
    this.#last = done.catch(() => {}); // its own caller has the error
    return done;
  }

  /** Ends the connections, after what is under way. */
  async close(): Promise<void> {
    await this.#last;
    await this.#drop();
  }

  async #produce(topic: string, records: readonly ProducedRecord[]): Promise<void> {
    const deadline = performance.now() + this.#options.deliveryTimeoutMs;
    const partitions = await this.#persist(topic, deadline, () => this.#options.partitions(topic));
    if (partitions === 0) {
      throw new Error(
        `Cannot produce to ${topic} as ${this.#options.name} must have the topic: make it first`,
      );
    }
    for (const messages of this.#requests(records, partitions)) await this.#send(topic, messages, deadline);
  }

  /** Splits the records into requests; each has at most one batch of bounded size for a partition, in order. */
  *#requests(records: readonly ProducedRecord[], partitions: number): Iterable<Message[]> {
    let messages: Message[] = [];
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
      messages.push({
        partition,
        key: asMessageField(record.key),
        value: asMessageField(record.value),
        headers: record.headers,
        timestamp: record.timestampMs === undefined ? undefined : String(record.timestampMs),
      });
      bytes += size;
      bytesOf[partition] += size;
    }
    yield messages;
  }

  #send(topic: string, messages: Message[], deadline: number): Promise<unknown> {
    const compression = compressionNames.indexOf(this.#options.compression);
    return this.#persist(topic, deadline, async () => {
      const producer = await this.#connected();
      // The same messages again mean the same sequence numbers again, so the broker keeps them once.
      return await producer.send({ topic, messages, acks: ACKNOWLEDGED_BY_ALL, compression });
    });
  }

  /** Repeats a call until it succeeds, a retry would not mend it, or the time is over. */
  async #persist<T>(topic: string, deadline: number, call: () => Promise<T>): Promise<T> {
    const { name, deliveryTimeoutMs } = this.#options;
    for (let waitMs = FIRST_WAIT_MS;; waitMs = Math.min(waitMs * 2, LAST_WAIT_MS)) {
      try {
        return await call();
      } catch (error) {
        if (FORGOTTEN.test(typeOf(error))) await this.#drop();
        else if (!isRetriable(error) || performance.now() + waitMs > deadline) {
          await this.#drop();
          throw deliveryError(
            `produce to ${topic}`,
            `${name} must take it within ${deliveryTimeoutMs} ms`,
            error,
          );
        }
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }

  #connected(): Promise<Producer> {
    if (this.#producer !== undefined) return this.#producer;
    const producer = this.#kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      maxInFlightRequests: 1,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    const connecting = producer.connect().then(() => producer);
    // A producer that did not connect has sent nothing: the next try makes another.
    connecting.catch(() => {
      if (this.#producer === connecting) this.#producer = undefined;
    });
    return this.#producer = connecting;
  }

  async #drop(): Promise<void> {
    const dropped = this.#producer;
    this.#producer = undefined;
    // Its connections may be broken: how it ends does not matter any more.
    if (dropped === undefined) return;
    const closing = dropped.then((producer) => producer.disconnect());
    await withDeadline(closing, CLOSE_DEADLINE_MS, "end of the connection").catch(() => {});
  }
}

function asMessageField(content: string | Uint8Array | null): string | Buffer | null {
  if (content === null || typeof content === "string") return content;
  return Buffer.from(content.buffer, content.byteOffset, content.length);
}

function sizeOf({ key, value, headers }: ProducedRecord): number {
  let size = RECORD_OVERHEAD_BYTES + lengthOf(key) + lengthOf(value);
  for (const name in headers) size += lengthOf(name) + lengthOf(headers[name]) + 10;
  return size;
}

function lengthOf(content: string | Uint8Array | null): number {
  return content === null ? 0 : Buffer.byteLength(content);
}

function typeOf(error: unknown): string {
  for (let at = error as { type?: string; cause?: unknown } | undefined; at; at = at.cause as typeof at) {
    if (at.type !== undefined) return at.type;
  }
  return "";
}
