import { Buffer } from "node:buffer";
import kafkajs from "kafkajs";
import type { Kafka } from "kafkajs";
import {
  checkFetchVersions,
  decodeFetchResponse,
  encodeFetchRequest,
  FETCH_KEY,
  FETCH_TIMEOUT_MS,
  FETCH_VERSION,
  type FetchedPartition,
  type FetchRequest,
} from "../wire/fetch_protocol.ts";
import {
  decodeMetadataResponse,
  encodeMetadataRequest,
  METADATA_KEY,
  METADATA_VERSION,
} from "../wire/metadata_protocol.ts";
import type { KnownTopic, TopicConnection, WireRequest } from "../client.ts";
import type { LargeAnswers } from "./frame_socket.ts";

const METADATA_TIMEOUT_MS = 15_000;

/** One connected node of kafkajs's cluster, as far as it is used here. */
interface KafkaNode {
  /** Versions of each request that the node takes, by API key. */
  versions: Record<number, { minVersion: number; maxVersion: number }>;
  connectionPool: {
    send<T>(call: {
      request: {
        apiKey: number;
        apiVersion: number;
        apiName: string;
        encode(): Promise<{ buf: Buffer; buffer: Buffer }>;
      };
      response: { decode(payload: Buffer): Promise<T>; parse(decoded: T): Promise<T> };
      requestTimeout: number;
    }): Promise<T>;
  };
}

/** kafkajs's cluster, as far as it is used here. */
interface KafkaCluster {
  readonly brokerPool: {
    /** A node that is connected, or the first one that can be. */
    findConnectedBroker(): Promise<KafkaNode>;
  };
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  /** The partitions as they were last known; empty for an unknown topic. */
  findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number }[];
  findBroker(node: { nodeId: number }): Promise<KafkaNode>;
  /** First offsets, or the offsets after the last committed record. */
  fetchTopicsOffset(
    topics: { topic: string; partitions: { partition: number }[]; fromBeginning: boolean }[],
  ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>;
}

/**
 * kafkajs's connections to the leaders of one topic.
 *
 * It uses kafkajs below its public interface, which fetches only inside a group and makes an object of each record. The
 * version of kafkajs is pinned for that.
 */
export class KafkajsConnection implements TopicConnection {
  readonly #cluster: KafkaCluster;
  readonly #topic: string;
  readonly #answers: LargeAnswers;

  private constructor(cluster: KafkaCluster, topic: string, answers: LargeAnswers) {
    this.#cluster = cluster;
    this.#topic = topic;
    this.#answers = answers;
  }

  /** Connects to the first broker that answers. */
  static async open(kafka: Kafka, topic: string, answers: LargeAnswers): Promise<KafkajsConnection> {
    const cluster = createCluster(kafka);
    const connection = new KafkajsConnection(cluster, topic, answers);
    try {
      await cluster.connect();
      await cluster.addTargetTopic(topic);
      return connection;
    } catch (error) {
      // A node that accepts connections and never answers would delay the end.
      connection.close().catch(() => {});
      throw error;
    }
  }

  async leaders(): Promise<Map<number, number>> {
    await this.#cluster.refreshMetadataIfNecessary();
    return new Map(
      this.#cluster.findTopicPartitionMetadata(this.#topic)
        .map(({ partitionId, leader }) => [partitionId, leader]),
    );
  }

  refresh(): Promise<void> {
    return this.#cluster.refreshMetadata();
  }

  fetch(nodeId: number, wanted: FetchRequest): Promise<FetchedPartition[]> {
    return this.send(nodeId, {
      apiKey: FETCH_KEY,
      apiVersion: FETCH_VERSION,
      apiName: "Fetch",
      body: encodeFetchRequest(this.#topic, wanted),
      timeoutMs: wanted.maxWaitMs + FETCH_TIMEOUT_MS,
      decode: (payload) => decodeFetchResponse(this.#answers.take(payload)),
    });
  }

  async send<T>(nodeId: number, request: WireRequest<T>): Promise<T> {
    const node = await this.#cluster.findBroker({ nodeId });
    if (request.apiKey === FETCH_KEY) checkFetchVersions(node.versions[FETCH_KEY]);
    return await send(node, request);
  }

  async offsets(edge: "start" | "end", partitions: readonly number[]): Promise<Map<number, number>> {
    const asked = {
      topic: this.#topic,
      partitions: partitions.map((partition) => ({ partition })),
      fromBeginning: edge === "start",
    };
    const [answer] = await this.#cluster.fetchTopicsOffset([asked]);
    return new Map(answer?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
  }

  close(): Promise<void> {
    return this.#cluster.disconnect();
  }
}

/** kafkajs's connections for questions that kafkajs itself does not ask. */
export class KafkajsLookup {
  readonly #cluster: KafkaCluster;

  /** Connects to nothing. */
  constructor(kafka: Kafka) {
    this.#cluster = createCluster(kafka);
  }

  /** Connects to the first broker that answers. */
  connect(): Promise<void> {
    return this.#cluster.connect();
  }

  /** Looks at a topic over any node; undefined where the node does not know ids of topics. */
  async topic(topic: string): Promise<KnownTopic | undefined> {
    const node = await this.#cluster.brokerPool.findConnectedBroker();
    if (!(node.versions[METADATA_KEY]?.maxVersion >= METADATA_VERSION)) return undefined;
    return await send(node, {
      apiKey: METADATA_KEY,
      apiVersion: METADATA_VERSION,
      apiName: "Metadata",
      body: encodeMetadataRequest(topic),
      decode: decodeMetadataResponse,
      timeoutMs: METADATA_TIMEOUT_MS,
    });
  }

  disconnect(): Promise<void> {
    return this.#cluster.disconnect();
  }
}

/** Sends a request that is encoded already; `apiName` is for kafkajs's own log. */
async function send<T>(
  node: KafkaNode,
  { body, decode, timeoutMs, ...request }: WireRequest<T>,
): Promise<T> {
  return await node.connectionPool.send<T>({
    request: { ...request, encode: () => Promise.resolve({ buf: body, buffer: body }) },
    response: {
      decode: (payload) => Promise.resolve(decode(payload)),
      parse: (decoded) => Promise.resolve(decoded),
    },
    requestTimeout: timeoutMs,
  });
}

/**
 * A cluster of kafkajs that is in no group; the caller connects and disconnects it.
 *
 * kafkajs hands its cluster to the assigners of a consumer; the consumer itself is never run.
 */
function createCluster(kafka: Kafka): KafkaCluster {
  let cluster: KafkaCluster | undefined;
  kafka.consumer({
    groupId: "none",
    allowAutoTopicCreation: false,
    partitionAssigners: [(context) => {
      cluster = context.cluster as unknown as KafkaCluster;
      return kafkajs.PartitionAssigners.roundRobin(context);
    }],
  });
  if (cluster === undefined) {
    throw new Error(
      "Cannot reach Kafka: kafkajs did not hand its cluster to assigners, as version 2.2.4 does",
    );
  }
  return cluster;
}
