/**
 * Measures Kafka to PostgreSQL and MinIO until the topic is empty, beside the Kafka clients alone, a bare COPY of the
 * same rows, and Spark with scikit-learn. Each run is its own process.
 *
 * @module
 */
import { nameList } from "../cli/options/values.ts";
import { runAsProgram } from "../cli/run_command.ts";
import type { KafkaClientName } from "../harness/faults/stage.ts";
import { openSpark, type SparkPeer, type SparkRun } from "./peers/spark_peer.ts";
import { benchCommand, type Findings } from "./report/bench_command.ts";
import { interleave, interleaveRuns } from "./report/interleave.ts";
import { type Line, linesOf } from "./report/report.ts";
import { ratioOf, type Spread, spreadOf } from "./report/spread.ts";
import { timeToFirstVerdict } from "./runs/consume_run.ts";
import { realServers, serverEngines } from "./runs/engines.ts";
import { filledTopic } from "./load/fill_stream.ts";
import { makeFolder } from "./runs/make_folder.ts";
import {
  type ContenderRun,
  copyBare,
  type Ground,
  profileEdgewood,
  readRaw,
  runEdgewood,
  runSpark,
} from "./runs/pipeline_contenders.ts";

const RECORD_BYTES = 240;
const SPARK_MICRO_BATCH = 500_000;
const MUST_SHARE = 0.6;
const LARGEST_SHARES = 14;
const CLIENTS: readonly KafkaClientName[] = ["kafkajs", "platformatic"];

/** A bare COPY has no process of its own. */
interface Contender {
  what: { who: string; client: string; logged: string };
  run(): Promise<Taken>;
}

/** Some figures only Spark has. */
type Taken = Pick<ContenderRun, "recordsPerS"> & Partial<SparkRun>;

/** Contenders' runs and rates, by name. */
interface Results {
  runs: Readonly<Record<string, Taken[]>>;
  rates: Readonly<Record<string, Spread>>;
}

interface Flags {
  rounds: number;
  records: number;
  partitions: number;
  customers: number;
  model: string;
  only?: string[];
}

function contendersOf(ground: Ground, spark: SparkPeer | undefined): Record<string, Contender> {
  const raw = (client: KafkaClientName, isTuned: boolean): Contender => ({
    what: { who: isTuned ? "client alone, 4 MiB" : "client alone", client, logged: "-" },
    run: () => readRaw(ground, client, isTuned),
  });
  const edgewood = (client: KafkaClientName, log: "flagged" | "all"): Contender => ({
    what: { who: "edgewood", client, logged: log },
    run: () => runEdgewood(ground, client, log),
  });
  return {
    "raw kafkajs": raw("kafkajs", false),
    "raw kafkajs tuned": raw("kafkajs", true),
    "raw platformatic": raw("platformatic", false),
    "raw platformatic tuned": raw("platformatic", true),
    "flagged kafkajs": edgewood("kafkajs", "flagged"),
    "flagged platformatic": edgewood("platformatic", "flagged"),
    "all kafkajs": edgewood("kafkajs", "all"),
    "all platformatic": edgewood("platformatic", "all"),
    copy: {
      what: { who: "bare COPY", client: "-", logged: "all" },
      run: async () => ({ recordsPerS: await copyBare(ground) }),
    },
    ...spark && {
      spark: {
        what: { who: spark.name, client: "-", logged: "-" },
        run: () => runSpark(ground, spark, SPARK_MICRO_BATCH),
      },
    },
  };
}

async function measure(
  contenders: Readonly<Record<string, Contender>>,
  { rounds, records }: Flags,
  absent: readonly Line[],
  findings: Findings,
): Promise<Results> {
  const names = Object.keys(contenders);
  const found = await interleaveRuns(names.map((name) => contenders[name].run), {
    rounds,
    warmUps: 0,
    names,
  });
  const whats = names.map((name) => contenders[name].what);
  const table = (title: string, unit: string, valueOf: (run: Required<Taken>) => number, digits = 0) => {
    const lines = [...linesOf(whats, found as Required<Taken>[][], valueOf), ...absent];
    findings.table({ title, unit, digits, lines });
  };
  table(
    `${records} records of ${RECORD_BYTES} bytes, from connecting (Spark: the first micro-batch) to the last one done`,
    "records/s",
    (run) => run.recordsPerS,
  );
  table("the whole process, from its start to its end", "records/s", (run) => records / run.wallMs * 1000);
  table("memory of the process at its peak, with what it started", "MB", (run) => run.peakRssBytes / 1e6);
  table("processor time", "µs/record", (run) => run.cpuSeconds * 1e6 / records, 2);
  if (names.includes("spark")) {
    table("without the first micro-batch", "records/s", (run) => run.warmRecordsPerS);
    table("to the end of the first micro-batch", "ms", (run) => run.firstVerdictMs);
  }
  const byName = <T>(values: readonly T[]) => Object.fromEntries(names.map((name, i) => [name, values[i]]));
  return {
    runs: byName(found),
    rates: byName(found.map((each) => spreadOf(each.map((run) => run.recordsPerS)))),
  };
}

