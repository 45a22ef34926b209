import type { Broker, ProducedRecord, RecordBatch, SubscribeOptions, Subscription } from "../broker.ts";
import type { PackedRecords } from "../packed_records.ts";
import { ClusterLink } from "./cluster_link.ts";
import { deliveryError, isRetriable } from "./failure.ts";
import type { KafkaClient } from "./client.ts";
import { KafkaSubscription } from "./subscription.ts";
import { type KafkaAddress, type KafkaCredentials, parseKafkaUrl } from "./url.ts";
import { partitionOfKey } from "./partition_of_key.ts";
import { readPartition } from "./read_partition.ts";
import { RecordProducer } from "./record_producer.ts";
import { withDeadline } from "./with_deadline.ts";

/** Credentials and bounds of a Kafka broker; all times in milliseconds. */
export interface KafkaBrokerOptions extends KafkaCredentials {
  /** How long opening, and each question to the cluster, may take (default 15,000). */
  requestTimeoutMs?: number;
  /** How long `produce` tries (default 120,000). */
  deliveryTimeoutMs?: number;
  /** How long reading and group membership may fail before they are given up (default 300,000). */
  giveUpMs?: number;
  /** How long a subscriber may work on one event before others get its partitions (default 300,000). */
  maxEventMs?: number;
  /** Most bytes of one fetch of a partition (default 2 MiB). */
  maxBytesPerPartition?: number;
  /** How often a subscriber looks whether the topic got more partitions (default 60,000). */
  metadataMaxAgeMs?: number;
  /** Takes a line when records were deleted before they could be read (default: standard error). */
  report?(line: string): void;
}

const DEFAULT_BATCH_RECORDS = 16_384;
const POLL_MS = 20;
const CLOSE_DEADLINE_MS = 2000;

/**
 * Opens a Kafka cluster over a client.
 *
 * @param createClient Sets the client up for an address; nothing connects yet.
 * @throws TypeError for a URL that cannot be read; DeliveryError where no broker answers in time or the login is refused.
 */
export async function openKafka(
  url: string,
  options: KafkaBrokerOptions,
  createClient: (address: KafkaAddress) => Promise<KafkaClient>,
): Promise<Broker> {
  const address = parseKafkaUrl(url, options);
  const broker = new KafkaBroker(await createClient(address), address, options);
  try {
    await broker.id();
  } catch (error) {
    await broker[Symbol.asyncDispose]();
    throw error;
  }
  return broker;
}

/** A stream in Kafka, over any client. */
class KafkaBroker implements Broker {
  readonly name: string;
  readonly #client: KafkaClient;
  readonly #options: Required<Omit<KafkaBrokerOptions, keyof KafkaCredentials>>;
  readonly #producer: RecordProducer;
  readonly #links = new Map<string, ClusterLink>();
  readonly #subscriptions = new Set<Subscription>();

