import { type BaseOptions, type Connection, Consumer, Writer } from "@platformatic/kafka";
import { DeliveryError } from "../../../runtime/delivery_error.ts";
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
import type { TopicConnection, WireRequest } from "../client.ts";
import { withListeners } from "./with_listeners.ts";

/** Kafka takes these instead of a time when it is asked for offsets. */
const EDGE = { start: -2n, end: -1n } as const;
const METADATA_MAX_AGE_MS = 60_000;

/**
 * The package's connections to the leaders of one topic.
 *
 * Its consumer is in no group and asks for metadata and offsets; records are fetched over its connections, since its own
 * fetch decodes them to several objects each.
 */
export class PlatformaticConnection implements TopicConnection {
  readonly #consumer: Consumer;
  readonly #topic: string;

  private constructor(consumer: Consumer, topic: string) {
    this.#consumer = consumer;
    this.#topic = topic;
  }

  /** Connects to the first broker that answers. */
  static async open(options: BaseOptions, topic: string): Promise<PlatformaticConnection> {
    const consumer = withListeners(
      new Consumer({
        ...options,
        groupId: "none",
        metadataMaxAge: METADATA_MAX_AGE_MS,
        // One fetch waits in the node while offsets are asked for.
        requestTimeout: FETCH_TIMEOUT_MS,
      }),
    );
    const connection = new PlatformaticConnection(consumer, topic);
    try {
      const versions = await consumer.listApis();
      checkFetchVersions(versions.find(({ apiKey }) => apiKey === FETCH_KEY));
      await connection.refresh();
      return connection;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  async leaders(): Promise<Map<number, number>> {
    const { topics } = await this.#consumer.metadata({ topics: [this.#topic] });
    return new Map(topics.get(this.#topic)?.partitions.map(({ leader }, partition) => [partition, leader]));
  }

  async refresh(): Promise<void> {
    await this.#consumer.metadata({ topics: [this.#topic], forceUpdate: true });
  }

  fetch(nodeId: number, wanted: FetchRequest): Promise<FetchedPartition[]> {
    return this.send(nodeId, {
      apiKey: FETCH_KEY,
      apiVersion: FETCH_VERSION,
      apiName: "Fetch",
      body: encodeFetchRequest(this.#topic, wanted),
      timeoutMs: wanted.maxWaitMs + FETCH_TIMEOUT_MS,
      decode: decodeFetchResponse,
    });
  }

  async send<T>(nodeId: number, request: WireRequest<T>): Promise<T> {
    const connection = (await this.#consumer.connectToBrokers([nodeId])).get(nodeId);
    if (connection === undefined) {
      throw new DeliveryError(`no node ${nodeId} in the cluster`, { retriable: true });
    }
    return await sendBytes(connection, request);
  }

  async offsets(edge: "start" | "end", partitions: readonly number[]): Promise<Map<number, number>> {
    const found = await this.#consumer.listOffsets({
      topics: [this.#topic],
      partitions: { [this.#topic]: [...partitions] },
      timestamp: EDGE[edge],
    });
    const offsets = found.get(this.#topic) ?? [];
    return new Map(
      partitions.filter((partition) => offsets[partition] !== undefined)
        .map((partition) => [partition, Number(offsets[partition])]),
    );
  }

  async close(): Promise<void> {
    await this.#consumer.close(true);
  }
}

/** Sends a request of a version whose header has no tagged fields, and reads the answer. */
function sendBytes<T>(
  connection: Connection,
  { apiKey, apiVersion, body, decode }: WireRequest<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    connection.send<T>(
      apiKey,
      apiVersion,
      () => Writer.create().append(body),
      (_correlationId, _apiKey, _apiVersion, { buffer, position }) => decode(buffer.slice(position)),
      false,
      false,
      (error, answer) => error ? reject(error) : resolve(answer as T),
    );
  });
}
