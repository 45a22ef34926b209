/**
 * Measures how the cost grows: records a second of `consume` on embedded engines by the number of records in the stream and of
 * customers among them, with the memory of the process.
 *
 * A simulated customer makes two transactions a day, so fewer customers make the same records in more days. Each hour of
 * event time with a flagged transaction is an object at least. Every transaction gets its label an hour later, so that
 * short and long streams carry the same work.
 *
 * @module
 */
import { openBroker } from "../../src/adapters.ts";
import { removeDatabase } from "../cli/remove_if_there.ts";
import { runAsProgram } from "../cli/run_command.ts";
import { benchCommand, type Findings } from "./report/bench_command.ts";
import { interleaveRuns } from "./report/interleave.ts";
import { linesOf } from "./report/report.ts";
import { ratioOf, type Spread, spreadOf } from "./report/spread.ts";
import { type ConsumeRun, runConsume } from "./runs/consume_run.ts";
import { embeddedEngines } from "./runs/engines.ts";
import { fillStream } from "./load/fill_stream.ts";
import { makeFolder } from "./runs/make_folder.ts";

const TOPICS = { topic: "transactions", labelTopic: "labels" };
const FACTOR = 10;
const STEPS = 3;
/** Customers where the number of records changes. */
const CUSTOMERS = 10_000;
const LABEL_DELAY_MS = 3_600_000;
const MOST_RATIO = 1.3;

interface Case {
  records: number;
  customers: number;
}

/** Steps of ten times the records with the same customers, and of ten times the customers with the same records. */
interface Cases {
  /** One that stands in both rows is here once. */
  cases: Case[];
  isByRecords(each: Case): boolean;
  isByCustomers(each: Case): boolean;
}

function casesOf({ records, customers }: Case): Cases {
  const steps = (largest: number, count: number) =>
    Array.from({ length: count }, (_, i) => Math.round(largest / FACTOR ** (count - 1 - i)));
  const fewer = Math.round(records / FACTOR);
  const isByRecords = (each: Case) => each.customers === CUSTOMERS;
  const byRecords = steps(records, STEPS).map((each) => ({ records: each, customers: CUSTOMERS }));
  const byCustomers = steps(customers, STEPS + 1).map((each) => ({ records: fewer, customers: each }));
  return {
    cases: [...byRecords, ...byCustomers.filter((each) => !isByRecords(each))],
    isByRecords,
    isByCustomers: (each) => each.records === fewer,
  };
}

function addGoal(what: string, spreads: readonly Spread[], findings: Findings): void {
  const sorted = spreads.toSorted((a, b) => a.median - b.median);
  const reached = ratioOf(sorted.at(-1)!, sorted[0]);
  findings.goal(`${what}: the fastest over the slowest`, reached, "at most", MOST_RATIO, "×");
}

/** Number of files in a folder and below; none where it was not made. */
async function filesBelow(folder: string): Promise<number> {
  let count = 0;
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      count += isDirectory ? await filesBelow(`${folder}/${name}`) : 1;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return count;
}

export const growthBenchCommand = benchCommand({
  name: "growth",
  description: "Measure how the cost grows with records and customers, on embedded engines.",
  sizes: {
    rounds: { what: "rounds a figure is the median of", full: 3, quick: 1 },
    records: {
      what: "records of the longest stream; the others have a tenth and a hundredth",
      full: 10_000_000,
      quick: 20_000,
    },
    customers: { what: "customers at most; down to a thousandth", full: 1_000_000, quick: 1000 },
  },
  options: (command) => command.option("--model <dir>", "folder of the model", "model"),
}, async ({ rounds, model, ...largest }: Case & { rounds: number; model: string }, findings) => {
  const { cases, isByRecords, isByCustomers } = casesOf(largest);
  await using folder = await makeFolder();
  const streams: string[] = [];
  for (const [i, { records, customers }] of cases.entries()) {
    console.error(`filling a stream with ${records} records of ${customers} customers`);
    const url = `sqlite:${folder.path}/stream-${i}.db`;
    await using broker = await openBroker(url);
    await fillStream(broker, TOPICS, { records, customers, labelDelayMs: LABEL_DELAY_MS });
    streams.push(url);
  }
  const runs = await interleaveRuns(
    cases.map(({ records }, i) => async () => {
      const engines = await embeddedEngines(streams[i], folder.path);
      // Objects stay until all is measured: ext4 makes new files slowly for minutes after many were removed.
      const run = await runConsume(engines.urls, { ...TOPICS, records, log: "all", model });
      const objects = await filesBelow(engines.urls.objects.slice("file:".length));
      // Its files take far more of the disk than objects do.
      await removeDatabase(engines.urls.ledger.slice("sqlite:".length));
      return { ...run, objects };
    }),
    {
      rounds,
      warmUps: 0,
      names: cases.map(({ records, customers }) => `${records} records, ${customers} customers`),
    },
  );
  const whats = cases.map(({ records, customers }) => ({ records, customers }));
  const table = (
    title: string,
    unit: string,
    digits: number,
    valueOf: (run: typeof runs[0][0], i: number) => number,
  ) => findings.table({ title, unit, digits, lines: linesOf(whats, runs, valueOf) });
  const rate = ({ recordsPerS }: ConsumeRun) => recordsPerS;
  table("consuming, embedded, every transaction logged", "records/s", 0, rate);
  table("processor time", "µs/record", 2, ({ cpuSeconds }, i) => cpuSeconds * 1e6 / cases[i].records);
  table("memory of the process at its peak", "MB", 0, ({ peakRssBytes }) => peakRssBytes / 1e6);
  table("flagged transactions", "of 1,000", 1, ({ flagged }, i) => flagged * 1000 / cases[i].records);
  table("objects", "files", 0, ({ objects }) => objects);
  const rates = runs.map((each) => spreadOf(each.map(rate)));
  addGoal("records/s by records", rates.filter((_, i) => isByRecords(cases[i])), findings);
  addGoal("records/s by customers", rates.filter((_, i) => isByCustomers(cases[i])), findings);
});

if (import.meta.main) await runAsProgram(growthBenchCommand);
