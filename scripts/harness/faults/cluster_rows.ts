import { openBroker } from "../../../src/adapters.ts";
import type { Broker } from "../../../src/broker/broker.ts";
import { until } from "../../../src/testing/until.ts";
import type { RunningProcess } from "../../../src/testing/process.ts";
import { openPipelineRun, type PipelineRun } from "../pipeline_run.ts";
import { startCommand } from "../start_command.ts";
import { MovingCluster, type MovingClusterServers } from "./moving_cluster.ts";
import { emptyResult, judge, lasting, type RowResult, secondsToProgress } from "./row.ts";
import { type KafkaClientName, PARTITIONS } from "./stage.ts";

/** How long transactions are produced while leaders move, seconds. */
const PRODUCING_S = 40;
/** Longer than the session of a broker with its controller. */
const FROZEN_MS = 15_000;
const ENDS_WITHIN_MS = 600_000;
/** Between two faults. */
const WELL_MS = 5000;
const SLOW = ["--max-batch-records", "64"];
const MEMBERS = 2;

/** A fault of a cluster. */
interface ClusterRow {
  name: string;
  description: string;
  /** Breaks something once, while `produce` runs; called again until it has ended. */
  producing?(cluster: MovingCluster, topic: string): Promise<void>;
  /** Breaks something once, while consumers work. */
  consuming?(cluster: MovingCluster, topic: string, run: PipelineRun): Promise<void>;
}

const rows: readonly ClusterRow[] = [
  {
    name: "leader-moves",
    description: "leaders move from broker to broker while transactions are produced",
    producing: (cluster, topic) => cluster.moveLeaders(topic),
    consuming: (cluster, topic) => cluster.moveLeaders(topic),
  },
  {
    name: "controller-killed",
    description: "the active controller is killed while transactions are produced, and started again",
    producing: async (cluster) => cluster.withoutBroker(await cluster.controller(), () => lasting(3000)),
  },
  {
    name: "leader-frozen",
    description:
      "a leader is frozen while transactions are produced and consumed, and wakes when another one leads",
    producing: async (cluster, topic) =>
      cluster.withFrozenBroker(await cluster.leader(topic, 0), () => lasting(FROZEN_MS)),
    consuming: async (cluster, topic) =>
      cluster.withFrozenBroker(await cluster.leader(topic, 0), () => lasting(FROZEN_MS)),
  },
  {
    name: "broker-killed",
    description: "a broker that leads is killed while two members consume, and started again",
    consuming: async (cluster, topic, run) =>
      cluster.withoutBroker(
        await cluster.leader(topic, 0),
        () => secondsToProgress(run, () => run.committed(), run.records),
      ),
  },
];

/** Names of the rows that need a cluster. */
export const clusterRowNames: readonly string[] = rows.map(({ name }) => name);

export interface ClusterRowsOptions {
  records: number;
  /** The first row alone, unless others are named. */
  isQuick: boolean;
  clients: readonly KafkaClientName[];
  only?: readonly string[];
  signal?: AbortSignal;
  onRow(result: RowResult): void;
}

/**
 * Produces to a cluster, consumes from it with two members, and breaks it meanwhile; each row has topics of its own.
 *
 * `produce` must prove its records, `verify` must find each record, verdict, object, dead letter and alert.
 */
export async function runClusterRows(
  servers: MovingClusterServers,
  { records, isQuick, clients, only, signal, onRow }: ClusterRowsOptions,
): Promise<RowResult[]> {
  const results: RowResult[] = [];
  const wanted = rows.filter(({ name }, i) => only?.includes(name) ?? (i === 0 || !isQuick));
  for (const client of clients) {
    for (const row of wanted) {
      const startedAt = performance.now();
      const result = emptyResult(row.name, client);
      try {
        await using cluster = await MovingCluster.open(servers);
        await runRow(row, result, { servers, cluster, records, signal });
      } catch (error) {
        result.isUnfinished = true;
        result.problems.push((error as Error).message);
      }
      result.tookS = (performance.now() - startedAt) / 1000;
      result.ok = result.problems.length === 0;
      results.push(result);
      onRow(result);
    }
  }
  return results;
}

interface RowSetting {
  servers: MovingClusterServers;
  cluster: MovingCluster;
  records: number;
  signal?: AbortSignal;
}

async function runRow(row: ClusterRow, result: RowResult, setting: RowSetting): Promise<void> {
  const { servers, cluster, records, signal } = setting;
  const name = `cluster-${crypto.randomUUID().slice(0, 8)}`;
  const labelTopic = `${name}.labels`;
  const folder = await Deno.makeTempDir();
  try {
    await using broker = await openBroker(servers.stream);
    await broker.ensureTopic(name, { partitions: PARTITIONS });
    await broker.ensureTopic(labelTopic);
    await produce(row, result, { ...setting, broker, name, labelTopic });
    const ledger = new URL(servers.ledger);
    ledger.searchParams.set("schema", name.replaceAll("-", "_"));
    await using run = await openPipelineRun({
      urls: { stream: servers.stream, ledger: ledger.href, objects: `file:${folder}` },
      topic: name,
      labelTopic,
      group: name,
      kafkaClient: result.client,
    });
    signal?.addEventListener("abort", () => run.kill(), { once: true });
    result.records = records;
    for (let member = 0; member < MEMBERS; member++) run.start({ flags: SLOW });
    if (row.consuming !== undefined) {
      await run.untilShare(0.05);
      await row.consuming(cluster, name, run);
    }
    await run.untilEnded(ENDS_WITHIN_MS);
    await judge(run, { filled: { topic: name, labelTopic, records, poison: 0 } }, result);
    result.peakRssMb = run.peakRssBytes / 1e6;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Runs `produce` and breaks the cluster meanwhile; what it could not prove is counted. */
async function produce(
  row: ClusterRow,
  result: RowResult,
  { cluster, servers, records, signal, broker, name, labelTopic }: RowSetting & {
    broker: Broker;
    name: string;
    labelTopic: string;
  },
): Promise<void> {
  const rate = row.producing === undefined ? [] : ["--rate", String(records / PRODUCING_S)];
  await using process: RunningProcess = startCommand("produce", [
    ...["--stream", servers.stream, "--topic", name, "--label-topic", labelTopic],
    ...["--count", String(records), "--seed", "11", "--fraud-rate", "0.02", "--quiet", ...rate],
  ], { env: { KAFKA_CLIENT: result.client } });
  const kill = () => process.kill("SIGKILL");
  signal?.addEventListener("abort", kill, { once: true });
  const producing = process.ended({ timeoutMs: ENDS_WITHIN_MS });
  await until(
    async () => (await broker.offsets(name)).some(({ endOffset }) => endOffset > 0) || process.hasEnded,
    { timeoutMs: ENDS_WITHIN_MS, what: "the first records" },
  );
  let faults = 0;
  for (; row.producing !== undefined && !process.hasEnded; faults++) {
    await row.producing(cluster, name);
    await Promise.race([lasting(WELL_MS), producing]);
  }
  const { code, stdout, stderr } = await producing;
  signal?.removeEventListener("abort", kill);
  const count = (pattern: RegExp) => Number(pattern.exec(stdout)?.[1] ?? 0);
  if (row.producing !== undefined && faults < 2) {
    result.problems.push(
      `transactions must be produced while more than one fault comes: current value is ${faults}`,
    );
  }
  result.lost += count(/(\d+) are missing/);
  result.doubled += count(/(\d+) are there more than once/);
  if (code !== 0 || !stdout.includes("proven")) {
    result.problems.push(`produce must exit with 0: it was ${code}: ${stdout} ${stderr}`);
  }
}
