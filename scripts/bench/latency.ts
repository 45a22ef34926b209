/**
 * Measures latency at a steady rate: produced to committed, to the alert at a reader, and to the object in the store.
 * The model flags more than it would in service, so that there are enough alerts for a percentile.
 *
 * @module
 */
import { startDeno } from "../../src/testing/process.ts";
import { quantile } from "../../src/runtime/quantile.ts";
import { runAsProgram } from "../cli/run_command.ts";
import { openSpark, type SparkPeer } from "./peers/spark_peer.ts";
import { benchCommand, type Findings } from "./report/bench_command.ts";
import { type Line, linesOf } from "./report/report.ts";
import { spreadOf } from "./report/spread.ts";
import { interleaveRuns } from "./report/interleave.ts";
import { embeddedEngines, realServers, serverEngines } from "./runs/engines.ts";
import { type LatencyRun, runLatency } from "./runs/latency_run.ts";
import { makeFolder } from "./runs/make_folder.ts";
import { lastWords } from "./runs/measured_process.ts";
import { runSparkLatency } from "./peers/spark_latency.ts";

const CONTAMINATION = 0.05;
const PARTITIONS = 4;

/** A run has no figure for what the contender does not do. */
interface Contender {
  who: string;
  run(): Promise<Partial<LatencyRun>>;
}

interface Flags {
  rounds: number;
  rate: number;
  records: number;
  spark?: boolean;
}

/** Trains a model that flags some transactions in each second. */
async function trainedModel(folder: string): Promise<string> {
  const args = ["--out", `${folder}/model`, "--contamination", String(CONTAMINATION), "--quiet"];
  args.push("--count", "50000");
  await using process = startDeno("scripts/commands/train.ts", args, { permissions: ["--allow-all"] });
  const { code, stderr } = await process.ended({ timeoutMs: 300_000 });
  if (code === 0) return `${folder}/model`;
  throw new Error(`Cannot measure as a model must be trained: current value is ${lastWords(stderr)}`);
}

function serverContenders(
  services: Awaited<ReturnType<typeof realServers>>["services"],
  spark: SparkPeer | undefined,
  { rate: ratePerS, records, model }: Flags & { model: string },
): Contender[] {
  const seconds = records / ratePerS;
  const contenders = (["kafkajs", "platformatic"] as const).map((kafkaClient): Contender => ({
    who: `edgewood, Kafka (${kafkaClient}), PostgreSQL, MinIO`,
    async run() {
      await using engines = serverEngines(services);
      return await runLatency(engines.urls, {
        ...{ ratePerS, seconds, model },
        ...{ kafkaClient, partitions: PARTITIONS },
      });
    },
  }));
  if (spark === undefined) return contenders;
  return [...contenders, {
    who: spark.name,
    async run() {
      await using engines = serverEngines(services);
      const { stream, objects } = engines.urls;
      return await runSparkLatency(spark, { stream, objects, ratePerS, seconds, partitions: PARTITIONS });
    },
  }];
}

const WAYS = [["committed", "committedMs"], ["alert", "alertMs"], ["object", "objectMs"]] as const;
const QUANTILES = [["p50", 0.5], ["p99", 0.99]] as const;

function addTables(
  contenders: readonly Contender[],
  runs: readonly Partial<LatencyRun>[][],
  absent: readonly string[],
  findings: Findings,
): void {
  const lines: Line[] = [];
  for (const [i, { who }] of contenders.entries()) {
    for (const [to, field] of WAYS) {
      for (const [name, q] of QUANTILES) {
        const values = runs[i].map((run) => run[field] ?? []).filter((values) => values.length > 0);
        if (values.length === 0) continue;
        const figure = spreadOf(values.map((each) => quantile(Float32Array.from(each).sort(), q)));
        lines.push({ what: { who, "produced to": to, "": name }, figure });
        if (who.startsWith("edgewood") && to !== "object") {
          addGoal(`${who}: ${to}, ${name}`, figure.median, findings);
        }
      }
    }
  }
  for (const missing of absent) {
    lines.push({ what: { who: "not measured", "produced to": "", "": "" }, figure: { missing } });
  }
  findings.table({ title: "latency", unit: "ms", lines, digits: 1 });
  findings.table({
    title: "processor time of the consumer (Spark: its start included)",
    unit: "cores",
    digits: 2,
    lines: linesOf(contenders.map(({ who }) => ({ who })), runs, ({ cores }) => cores!),
  });
}

function addGoal(what: string, reached: number, findings: Findings): void {
  const must = what.endsWith("p50") ? 15 : what.includes("committed") ? 60 : 100;
  if (what.includes("alert, p50")) return;
  findings.goal(what, reached, "at most", must, "ms");
}

export const latencyBenchCommand = benchCommand({
  name: "latency",
  description: "Measure latency at a steady rate: produced to committed, to the alert, to the object.",
  sizes: {
    rounds: { what: "rounds a figure is the median of", full: 3, quick: 1 },
    rate: { what: "records a second", full: 500, quick: 200 },
    records: { what: "records that count", full: 20_000, quick: 600 },
  },
  options: (command) => command.option("--no-spark", "leave Spark out"),
}, async (flags: Flags, findings) => {
  await using closing = new AsyncDisposableStack();
  const { path: folder } = closing.use(await makeFolder());
  const model = await trainedModel(folder);
  const contenders: Contender[] = [{
    who: "edgewood, embedded",
    async run() {
      await using place = await makeFolder();
      await using engines = await embeddedEngines(`sqlite:${place.path}/stream.db`);
      return await runLatency(engines.urls, {
        ratePerS: flags.rate,
        seconds: flags.records / flags.rate,
        model,
      });
    },
  }];
  const absent: string[] = [];
  const servers = await realServers();
  if (servers.ignore) absent.push(servers.reason);
  else {
    const spark = flags.spark === false
      ? { missing: "Spark is left out" }
      : await openSpark(servers.services, { contamination: CONTAMINATION });
    if ("missing" in spark) absent.push(spark.missing);
    const job = "run" in spark ? closing.use(spark) : undefined;
    contenders.push(...serverContenders(servers.services, job, { ...flags, model }));
  }
  const runs = await interleaveRuns(contenders.map(({ run }) => run), {
    rounds: flags.rounds,
    warmUps: 0,
    names: contenders.map(({ who }) => who),
  });
  addTables(contenders, runs, absent, findings);
});

if (import.meta.main) await runAsProgram(latencyBenchCommand);
