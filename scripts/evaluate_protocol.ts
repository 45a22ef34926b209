import { evaluateHandbook, type HandbookEvaluation, type HandbookScores } from "../src/evaluate/handbook.ts";
import { replayTransactions } from "../src/simulate/replay.ts";
import { openTextTable } from "../src/table/text_table.ts";
import { startProgress } from "./progress.ts";
import { UsageError } from "./run_command.ts";

/** What `evaluate --protocol handbook` was asked for. */
export interface ProtocolFlags {
  /** CSV of transactions with is_fraud and scenario. */
  input: string;
  /** First day of the training week, milliseconds since 1970. */
  start?: number;
  /** As if no label ever came. */
  noLabels: boolean;
  /** Time from a transaction to its label, milliseconds. */
  labelDelay: number;
  /** Features, or the name of a set. */
  features?: string[];
  /** Number of forests. */
  seeds: number;
  nEstimators: number;
  maxSamples?: number;
  json?: boolean;
  quiet?: boolean;
}

/** Replays a file of transactions, trains and tests by the handbook's protocol, and prints the results. */
export async function evaluateProtocol(flags: ProtocolFlags): Promise<void> {
  if (flags.start === undefined) {
    throw new UsageError(
      "Cannot evaluate by the protocol as --start YYYY-MM-DD must be given: current value is none",
    );
  }
  const features = flags.features ?? [flags.noLabels ? "no-labels" : "streaming"];
  using table = await openTextTable(flags.input);
  const progress = startProgress("replay", { total: table.size, unit: "transactions", quiet: flags.quiet });
  const labels = flags.noLabels ? "none" : "all";
  const events = replayTransactions(table.rows(), { labels, labelDelayMs: flags.labelDelay });
  let found: HandbookEvaluation;
  try {
    found = await evaluateHandbook(events, {
      startMs: flags.start,
      features,
      seeds: flags.seeds,
      nEstimators: flags.nEstimators,
      maxSamples: flags.maxSamples,
      onProgress: (transactions) => progress.update(table.bytesRead, transactions),
    });
  } finally {
    progress.stop();
  }
  const result = {
    ...statistics(found.seeds, "auc"),
    ...statistics(found.seeds, "ap"),
    ...statistics(found.seeds, "cp100"),
    scenario_auc: scenarioMeans(found.seeds),
    cp100_by_day: found.seeds[0].cp100ByDay.map((_, day) =>
      mean(found.seeds.map((seed) => seed.cp100ByDay[day]))
    ),
    seeds: flags.seeds,
    train_rows: found.trainRows,
    test_rows: found.testRows,
    frauds: found.frauds,
    features,
  };
  console.log(flags.json ? JSON.stringify(result) : describe(result));
}

function statistics<K extends "auc" | "ap" | "cp100">(seeds: HandbookScores[], key: K) {
  const values = seeds.map((seed) => seed[key]);
  const average = mean(values);
  const sd = Math.sqrt(mean(values.map((value) => (value - average) ** 2)));
  return { [key]: average, [`${key}_sd`]: sd } as Record<K | `${K}_sd`, number>;
}

function scenarioMeans(seeds: HandbookScores[]): Record<string, number> {
  const scenarios = Object.keys(seeds[0].scenarioAuc);
  return Object.fromEntries(
    scenarios.map((scenario) => [scenario, mean(seeds.map((seed) => seed.scenarioAuc[scenario]))]),
  );
}

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

function describe(
  result: ReturnType<typeof statistics> & {
    scenario_auc: Record<string, number>;
    train_rows: number;
    test_rows: number;
    frauds: number;
    seeds: number;
  },
): string {
  const line = (value: number, sd: number) => `${value.toFixed(3)} ± ${sd.toFixed(3)}`;
  return [
    `trained on          ${result.train_rows} transactions`,
    `tested on           ${result.test_rows} transactions, ${result.frauds} of them frauds, cards with a known fraud left out`,
    `ROC-AUC             ${line(result.auc, result.auc_sd)}`,
    `average precision   ${line(result.ap, result.ap_sd)}`,
    `card precision@100  ${line(result.cp100, result.cp100_sd)}`,
    ...Object.entries(result.scenario_auc).map(([scenario, auc]) =>
      `AUC of scenario ${scenario}   ${auc.toFixed(3)}`
    ),
    `mean ± standard deviation over ${result.seeds} seed${result.seeds === 1 ? "" : "s"}`,
  ].join("\n");
}
