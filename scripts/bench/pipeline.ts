/**
 * Measures the whole way on real servers: Kafka → features → verdict → PostgreSQL (flagged rows, or all) → MinIO, until the topic
 * is empty, beside the Kafka clients alone on the same topic and a bare COPY of the same rows.
 *
 * Each run is a process of its own; the turns are interleaved.
 *
 * @module
 */
import { nameList } from "../option_values.ts";
import { runAsProgram } from "../run_command.ts";
import { benchCommand, type Findings } from "./report/bench_command.ts";
import { interleave } from "./report/interleave.ts";
import type { Line } from "./report/report.ts";
import { ratioOf, type Spread, spreadOf } from "./report/spread.ts";
import { timeToFirstVerdict } from "./runs/consume_run.ts";
import { realServers, serverEngines } from "./runs/engines.ts";
import { filledTopic } from "./runs/filled_topic.ts";
import { makeFolder } from "./runs/make_folder.ts";
import {
  type ContenderRun,
  copyBare,
  type Ground,
  type KafkaClientName,
  readRaw,
  runEdgewood,
} from "./runs/pipeline_contenders.ts";

const RECORD_BYTES = 240;
const CLIENTS: readonly KafkaClientName[] = ["kafkajs", "platformatic"];

/** Somebody who takes the topic in; a bare COPY has no process of its own. */
interface Contender {
  /** Who, how, and what is logged. */
  what: { who: string; client: string; logged: string };
  run(): Promise<Pick<ContenderRun, "recordsPerS"> & Partial<ContenderRun>>;
}

interface Flags {
  rounds: number;
  records: number;
  partitions: number;
  model: string;
  only?: string[];
}

function contendersOf(ground: Ground): Record<string, Contender> {
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
  };
}

async function measure(
  contenders: Readonly<Record<string, Contender>>,
  { rounds, records }: Flags,
  findings: Findings,
): Promise<Record<string, Spread>> {
  const names = Object.keys(contenders);
  const runs: Record<string, Partial<ContenderRun>[]> = Object.fromEntries(names.map((name) => [name, []]));
  const rates = await interleave(
    names.map((name) => async () => {
      const run = await contenders[name].run();
      runs[name].push(run);
      return run.recordsPerS;
    }),
    {
      rounds,
      warmUps: 0,
      onRun: (round, i) => console.error(`round ${round + 1} of ${rounds}: ${names[i]}`),
    },
  );
  const table = (
    title: string,
    unit: string,
    valueOf: (run: ContenderRun) => number,
    digits: number,
  ) => {
    const lines = names.map((name): Line | undefined => {
      const values = runs[name].filter((run) => run.wallMs !== undefined).map((run) =>
        valueOf(run as ContenderRun)
      );
      return values.length === 0 ? undefined : { what: contenders[name].what, figure: spreadOf(values) };
    });
    findings.table({ title, unit, digits, lines: lines.filter((line) => line !== undefined) });
  };
  findings.table({
    title: `${records} records of ${RECORD_BYTES} bytes, from connecting to the last one done`,
    unit: "records/s",
    lines: names.map((name, i) => ({ what: contenders[name].what, figure: rates[i] })),
  });
  table("the whole process, from its start to its end", "records/s", (run) => records / run.wallMs * 1000, 0);
  table("memory of the process at its peak", "MB", (run) => run.peakRssBytes / 1e6, 0);
  table("processor time", "µs/record", (run) => run.cpuSeconds * 1e6 / records, 2);
  for (const name of names.filter((name) => name.startsWith("flagged"))) {
    findings.goal({
      what: `${name}: memory at full speed`,
      reached: spreadOf(runs[name].map((run) => run.peakRssBytes! / 1e6)).most,
      must: 350,
      bound: "at most",
      unit: "MB",
    });
  }
  return Object.fromEntries(names.map((name, i) => [name, rates[i]]));
}

function addRatios(rates: Readonly<Record<string, Spread | undefined>>, findings: Findings): void {
  const ratio = (what: string, of: string, by: string, must: number) => {
    const [above, below] = [rates[of], rates[by]];
    if (above === undefined || below === undefined) return;
    findings.goal({ what, reached: ratioOf(above, below), must, bound: "at least", unit: "×" });
  };
  for (const client of CLIENTS) {
    ratio(`flagged logged, ${client}, over the client alone`, `flagged ${client}`, `raw ${client}`, 0.6);
    ratio(
      `flagged logged, ${client}, over the client alone at 4 MiB`,
      `flagged ${client}`,
      `raw ${client} tuned`,
      0.6,
    );
    ratio(`all logged, ${client}, over a bare COPY`, `all ${client}`, "copy", 0.6);
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
    findings.goal({
      what: `first verdict, ${client}`,
      reached: spreads[i].median / 1000,
      must: 1.5,
      bound: "at most",
      unit: "s",
    })
  );
}

/** The command `bench pipeline`. */
export const pipelineBenchCommand = benchCommand({
  name: "pipeline",
  description:
    "Measure the whole way on Kafka, PostgreSQL and MinIO, beside the clients alone and a bare COPY.",
  sizes: {
    rounds: { what: "rounds a figure is the median of", full: 3, quick: 1 },
    records: { what: "records in the topic", full: 3_000_000, quick: 50_000 },
    partitions: { what: "partitions of the topic", full: 4, quick: 4 },
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
  const contenders = Object.entries(contendersOf(ground)).filter(([name]) =>
    flags.only?.some((start) => name.startsWith(start)) ?? true
  );
  addRatios(await measure(Object.fromEntries(contenders), flags, findings), findings);
  await measureStart(ground, flags.rounds, findings);
});

if (import.meta.main) await runAsProgram(pipelineBenchCommand);
