import type { Kafka } from "kafkajs";
import { DeliveryError } from "../../delivery_error.ts";
import { type FetchedPartition, fetchRecords, type FetchRequest } from "./fetch_records.ts";
import { createCluster, deliveryError, isRetriable, type KafkaCluster } from "./kafka_client.ts";
import { withDeadline } from "./with_deadline.ts";

/** Errors of a partition that mean: ask who leads it now, then try again. */
const LEADER_MOVED = new Set([3, 5, 6, 9, 56, 74, 75, 76, 78, 100, 103]);
const FIRST_WAIT_MS = 50;
const LAST_WAIT_MS = 2000;
const CALL_DEADLINE_MS = 20_000;

/** How a link behaves while the cluster does not answer. */
export interface ClusterLinkOptions {
  /** The cluster as a person would name it. */
  name: string;
  /** The topic that is read. */
  topic: string;
  /** How long nothing may succeed before {@link ClusterLink.recover} gives up, in milliseconds. */
  giveUpMs: number;
}

/** Connections to the leaders of one topic, made anew when the cluster went away and came back. */
export class ClusterLink implements AsyncDisposable {
  readonly #kafka: Kafka;
  readonly #options: ClusterLinkOptions;
  #cluster: KafkaCluster | undefined;
  #failures = 0;
  #failingSince = 0;

  /** Connects when first used. */
  constructor(kafka: Kafka, options: ClusterLinkOptions) {
    this.#kafka = kafka;
    this.#options = options;
  }

  /** The node that leads each partition, by number of partition; -1 while there is none. */
  async leaders(): Promise<Map<number, number>> {
    const cluster = await this.#connected();
    await withDeadline(cluster.refreshMetadataIfNecessary(), CALL_DEADLINE_MS, "metadata");
    return new Map(
      cluster.findTopicPartitionMetadata(this.#options.topic)
        .map(({ partitionId, leader }) => [partitionId, leader]),
    );
  }

  /** Fetches from a node; errors of single partitions are in the answer. */
  async fetch(nodeId: number, wanted: Omit<FetchRequest, "topic">): Promise<FetchedPartition[]> {
    const cluster = await this.#connected();
    const fetching = cluster.findBroker({ nodeId })
      .then((node) => fetchRecords(node, { ...wanted, topic: this.#options.topic }));
    return await withDeadline(fetching, CALL_DEADLINE_MS + wanted.maxWaitMs, "answer to a fetch");
  }

  /** First kept offset and the offset after the last record that may be read, of the partitions asked for. */
  async offsets(
    partitions: readonly number[],
  ): Promise<{ partition: number; startOffset: number; endOffset: number }[]> {
    const { topic } = this.#options;
    const cluster = await this.#connected();
    const ask = async (fromBeginning: boolean) => {
      const asked = [{ topic, partitions: partitions.map((partition) => ({ partition })), fromBeginning }];
      const [answer] = await withDeadline(cluster.fetchTopicsOffset(asked), CALL_DEADLINE_MS, "offsets");
      return new Map(answer?.partitions.map(({ partition, offset }) => [partition, Number(offset)]));
    };
    const [starts, ends] = await Promise.all([ask(true), ask(false)]);
    this.succeeded();
    return partitions.map((partition) => {
      const startOffset = starts.get(partition);
      const endOffset = ends.get(partition);
      if (startOffset === undefined || endOffset === undefined) {
        throw new DeliveryError(
          `Cannot tell the offsets of ${topic}/${partition} as ${this.#options.name} must have the partition with a ` +
            `leader: current value is none`,
          { retriable: true },
        );
      }
      return { partition, startOffset, endOffset };
    });
  }

  /** Says that the topic could be read: the time to give up counts anew from the next failure. */
  succeeded(): void {
    this.#failures = 0;
  }

  /** Runs a call again and again, recovering in between, until it succeeds or {@link recover} gives up. */
  async persist<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        await this.recover(error, signal);
        if (signal?.aborted) throw error;
      }
    }
  }

  /**
   * Waits a little longer each time, then asks anew who leads what; from the second time on over new connections.
   *
   * @throws DeliveryError for an error that no retry mends, or when nothing has succeeded for too long.
   */
  async recover(error: unknown, signal?: AbortSignal): Promise<void> {
    const { topic, name, giveUpMs } = this.#options;
    const now = performance.now();
    if (this.#failures++ === 0) this.#failingSince = now;
    if (!isRetriable(error) || now - this.#failingSince > giveUpMs) {
      throw deliveryError(`read ${topic}`, `${name} must answer within ${giveUpMs} ms`, error);
    }
    await pause(Math.min(FIRST_WAIT_MS * 2 ** (this.#failures - 1), LAST_WAIT_MS), signal);
    if (this.#failures > 1) return this.#disconnect();
    try {
      await withDeadline(this.#cluster?.refreshMetadata() ?? Promise.resolve(), CALL_DEADLINE_MS, "metadata");
    } catch {
      // The connections are of no use: the next call makes new ones, and fails in its own name where it cannot.
      this.#disconnect();
    }
  }

  /** Whether an error code of a partition passes once the new leader is known. */
  isLeaderMoved(errorCode: number): boolean {
    return LEADER_MOVED.has(errorCode);
  }

  /** Ends the connections. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#disconnect();
    return Promise.resolve();
  }

  async #connected(): Promise<KafkaCluster> {
    if (this.#cluster !== undefined) return this.#cluster;
    const cluster = createCluster(this.#kafka);
    await withDeadline(cluster.connect(), CALL_DEADLINE_MS, "connection");
    await withDeadline(cluster.addTargetTopic(this.#options.topic), CALL_DEADLINE_MS, "metadata");
    // Another call may have been quicker.
    if (this.#cluster !== undefined) {
      close(cluster);
      return this.#cluster;
    }
    return this.#cluster = cluster;
  }

  #disconnect() {
    if (this.#cluster !== undefined) close(this.#cluster);
    this.#cluster = undefined;
  }
}

/** kafkajs waits for open requests, up to their time-outs; nobody needs to wait with it, nor to know how it ended. */
function close(cluster: KafkaCluster) {
  cluster.disconnect().catch(() => {});
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
    if (signal?.aborted) done();
  });
}
