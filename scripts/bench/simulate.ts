/**
 * Measures the simulator: transactions a second, with and without labels, and memory.
 *
 * @module
 */
import { PackedRecords } from "../../src/broker/packed_records.ts";
import { StepJson } from "../../src/simulate/events/json.ts";
import { simulate, simulatedSteps } from "../../src/simulate/simulate.ts";
import { runAsProgram } from "../cli/run_command.ts";
import { benchCommand } from "./report/bench_command.ts";
import { interleave } from "./report/interleave.ts";

const START = new Date("2026-01-01T00:00:00Z");
const BATCH_RECORDS = 16_384;
const CASES = [["objects", "none"], ["objects", "all"], ["JSON", "none"], ["JSON", "all"]] as const;

export const simulateBenchCommand = benchCommand({
  name: "simulate",
  description: "Measure the simulator, transactions a second.",
  sizes: {
    rounds: { what: "rounds a figure is the median of", full: 5, quick: 2 },
    records: { what: "transactions of a run", full: 500_000, quick: 20_000 },
  },
}, async ({ rounds, records }: { rounds: number; records: number }, findings) => {
  const runs = CASES.map(([form, labels]) => () => run(records, labels, form === "JSON"));
  const spreads = await interleave(runs, { rounds });
  findings.table({
    title: "simulating",
    unit: "transactions/s",
    lines: CASES.map(([form, labels], i) => ({ what: { form, labels }, figure: spreads[i] })),
    note: `RSS ${Math.round(Deno.memoryUsage().rss / 2 ** 20)} MiB at the end`,
  });
});

function run(count: number, labels: "all" | "none", asJson: boolean): number {
  const options = { randomSeed: 1, start: START, count, labels };
  const json = new StepJson(options.randomSeed, 7 * 86_400_000);
  const records = new PackedRecords();
  let made = 0;
  const began = performance.now();
  for (const event of asJson ? simulatedSteps(options) : simulate(options)) {
    made++;
    if (!("index" in event)) continue;
    json.write(event, records);
    if (records.length === BATCH_RECORDS) records.clear();
  }
  if (made < count) {
    throw new Error(`Cannot measure as ${count} transactions must come: current value is ${made}`);
  }
  return count / (performance.now() - began) * 1000;
}

if (import.meta.main) await runAsProgram(simulateBenchCommand);
