/**
 * What rows of the fault matrix do to a cluster of Kafka brokers.
 *
 * @module
 */
import kafkajs from "kafkajs";
import { type ClusterName } from "../../../src/testing/services.ts";
import { until } from "../../../src/testing/until.ts";
import { clusterNames, type OpenedServices, openServices } from "../../services/open_services.ts";
import { activeController } from "../../services/servers/kafka_cluster.ts";
import type { ServiceHandle } from "../../services/service_handle.ts";

/** Longer than a busy machine takes to elect a leader, or to start a broker. */
const MOVED_WITHIN_MS = 90_000;

export interface MovingClusterServers {
  handles: OpenedServices["handles"];
  /** `kafka://` with all three brokers. */
  stream: string;
  /** `postgres://` of the primary. */
  ledger: string;
}

/** Starts the cluster unless it runs; undefined, with the reasons printed, where that is impossible on this machine. */
export async function openCluster(): Promise<MovingClusterServers | undefined> {
  const { handles, unavailable, failed } = await openServices({
    only: clusterNames,
    report: (line) => console.error(line),
  });
  for (const [name, why] of unavailable) console.log(`skipped: ${name} cannot be installed here: ${why}`);
  if (unavailable.size > 0) return;
  const [cause] = failed.values();
  if (cause !== undefined) {
    throw new Error(`Cannot test as the cluster must start: current value is ${cause.message}`, { cause });
  }
  return { handles, stream: handles.kafka1.url, ledger: handles.postgres1.url };
}

/** Three brokers, which can be asked who leads what, and of which one can be broken at a time. */
export class MovingCluster implements AsyncDisposable {
  readonly #handles: OpenedServices["handles"];
  readonly #admin: kafkajs.Admin;
  readonly #broken = new Set<ServiceHandle>();

  private constructor({ handles, stream }: MovingClusterServers) {
    this.#handles = handles;
    const brokers = stream.slice("kafka://".length).split(",");
    this.#admin = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING, retry: { retries: 10 } })
      .admin();
  }

  /** Connects to the cluster; disposing starts what is broken. */
  static async open(servers: MovingClusterServers): Promise<MovingCluster> {
    const cluster = new MovingCluster(servers);
    await cluster.#admin.connect();
    return cluster;
  }

  /** The broker that leads a partition. */
  async leader(topic: string, partition: number): Promise<ServiceHandle> {
    const found = await until(async () => {
      const { leader } = (await this.#partitions(topic)).find((each) => each.partitionId === partition)!;
      return leader > 0 && leader;
    }, { timeoutMs: MOVED_WITHIN_MS, what: `a leader of ${topic}/${partition}` });
    return this.#node(Number(found));
  }

  /** The broker that is the active controller. */
  async controller(): Promise<ServiceHandle> {
    const [witness] = [1, 2, 3].map((id) => this.#node(id)).filter((node) => !this.#broken.has(node));
    return this.#node(await activeController(witness.service.dataDir));
  }

  /** Makes the second replica of each partition its leader, and waits until it is. */
  async moveLeaders(topic: string): Promise<void> {
    const before = await this.#partitions(topic);
    const partitionAssignment = before.map(({ partitionId, replicas: [first, ...others] }) => ({
      partition: partitionId,
      replicas: [...others, first],
    }));
    await this.#admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
    const wanted = new Map(partitionAssignment.map(({ partition, replicas }) => [partition, replicas[0]]));
    await until(async () => {
      return (await this.#partitions(topic)).every((each) => each.leader === wanted.get(each.partitionId));
    }, { timeoutMs: MOVED_WITHIN_MS, what: `new leaders of ${topic}` });
  }

  /** Kills a broker while `work` goes on, and starts it again. */
  async withoutBroker(broker: ServiceHandle, work: () => Promise<unknown>): Promise<void> {
    await this.#harm(broker, () => broker.kill(), () => broker.start(), work);
  }

  /** Freezes a broker while `work` goes on: its connections stay open, and nothing answers. */
  async withFrozenBroker(broker: ServiceHandle, work: () => Promise<unknown>): Promise<void> {
    await this.#harm(broker, () => broker.pause(), () => broker.resume(), work);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const broker of this.#broken) await broker.start();
    await this.#admin.disconnect();
  }

  async #harm(
    broker: ServiceHandle,
    harm: () => Promise<unknown>,
    heal: () => Promise<unknown>,
    work: () => Promise<unknown>,
  ): Promise<void> {
    this.#broken.add(broker);
    await harm();
    await work();
    await heal();
    this.#broken.delete(broker);
  }

  #node(id: number): ServiceHandle {
    return this.#handles[`kafka${id}` as ClusterName];
  }

  async #partitions(topic: string): Promise<kafkajs.PartitionMetadata[]> {
    return (await this.#admin.fetchTopicMetadata({ topics: [topic] })).topics[0].partitions;
  }
}
