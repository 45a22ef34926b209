import { FileTimes } from "../../../src/domain/time.ts";
import { evaluateHandbook, type HandbookEvaluation, type Spread } from "../../../src/evaluate/handbook.ts";
import { renderReport } from "../../../src/evaluate/report/report.ts";
import { replayTransactions } from "../../../src/simulate/replay/replay.ts";
import { openLineWriter } from "../../../src/table/line_writer.ts";
import { openTextTable } from "../../../src/table/text_table.ts";
import { transactionFeatures } from "../../../src/training/rows/transaction_features.ts";
import { onInterrupt } from "../on_interrupt.ts";
import { startProgress } from "../progress.ts";
import { UsageError } from "../run_command.ts";
import { featuresOptionsOf, type StateFlags } from "./state.ts";
import { printNotes } from "./text_table_notes.ts";
import type { TableStyleFlags } from "./table_style.ts";

/** What `evaluate --protocol handbook` was asked for. */
export interface ProtocolFlags extends StateFlags, TableStyleFlags {
  input: string;
  /** First day of the training week, YYYY-MM-DD. */
  start?: string;
  /** As if no label ever came. */
  noLabels: boolean;
  /** Time from a transaction to its label, milliseconds. */
  labelDelay: number;
  features?: string[];
  seeds: number;
  nEstimators: number;
  maxSamples?: number;
  /** Page to write: curves, scores, days, scenarios, features and drift. */
  report?: string;
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
  if (flags.features !== undefined) checkFeatures(flags.features);
  using table = await openTextTable(flags.input, flags);
  // A page that cannot be written is an error before the work, not after it.
  await using report = flags.report === undefined ? undefined : await openLineWriter(flags.report);
  using _ = onInterrupt("evaluate", () => report?.abandon());
  const progress = startProgress("replay", { total: table.size, unit: "transactions", quiet: flags.quiet });
  const times = new FileTimes(flags.timeUnit);
  const events = replayTransactions(table.rows(), {
    times,
    decimal: flags.decimal,
    labelDelayMs: flags.labelDelay,
    labels: flags.presumeLegitimateAfter === undefined ? "all" : "frauds",
  });
  let found: HandbookEvaluation;
  try {
    found = await evaluateHandbook(events, {
      startDate: flags.start,
      labels: !flags.noLabels,
      features: flags.features,
      seeds: flags.seeds,
      nEstimators: flags.nEstimators,
      maxSamples: flags.maxSamples,
      featuresOptions: featuresOptionsOf(flags),
      onProgress: (transactions) => progress.update(table.bytesRead, transactions),
    });
  } finally {
    progress.stop();
  }
  if (!flags.quiet) printNotes(table, times);
  await report?.write(renderReport(found));
  await report?.finish();
  console.log(flags.json ? JSON.stringify(summary(found)) : describe(found));
}

/** Refuses features that are none before the file is read. */
function checkFeatures(names: string[]): void {
  try {
    transactionFeatures(names);
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

function summary(found: HandbookEvaluation): Record<string, unknown> {
  return {
    auc: found.auc.mean,
    auc_sd: found.auc.sd,
    ap: found.ap.mean,
    ap_sd: found.ap.sd,
    cp100: found.cp100.mean,
    cp100_sd: found.cp100.sd,
    cp100_best: found.bestCp100,
    scenario_auc: Object.fromEntries(found.scenarios.map(({ scenario, auc }) => [scenario, auc.mean])),
    seeds: found.runs.length,
    train_rows: found.weeks.train.count,
    test_rows: found.weeks.test.count,
    frauds: fraudsOf(found),
    labels: found.labels,
    features: found.features,
    n_estimators: found.nEstimators,
    max_samples: found.maxSamples,
  };
}

function describe(found: HandbookEvaluation): string {
  const line = ({ mean, sd }: Spread) => `${mean.toFixed(3)} ± ${sd.toFixed(3)}`;
  const seeds = found.runs.length;
  return [
    `trained on          ${found.weeks.train.count} transactions`,
    `tested on           ${found.weeks.test.count} transactions, ${
      fraudsOf(found)
    } of them frauds, cards with a known fraud left out`,
    `ROC-AUC             ${line(found.auc)}`,
    `average precision   ${line(found.ap)}`,
    `card precision@100  ${line(found.cp100)}, at best ${found.bestCp100.toFixed(3)}`,
    ...found.scenarios.map(({ scenario, frauds, auc }) =>
      `AUC of scenario ${scenario}   ${line(auc)}, ${frauds} frauds`
    ),
    `mean ± standard deviation over ${seeds} seed${seeds === 1 ? "" : "s"}`,
  ].join("\n");
}

function fraudsOf({ weeks }: HandbookEvaluation): number {
  return weeks.test.isFraud.reduce((sum, each) => sum + each, 0);
}