function addGoals({ runs, rates }: Results, findings: Findings): void {
  const goal = (what: string, [above, below]: (Spread | undefined)[], must: number) => {
    if (above === undefined || below === undefined) return;
    findings.goal(what, ratioOf(above, below), "at least", must, "×");
  };
  const wholeRate = (name: string) => runs[name] && spreadOf(runs[name].map(({ wallMs }) => 1 / wallMs!));
  const warmRate = runs.spark && spreadOf(runs.spark.map(({ warmRecordsPerS }) => warmRecordsPerS!));
  for (const client of CLIENTS) {
    const [flagged, all, raw] = [`flagged ${client}`, `all ${client}`, `raw ${client}`];
    goal(`flagged logged, ${client}, over the client alone`, [rates[flagged], rates[raw]], MUST_SHARE);
    const tuned = rates[`${raw} tuned`];
    goal(`flagged logged, ${client}, over the client alone at 4 MiB`, [rates[flagged], tuned], MUST_SHARE);
    goal(`all logged, ${client}, over a bare COPY`, [rates[all], rates.copy], MUST_SHARE);
    goal(`flagged logged, ${client}, over Spark, the whole run`, [wholeRate(flagged), wholeRate("spark")], 4);
    goal(`flagged logged, ${client}, over Spark once warm`, [rates[flagged], warmRate], 2);
    if (runs[flagged] === undefined) continue;
    const peak = spreadOf(runs[flagged].map((run) => run.peakRssBytes! / 1e6)).most;
    findings.goal(`flagged logged, ${client}, memory at full speed`, peak, "at most", 350, "MB");
  }
}

/** Profiles the main thread in a run of its own. */
async function addProfile(ground: Ground, findings: Findings): Promise<void> {
  for (const client of CLIENTS) {
    const shares = [...await profileEdgewood(ground, client)].slice(0, LARGEST_SHARES);
    findings.table({
      title: `where the main thread's time goes, ${client}, flagged ones logged`,
      unit: "µs/record",
      digits: 2,
      lines: shares.map(([part, us]) => ({ what: { part }, figure: spreadOf([us]) })),
    });
  }
}

/** From the start of `consume` to its first commit on the same topic. */
async function measureStart(ground: Ground, rounds: number, findings: Findings): Promise<void> {
  const starts = CLIENTS.map((client) => async () => {
    await using engines = serverEngines(ground.services);
    return await timeToFirstVerdict(engines.urls, {
      ...ground,
      log: "flagged",
      env: { KAFKA_CLIENT: client },
    });
  });
  const spreads = await interleave(starts, { rounds: Math.max(rounds, 3) });
  findings.table({
    title: "from the start of the process to the first verdicts in the ledger",
    unit: "ms",
    lines: CLIENTS.map((client, i) => ({ what: { who: "edgewood", client }, figure: spreads[i] })),
  });
  CLIENTS.forEach((client, i) =>
    findings.goal(`first verdict, ${client}`, spreads[i].median / 1000, "at most", 1.5, "s")
  );
}

export const pipelineBenchCommand = benchCommand({
  name: "pipeline",
  description:
    "Measure the whole way on Kafka, PostgreSQL and MinIO, beside the clients alone, a bare COPY and Spark.",
  sizes: {
    rounds: { what: "rounds a figure is the median of", full: 3, quick: 1 },
    records: { what: "records in the topic", full: 3_000_000, quick: 50_000 },
    partitions: { what: "partitions of the topic", full: 4, quick: 4 },
    customers: {
      what: "customers; of so many 3,000,000 transactions are some days",
      full: 300_000,
      quick: 5000,
    },
  },
  options: (command) =>
    command.option("--model <dir>", "folder of the model", "model")
      .option(
        "--only <names>",
        "leave out whose name begins with none of these, such as raw,flagged",
        nameList,
      ),
}, async (flags: Flags, findings) => {
  const servers = await realServers();
  if (servers.ignore) return findings.skip(servers.reason);
  const { services } = servers;
  const topics = await filledTopic(services.kafka.url, {
    ...flags,
    recordBytes: RECORD_BYTES,
    labels: "frauds",
  });
  await using folder = await makeFolder();
  const ground: Ground = { ...topics, ...flags, services, rowsFile: `${folder.path}/rows.copy` };
  const isWanted = (name: string) => flags.only?.some((start) => name.startsWith(start)) ?? true;
  await using closing = new AsyncDisposableStack();
  const spark = isWanted("spark") ? await openSpark(services) : undefined;
  const job = spark !== undefined && "run" in spark ? closing.use(spark) : undefined;
  const absent = spark !== undefined && "missing" in spark
    ? [{ what: { who: "Spark", client: "-", logged: "-" }, figure: spark }]
    : [];
  const contenders = Object.entries(contendersOf(ground, job)).filter(([name]) => isWanted(name));
  if (contenders.length > 0) {
    addGoals(await measure(Object.fromEntries(contenders), flags, absent, findings), findings);
  }
  await measureStart(ground, flags.rounds, findings);
  await addProfile(ground, findings);
});

if (import.meta.main) await runAsProgram(pipelineBenchCommand);
