/**
 * Measures the simulator: transactions a second as objects and as JSON, with and without labels, and memory.
 *
 * @module
 */
import { Command } from "commander";
import { encodeLabel, encodeTransaction } from "../../src/simulate/encode.ts";
import { simulate } from "../../src/simulate/simulate.ts";
import { wholeNumber } from "../option_values.ts";
import { runAsProgram } from "../run_command.ts";

const ROUNDS = 5;
const START = new Date("2026-01-01T00:00:00Z");
const CASES = [["objects", "none"], ["objects", "all"], ["JSON", "none"], ["JSON", "all"]] as const;

/** Command `bench simulate`. */
export const simulateBenchCommand: Command = new Command("simulate")
  .description("Measure the simulator, transactions a second.")
  .option("--count <n>", "transactions", wholeNumber(1), 500_000)
  .option("--json <file>", "write the figures too")
  .action(bench);

async function bench({ count, json }: { count: number; json?: string }): Promise<void> {
  const rates = CASES.map(() => [] as number[]);
  for (let round = 0; round < ROUNDS; round++) {
    CASES.forEach(([form, labels], i) => rates[i].push(run(count, labels, form === "JSON")));
  }
  const figures = CASES.map(([form, labels], i) => {
    const sorted = rates[i].toSorted((a, b) => a - b).map(Math.round);
    return {
      form,
      labels,
      transactionsPerS: sorted[ROUNDS >> 1],
      least: sorted[0],
      most: sorted[ROUNDS - 1],
    };
  });
  console.table(figures);
  console.log(`RSS ${Math.round(Deno.memoryUsage().rss / 2 ** 20)} MiB`);
  if (json !== undefined) await Deno.writeTextFile(json, `${JSON.stringify({ count, figures }, null, 2)}\n`);
}

function run(count: number, labels: "all" | "none", asJson: boolean): number {
  let bytes = 0;
  const began = performance.now();
  for (const event of simulate({ randomSeed: 1, start: START, count, labels })) {
    if (asJson) bytes += (event.kind === "label" ? encodeLabel(event) : encodeTransaction(event)).length;
    else bytes++;
  }
  if (bytes < count) {
    throw new Error(`Cannot measure as ${count} transactions must come: current value is ${bytes}`);
  }
  return count / (performance.now() - began) * 1000;
}

if (import.meta.main) await runAsProgram(simulateBenchCommand);
