import type {
  Broker,
  PartitionOffsets,
  ProducedRecord,
  ProduceOptions,
  ReadOptions,
  RecordBatch,
  SubscribeOptions,
  Subscription,
} from "../broker.ts";
import type { PackedRecords } from "../packed_records.ts";
import type { KafkaClient } from "./client.ts";
import { Cluster, type KafkaBrokerOptions } from "./cluster.ts";
import { ClusterLink } from "./cluster_link.ts";
import { partitionOfKey } from "./partition_of_key.ts";
import { readPartition } from "./read_partition.ts";
import { RecordProducer } from "./record_producer.ts";
import { KafkaSubscription } from "./subscription.ts";
import { type KafkaAddress, parseKafkaUrl } from "./url.ts";
import type { Compression } from "./wire/codecs.ts";
import { closed } from "./with_deadline.ts";

const POLL_MS = 20;
const CLOSE_DEADLINE_MS = 2000;

/**
 * Opens a Kafka cluster over a client.
 *
 * @param createClient Sets the client up for an address; nothing connects yet.
 * @throws TypeError for a URL that cannot be read; DeliveryError if no broker answers in time or the login is refused.
 */
export async function openKafka(
  url: string,
  options: KafkaBrokerOptions,
  createClient: (address: KafkaAddress) => Promise<KafkaClient>,
): Promise<Broker> {
  const address = parseKafkaUrl(url);
  const cluster = new Cluster(await createClient(address), address.name, options);
  const broker = new KafkaBroker(cluster, address.compression);
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
  readonly prunes = true;
  readonly #cluster: Cluster;
  readonly #compression: Compression;
  readonly #producers = new Map<string, RecordProducer>();
  readonly #links = new Map<string, ClusterLink>();
  readonly #subscriptions = new Set<Subscription>();

  constructor(cluster: Cluster, compression: Compression) {
    this.name = cluster.name;
    this.#cluster = cluster;
    this.#compression = compression;
  }

  id(): Promise<string> {
    return this.#cluster.ask("open the stream", () => this.#cluster.client.clusterId());
  }

  async ensureTopic(topic: string, { partitions = 1 }: { partitions?: number } = {}): Promise<void> {
    if (await this.partitions(topic) > 0) return;
    const action = `make topic ${topic}`;
    await this.#cluster.ask(action, () => this.#cluster.client.createTopic(topic, partitions));
    const deadline = performance.now() + this.#cluster.limits.requestTimeoutMs;
    // Each broker learns of the topic, and of who leads it, in its own time.
    for (;;) {
      const leaders = await this.#cluster.leaders(topic);
      if (leaders.length > 0 && leaders.every((leader) => leader >= 0)) return;
      if (performance.now() > deadline) {
        const led = leaders.join(", ") || "nobody";
        throw this.#cluster.error(action, new Error(`it has ${leaders.length} partitions, led by ${led}`));
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  async partitions(topic: string): Promise<number> {
    return (await this.#cluster.leaders(topic)).length;
  }

  async topicId(topic: string): Promise<string | undefined> {
    return (await this.#cluster.topic(topic, true)).id;
  }

  partitionOf(key: string, partitions: number): number {
    return partitionOfKey(key, partitions);
  }

  produce(
    topic: string,
    records: readonly ProducedRecord[] | PackedRecords,
    options?: ProduceOptions,
  ): Promise<void> {
    let producer = this.#producers.get(topic);
    if (producer === undefined) {
      this.#producers.set(topic, producer = new RecordProducer(this.#cluster, topic, this.#compression));
    }
    return producer.produce(records, options);
  }

  async offsets(topic: string): Promise<PartitionOffsets[]> {
    const link = await this.#linkTo(topic);
    const { requestTimeoutMs } = this.#cluster.limits;
    try {
      return await link.persist(
        async () => await link.offsets([...(await link.leaders()).keys()].sort((a, b) => a - b)),
        AbortSignal.timeout(requestTimeoutMs),
      );
    } catch (error) {
      throw this.#cluster.error(`get the offsets of ${topic} within ${requestTimeoutMs} ms`, error);
    }
  }

  async *read(topic: string, partition: number, options: ReadOptions): AsyncIterable<RecordBatch> {
    const link = await this.#linkTo(topic);
    await this.#cluster.topic(topic, true);
    yield* readPartition(link, partition, options);
  }

  async subscribe(topic: string, group: string, options?: SubscribeOptions): Promise<Subscription> {
    await this.#require(topic);
    const subscription = new KafkaSubscription(this.#cluster, topic, group, options);
    this.#subscriptions.add(subscription);
    return subscription;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#subscriptions].map((subscription) => subscription[Symbol.asyncDispose]()));
    await Promise.all([...this.#links.values()].map((link) => link[Symbol.asyncDispose]()));
    await Promise.all([...this.#producers.values()].map((producer) => producer.close()));
    await closed(this.#cluster.client.close(), CLOSE_DEADLINE_MS);
  }

  async #linkTo(topic: string): Promise<ClusterLink> {
    const known = this.#links.get(topic);
    if (known !== undefined) return known;
    await this.#require(topic);
    const link = this.#links.get(topic) ?? new ClusterLink(this.#cluster, topic);
    this.#links.set(topic, link);
    return link;
  }

  async #require(topic: string): Promise<void> {
    if (await this.partitions(topic) > 0) return;
    throw new Error(`Cannot use topic ${topic} of ${this.name} as it must exist: produce to it first`);
  }
}
