import type { ServiceName } from "../../../src/testing/services.ts";
import type { RunContext, ServiceDefinition } from "../definition.ts";
import { formatKafka, kafka, kafkaCommand } from "./kafka.ts";
import { askKafkaMetadata } from "./kafka_metadata.ts";

const NAMES = ["kafka1", "kafka2", "kafka3"] as const satisfies ServiceName[];
const FIRST_PORT = 29_470;
/** Three of them share a machine with everything else. */
const HEAP_MB = 320;

/** Port of a role, by id of the broker. */
type NodePorts = ReadonlyMap<number, Record<"plaintext" | "controller", number>>;

/**
 * Returns the `server.properties` of one of three brokers that are each other's controllers (KRaft), on 127.0.0.1.
 *
 * Topics have three replicas, two of which must be in sync for a write. A silent broker is replaced after six seconds,
 * and a broker that is back leads its partitions again soon.
 *
 * @example
 * ```ts
 * const ports = new Map([1, 2, 3].map((id) => [id, { plaintext: 10 + id, controller: 20 + id }]));
 * const text = clusterProperties(2, ports, "/d");
 * if (!text.includes("listeners=PLAINTEXT://127.0.0.1:12,CONTROLLER://127.0.0.1:22")) throw new Error(text);
 * ```
 */
export function clusterProperties(id: number, ports: NodePorts, dataDir: string): string {
  const { plaintext, controller } = ports.get(id)!;
  const voters = [...ports].map(([id, { controller }]) => `${id}@127.0.0.1:${controller}`);
  return Object.entries({
    "process.roles": "broker,controller",
    "node.id": id,
    "controller.quorum.voters": voters.join(","),
    "listeners": `PLAINTEXT://127.0.0.1:${plaintext},CONTROLLER://127.0.0.1:${controller}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${plaintext}`,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "log.dirs": dataDir,
    "auto.create.topics.enable": false,
    "default.replication.factor": 3,
    "min.insync.replicas": 2,
    "offsets.topic.replication.factor": 3,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.replication.factor": 3,
    "transaction.state.log.min.isr": 2,
    "transaction.state.log.num.partitions": 4,
    "share.coordinator.state.topic.replication.factor": 3,
    "share.coordinator.state.topic.min.isr": 2,
    "unclean.leader.election.enable": false,
    "broker.session.timeout.ms": 6000,
    "broker.heartbeat.interval.ms": 1000,
    "replica.lag.time.max.ms": 10_000,
    "leader.imbalance.check.interval.seconds": 2,
    "leader.imbalance.per.broker.percentage": 0,
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1000,
    "message.max.bytes": 4_194_304,
    "replica.fetch.max.bytes": 4_194_304,
  }).map(([key, value]) => `${key}=${String(value).replaceAll("\\", "\\\\")}\n`).join("");
}

function portsOf({ peers }: RunContext): NodePorts {
  return new Map(
    NAMES.map((name, i) => [i + 1, peers[name]!.ports as { plaintext: number; controller: number }]),
  );
}

/** The same for all nodes, and another one after their passwords were made anew. */
async function clusterId({ peers }: RunContext): Promise<string> {
  const secret = new TextEncoder().encode(NAMES.map((name) => peers[name]!.password).join());
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", secret)).subarray(0, 16);
  hash[0] &= 0x7f; // no leading "-" in base64url, which a command line would take for an option
  return hash.toBase64({ alphabet: "base64url", omitPadding: true });
}

/** One of the three brokers, with id 1, 2 or 3: ready when the cluster knows it and has a controller. */
export function kafkaNode(id: 1 | 2 | 3): ServiceDefinition {
  return {
    ...kafka,
    name: NAMES[id - 1],
    title: `Kafka broker ${id} of the cluster`,
    firstPort: FIRST_PORT + 2 * (id - 1),
    portRoles: ["plaintext", "controller"],
    peers: NAMES,

    async prepare(context) {
      const { runDir, installDir } = context;
      const dataDir = `${runDir}/data`;
      const propertiesFile = `${runDir}/server.properties`;
      await Deno.writeTextFile(propertiesFile, clusterProperties(id, portsOf(context), dataDir));
      await formatKafka({ installDir, dataDir, propertiesFile }, await clusterId(context));
      return kafkaCommand(installDir, propertiesFile, HEAP_MB);
    },

    async askReady({ settings: { ports } }) {
      const { brokers, controllerId } = await askKafkaMetadata("127.0.0.1", ports.plaintext);
      if (controllerId >= 0 && brokers.some(({ port }) => port === ports.plaintext)) return;
      const seen = JSON.stringify({ brokers, controllerId });
      throw new Error(`the broker must be registered, and the cluster led: current value is ${seen}`);
    },

    describe: (context) => ({
      url: `kafka://${
        [...portsOf(context).values()].map(({ plaintext }) => `127.0.0.1:${plaintext}`).join(",")
      }`,
    }),
  };
}

/** Id of the broker that is the active controller, as the node with this data folder knows it. */
export async function activeController(dataDir: string): Promise<number> {
  const state = JSON.parse(await Deno.readTextFile(`${dataDir}/__cluster_metadata-0/quorum-state`));
  return Number(state.leaderId);
}