  /** Connects when first used; disposing it ends the client's connections too. */
  constructor(client: KafkaClient, address: KafkaAddress, options: KafkaBrokerOptions) {
    this.name = address.name;
    this.#client = client;
    this.#options = {
      requestTimeoutMs: options.requestTimeoutMs ?? 15_000,
      deliveryTimeoutMs: options.deliveryTimeoutMs ?? 120_000,
      giveUpMs: options.giveUpMs ?? 300_000,
      maxEventMs: options.maxEventMs ?? 300_000,
      maxBytesPerPartition: options.maxBytesPerPartition ?? 2 * 1024 * 1024,
      metadataMaxAgeMs: options.metadataMaxAgeMs ?? 60_000,
      report: options.report ?? ((line) => console.error(line)),
    };
    this.#producer = new RecordProducer(client, {
      name: this.name,
      compression: address.compression,
      deliveryTimeoutMs: this.#options.deliveryTimeoutMs,
      partitions: (topic) => this.#knownPartitions(topic),
    });
  }

  id(): Promise<string> {
    return this.#ask("open the stream", () => this.#client.clusterId());
  }

  async ensureTopic(topic: string, options: { partitions?: number } = {}): Promise<void> {
    if (await this.partitions(topic) > 0) return;
    const numPartitions = options.partitions ?? 1;
    await this.#ask(`make topic ${topic}`, () => this.#client.createTopic(topic, numPartitions));
    const deadline = performance.now() + this.#options.requestTimeoutMs;
    // Each broker learns of the topic, and of who leads it, in its own time.
    for (;;) {
      const leaders = await this.#leaders(topic);
      if (leaders.length > 0 && leaders.every((leader) => leader >= 0)) return;
      if (performance.now() > deadline) {
        const shown = new Error(`${leaders.length} partitions, led by ${leaders.join(", ") || "nobody"}`);
        const must = `${this.name} must show it with leaders`;
        throw deliveryError(`make topic ${topic}`, must, shown, this.#client.explain);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async partitions(topic: string): Promise<number> {
    return (await this.#leaders(topic)).length;
  }

  partitionOf(key: string, partitions: number): number {
    return partitionOfKey(key, partitions);
  }

  /** The node that leads each partition, -1 while there is none; empty where the topic is absent. */
  #leaders(topic: string): Promise<number[]> {
    return this.#ask(`look for topic ${topic}`, () => this.#client.leaders(topic));
  }

  produce(topic: string, records: readonly ProducedRecord[] | PackedRecords): Promise<void> {
    return this.#producer.produce(topic, records);
  }

  async offsets(topic: string): Promise<{ partition: number; startOffset: number; endOffset: number }[]> {
    const link = await this.#linkTo(topic);
    const { requestTimeoutMs } = this.#options;
    try {
      return await link.persist(
        async () => await link.offsets([...(await link.leaders()).keys()].sort((a, b) => a - b)),
        AbortSignal.timeout(requestTimeoutMs),
      );
    } catch (error) {
      const must = `${this.name} must answer within ${requestTimeoutMs} ms`;
      throw deliveryError(`tell the offsets of ${topic}`, must, error, this.#client.explain);
    }
  }

  async *read(
    topic: string,
    partition: number,
    options: { fromOffset: number; toOffset?: number; maxBatchRecords?: number; signal?: AbortSignal },
  ): AsyncIterable<RecordBatch> {
    const link = await this.#linkTo(topic);
    yield* readPartition(link, {
      ...options,
      topic,
      partition,
      maxBatchRecords: Math.max(1, options.maxBatchRecords ?? DEFAULT_BATCH_RECORDS),
      maxBytesPerPartition: this.#options.maxBytesPerPartition,
    });
  }

  async subscribe(topic: string, group: string, options: SubscribeOptions = {}): Promise<Subscription> {
    await this.#require(topic);
    const subscription = new KafkaSubscription(this.#client, {
      ...this.#options,
      ...options,
      name: this.name,
      topic,
      group,
    });
    this.#subscriptions.add(subscription);
    return subscription;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription[Symbol.asyncDispose]()));
    await Promise.all([...this.#links.values()].map((link) => link[Symbol.asyncDispose]()));
    await this.#producer.close();
    // A connection that is broken has nothing to end.
    await withDeadline(this.#client.close(), CLOSE_DEADLINE_MS, "end of the connection").catch(() => {});
  }

  /** A question to the cluster, with a time-out. */
  async #ask<T>(action: string, question: () => Promise<T>): Promise<T> {
    const { requestTimeoutMs } = this.#options;
    try {
      return await withDeadline(question(), requestTimeoutMs, "answer");
    } catch (error) {
      const must = `${this.name} must answer within ${requestTimeoutMs} ms`;
      throw deliveryError(action, must, error, this.#client.explain);
    }
  }

  readonly #partitionCounts = new Map<string, { count: number; at: number }>();

  /** Number of partitions, asked for anew once a minute: where nobody answers, the old one counts on. */
  async #knownPartitions(topic: string): Promise<number> {
    const known = this.#partitionCounts.get(topic);
    const now = performance.now();
    if (known !== undefined && now - known.at < 60_000) return known.count;
    let count: number;
    try {
      count = await this.partitions(topic);
    } catch (error) {
      if (known === undefined || !isRetriable(error, this.#client.explain)) throw error;
      count = known.count;
    }
    if (count > 0) this.#partitionCounts.set(topic, { count, at: now });
    return count;
  }

  async #linkTo(topic: string): Promise<ClusterLink> {
    const known = this.#links.get(topic);
    if (known !== undefined) return known;
    await this.#require(topic);
    const { giveUpMs } = this.#options;
    const link = this.#links.get(topic) ??
      new ClusterLink(this.#client, { name: this.name, topic, giveUpMs });
    this.#links.set(topic, link);
    return link;
  }

  async #require(topic: string): Promise<void> {
    if (await this.partitions(topic) > 0) return;
    throw new Error(`Cannot use topic ${topic} of ${this.name} as it must exist: produce to it first`);
  }
}
