/**
 * Measures the simulator: transactions a second as objects and as JSON, with and without labels, and memory.
 *
 * Run it with `deno run scripts/bench/simulate.ts [count]`.
 *
 * @module
 */
import { encodeLabel, encodeTransaction } from "../../src/simulate/encode.ts";
import { simulate } from "../../src/simulate/simulate.ts";

const ROUNDS = 5;
const start = new Date("2026-01-01T00:00:00Z");
const count = Number(Deno.args[0] ?? 500_000);

function run(labels: "all" | "none", asJson: boolean): number {
  let bytes = 0;
  const began = performance.now();
  for (const event of simulate({ randomSeed: 1, start, count, labels })) {
    if (asJson) bytes += (event.kind === "label" ? encodeLabel(event) : encodeTransaction(event)).length;
    else bytes++;
  }
  if (bytes < count) {
    throw new Error(`Cannot measure as ${count} transactions must come: current value is ${bytes}`);
  }
  return count / (performance.now() - began) * 1000;
}

const cases = [["objects", "none"], ["objects", "all"], ["JSON", "none"], ["JSON", "all"]] as const;
const rates = cases.map(() => [] as number[]);
for (let round = 0; round < ROUNDS; round++) {
  cases.forEach(([form, labels], i) => rates[i].push(run(labels, form === "JSON")));
}
const round = (rate: number) => Math.round(rate).toLocaleString("en");
cases.forEach(([form, labels], i) => {
  const sorted = rates[i].toSorted((a, b) => a - b);
  const median = sorted[ROUNDS >> 1];
  console.log(
    `${form}, labels ${labels}: ${round(median)} transactions/s (${round(sorted[0])} to ${
      round(sorted[ROUNDS - 1])
    })`,
  );
});
console.log(`RSS ${Math.round(Deno.memoryUsage().rss / 2 ** 20)} MiB`);
