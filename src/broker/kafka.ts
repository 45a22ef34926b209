/**
 * Streams in Apache Kafka, over npm:kafkajs.
 *
 * @module
 */
import type { Admin, Kafka } from "kafkajs";
import type { Broker, ProducedRecord, RecordBatch, SubscribeOptions, Subscription } from "./broker.ts";
import { ClusterLink } from "./kafka/cluster_link.ts";
import { createKafkaClient, deliveryError, isRetriable } from "./kafka/kafka_client.ts";
import { KafkaProducer } from "./kafka/kafka_producer.ts";
import { partitionOfKey } from "./kafka/partition_of_key.ts";
import { KafkaSubscription } from "./kafka/kafka_subscription.ts";
import { type KafkaAddress, type KafkaCredentials, parseKafkaUrl } from "./kafka/kafka_url.ts";
import { readPartition } from "./kafka/read_partition.ts";
import { withDeadline } from "./kafka/with_deadline.ts";

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
  /** Most bytes of one fetch of a partition (default 4 MiB). */
  maxBytesPerPartition?: number;
  /** Takes a line when records were deleted before they could be read (default: standard error). */
  report?(line: string): void;
}

const DEFAULT_BATCH_RECORDS = 4096;
const POLL_MS = 20;
const CLOSE_DEADLINE_MS = 2000;

/**
 * Opens a Kafka cluster: `kafka://[user:pass@]host:port[,host:port]?sasl=plain|scram-sha-256|scram-sha-512&tls=true&ca=FILE`.
 *
 * Works with Kafka 2.3 and newer. Only records of committed transactions are read; gzip, snappy, lz4 and zstd batches are.
 * Produced records have been taken by all replicas in sync when `produce` resolves. It needs network permission for all
 * brokers, read permission for `ca`, and the environment names that kafkajs reads (NODE_ENV, KAFKAJS_LOG_LEVEL,
 * KAFKAJS_NO_PARTITIONER_WARNING, KAFKAJS_DEBUG_PROTOCOL_BUFFERS, KAFKAJS_DEBUG_EXTENDED_PROTOCOL_BUFFERS).
 *
 * @throws TypeError for a URL that cannot be read; DeliveryError where no broker answers in time or the login is refused.
 *
 * @example
 * ```ts
 * import { assertRejects } from "../testing/assert.ts";
 * import { openKafkaBroker } from "./kafka.ts";
 *
 * await assertRejects(() => openKafkaBroker("kafka://localhost:9092?sasl=plain"), TypeError, "user and password");
 * ```
 */
export async function openKafkaBroker(url: string, options: KafkaBrokerOptions = {}): Promise<Broker> {
  const address = parseKafkaUrl(url, options);
  const kafka = await createKafkaClient(address);
  const broker = new KafkaBroker(kafka, address, options);
  try {
    await broker.id();
  } catch (error) {
    await broker[Symbol.asyncDispose]();
    throw error;
  }
  return broker;
}

class KafkaBroker implements Broker {
  readonly name: string;
  readonly #kafka: Kafka;
  readonly #options: Required<Omit<KafkaBrokerOptions, keyof KafkaCredentials>>;
  readonly #producer: KafkaProducer;
  readonly #links = new Map<string, ClusterLink>();
  readonly #subscriptions = new Set<Subscription>();
  #admin: Promise<Admin> | undefined;

