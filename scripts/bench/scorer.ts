/**
 * Measures the scorer: nanoseconds a row of the WebAssembly module and of the TypeScript reference, by batch size,
 * columns and size of the trees, on normal values and on features that are mostly at their floor.
 *
 * Every figure is the median of runs that alternate between the two, with their range.
 *
 * @module
 */
import { Command } from "commander";
import { createExplainer } from "../../src/forest/explain.ts";
import { referenceScore } from "../../src/forest/reference.ts";
import { createScorer } from "../../src/forest/scorer.ts";
import { randomNumbers } from "../../src/forest/scorer_cases.ts";
import { trainForest } from "../../src/forest/train.ts";
import { runAsProgram } from "../run_command.ts";

const BATCHES = [1, 64, 1024, 16384];
const N_ESTIMATORS = 100;
const ROWS = 16384;

/** One line of the table: times in nanoseconds a row. */
interface Measurement {
  scorer: string;
  values: string;
  nFeatures: number;
  maxSamples: number;
  batch: number;
  median: number;
  fastest: number;
  slowest: number;
}

/** Scores rows from the given one on; what it returns is not used. */
type Run = (firstRow: number, batch: number) => unknown;

/** Standard normal values by Box & Muller, or their magnitude in one place of seven and 0 in the others. */
function sampleRows(values: string, nFeatures: number): Float32Array {
  const uniform = randomNumbers(1);
  return new Float32Array(ROWS * nFeatures).map(() => {
    const normal = Math.sqrt(-2 * Math.log(uniform() + 1e-12)) * Math.cos(2 * Math.PI * uniform());
    if (values === "normal") return normal;
    return uniform() < 6 / 7 ? 0 : Math.abs(normal);
  });
}

/** Nanoseconds a row of each run at one batch size, in rounds that take each of them in turn. */
function timeRounds(runs: Run[], batch: number, rounds: number, rowsPerRound: number): number[][] {
  const times: number[][] = runs.map(() => []);
  const calls = Math.max(1, Math.floor(rowsPerRound / batch));
  for (let round = -1; round < rounds; round++) {
    runs.forEach((run, i) => {
      const startedAt = performance.now();
      for (let call = 0; call < calls; call++) run((call * batch) % ROWS, batch);
      const time = (performance.now() - startedAt) * 1e6 / (calls * batch);
      if (round >= 0) times[i].push(time); // the first round warms up
    });
  }
  return times.map((ofRun) => ofRun.sort((a, b) => a - b));
}

async function measure(
  values: string,
  nFeatures: number,
  maxSamples: number,
  options: { rounds: number; rowsPerRound: number },
): Promise<Measurement[]> {
  const rows = sampleRows(values, nFeatures);
  const forest = trainForest({ rows, nFeatures }, { nEstimators: N_ESTIMATORS, maxSamples, randomSeed: 1 });
  using scorer = await createScorer(forest);
  const explainer = createExplainer(forest);
  const out = new Float64Array(ROWS);
  const part = (first: number, count: number) =>
    rows.subarray(first * nFeatures, (first + count) * nFeatures);
  const scorers: [string, Run][] = [
    ["wasm", (first, batch) => scorer.score(part(first, batch), batch, out)],
    ["typescript", (first, batch) => referenceScore(forest, part(first, batch), out)],
  ];
  const explaining: [string, Run][] = [["explain", (first) => explainer.explain(part(first, 1))]];
  return BATCHES.flatMap((batch) => {
    const all = batch === 1 ? [...scorers, ...explaining] : scorers;
    const times = timeRounds(all.map(([, run]) => run), batch, options.rounds, options.rowsPerRound);
    return all.map(([name], i): Measurement => ({
      scorer: name,
      values,
      nFeatures,
      maxSamples,
      batch,
      median: times[i][times[i].length >> 1],
      fastest: times[i][0],
      slowest: times[i][times[i].length - 1],
    }));
  });
}

async function bench(options: { json?: string; rounds: string; rows: string }): Promise<void> {
  const header = ["scorer", "values", "columns", "trees", "batch", "ns/row", "range"];
  const line = (cells: (string | number)[]) =>
    cells.map((cell, i) => i < 2 ? String(cell).padEnd(11) : String(cell).padStart(i < 6 ? 10 : 16)).join("");
  console.log(line(header));
  const measurements: Measurement[] = [];
  for (const values of ["normal", "floor"]) {
    for (const nFeatures of [6, 30]) {
      for (const maxSamples of [256, 1024]) {
        const limits = { rounds: Number(options.rounds), rowsPerRound: Number(options.rows) };
        for (const found of await measure(values, nFeatures, maxSamples, limits)) {
          measurements.push(found);
          const range = `${found.fastest.toFixed(0)} to ${found.slowest.toFixed(0)}`;
          const trees = `${N_ESTIMATORS}x${maxSamples}`;
          console.log(
            line([found.scorer, values, nFeatures, trees, found.batch, found.median.toFixed(0), range]),
          );
        }
      }
    }
  }
  if (options.json) {
    const report = {
      bench: "scorer",
      unit: "ns/row",
      deno: Deno.version.deno,
      target: Deno.build.target,
      measurements,
    };
    await Deno.writeTextFile(options.json, JSON.stringify(report, null, 2) + "\n");
  }
}

if (import.meta.main) {
  await runAsProgram(
    new Command("bench scorer")
      .description("Measure the scorer: nanoseconds a row by batch size, columns and size of the trees.")
      .option("--rounds <n>", "rounds a figure is the median of", "9")
      .option("--rows <n>", "rows at least a round scores with one scorer", "4096")
      .option("--json <file>", "write the figures to a file, too")
      .action(bench),
  );
}