  constructor(kafka: Kafka, address: KafkaAddress, options: KafkaBrokerOptions) {
    this.name = address.name;
    this.#kafka = kafka;
    this.#options = {
      requestTimeoutMs: options.requestTimeoutMs ?? 15_000,
      deliveryTimeoutMs: options.deliveryTimeoutMs ?? 120_000,
      giveUpMs: options.giveUpMs ?? 300_000,
      maxEventMs: options.maxEventMs ?? 300_000,
      maxBytesPerPartition: options.maxBytesPerPartition ?? 4 * 1024 * 1024,
      report: options.report ?? ((line) => console.error(line)),
    };
    this.#producer = new KafkaProducer(kafka, {
      name: this.name,
      compression: address.compression,
      deliveryTimeoutMs: this.#options.deliveryTimeoutMs,
      partitions: (topic) => this.#knownPartitions(topic),
    });
  }

  async id(): Promise<string> {
    const { clusterId } = await this.#ask("open the stream", (admin) => admin.describeCluster());
    return clusterId;
  }

  async ensureTopic(topic: string, options: { partitions?: number } = {}): Promise<void> {
    if (await this.partitions(topic) > 0) return;
    const numPartitions = options.partitions ?? 1;
    const asked = { topics: [{ topic, numPartitions, replicationFactor: -1 }], waitForLeaders: false };
    await this.#ask(`make topic ${topic}`, (admin) => admin.createTopics(asked));
    const deadline = performance.now() + this.#options.requestTimeoutMs;
    // Each broker learns of the topic, and of who leads it, in its own time.
    for (;;) {
      const leaders = await this.#leaders(topic);
      if (leaders.length > 0 && leaders.every((leader) => leader >= 0)) return;
      if (performance.now() > deadline) {
        const shown = new Error(`${leaders.length} partitions, led by ${leaders.join(", ") || "nobody"}`);
        throw deliveryError(`make topic ${topic}`, `${this.name} must show it with leaders`, shown);
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
    return this.#ask(`look for topic ${topic}`, async (admin) => {
      try {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        return topics.find(({ name }) => name === topic)?.partitions.map(({ leader }) => leader) ?? [];
      } catch (error) {
        if ((error as { type?: string }).type === "UNKNOWN_TOPIC_OR_PARTITION") return [];
        throw error;
      }
    });
  }

  produce(topic: string, records: readonly ProducedRecord[]): Promise<void> {
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
      throw deliveryError(
        `tell the offsets of ${topic}`,
        `${this.name} must answer within ${requestTimeoutMs} ms`,
        error,
      );
    }
  }

  async *read(
    topic: string,
    partition: number,
    options: { fromOffset: number; toOffset?: number; maxBatchRecords?: number },
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
    const subscription = new KafkaSubscription(this.#kafka, {
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
    const admin = this.#admin;
    this.#admin = undefined;
    // A connection that was never made, or is broken, has nothing to end.
    if (admin === undefined) return;
    const closing = admin.then((connected) => connected.disconnect());
    await withDeadline(closing, CLOSE_DEADLINE_MS, "end of the connection").catch(() => {});
  }

  /** A question to the cluster, asked once more over a new connection where the first one fails. */
  async #ask<T>(action: string, question: (admin: Admin) => Promise<T>): Promise<T> {
    const { requestTimeoutMs } = this.#options;
    const answer = async () => {
      const isFresh = this.#admin === undefined;
      try {
        return await question(await this.#connectedAdmin());
      } catch (error) {
        // Kafka itself answered, or no other connection would do better.
        const isAnswered = (error as { type?: string }).type !== undefined;
        if (isFresh || isAnswered || !isRetriable(error)) throw error;
        this.#admin?.then((admin) => admin.disconnect()).catch(() => {}); // it is broken
        this.#admin = undefined;
        return await question(await this.#connectedAdmin());
      }
    };
    try {
      return await withDeadline(answer(), requestTimeoutMs, "answer");
    } catch (error) {
      throw deliveryError(action, `${this.name} must answer within ${requestTimeoutMs} ms`, error);
    }
  }

  #connectedAdmin(): Promise<Admin> {
    if (this.#admin !== undefined) return this.#admin;
    const admin = this.#kafka.admin();
    const connecting = admin.connect().then(() => admin);
    connecting.catch(() => {
      if (this.#admin === connecting) this.#admin = undefined;
    });
    return this.#admin = connecting;
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
      if (known === undefined || !isRetriable(error)) throw error;
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
    const link = this.#links.get(topic) ?? new ClusterLink(this.#kafka, { name: this.name, topic, giveUpMs });
    this.#links.set(topic, link);
    return link;
  }

  async #require(topic: string): Promise<void> {
    if (await this.partitions(topic) > 0) return;
    throw new Error(`Cannot use topic ${topic} of ${this.name} as it must exist: produce to it first`);
  }
}
