import { Command, InvalidArgumentError, Option } from "commander";
import type { TableEvaluation } from "../../src/evaluate/table.ts";
import { parseFileTime } from "../../src/domain/time.ts";
import { nameList, wholeNumber } from "../cli/options/values.ts";
import { durationOption } from "../cli/options/duration.ts";
import { fileToRead, fileToWrite, usesModule } from "../cli/options/places.ts";
import { runAsProgram, UsageError } from "../cli/run_command.ts";
import { refuseStateOptions, type StateFlags, stateOptions } from "../cli/options/state.ts";
import { type TableStyleFlags, tableStyleOptions } from "../cli/options/table_style.ts";

interface EvaluateFlags extends StateFlags, TableStyleFlags {
  input: string;
  label?: string;
  protocol?: "handbook";
  start?: string;
  report?: string;
  labels: boolean;
  labelDelay: number;
  features?: string[];
  seeds: number;
  seed: number;
  nEstimators: number;
  maxSamples?: number;
  skipBadRows?: boolean;
  json?: boolean;
  quiet?: boolean;
}

const command = tableStyleOptions(usesModule(new Command("evaluate")))
  .description(
    "Train on all rows of a table and score them, once for each seed; print ROC-AUC and average precision.",
  )
  .addOption(
    fileToRead("--input <file>", "CSV with a header, or NDJSON; plain or .gz; - for standard input")
      .makeOptionMandatory(),
  )
  .option(
    "--label <column>",
    "column with 1 or true for a fraud, 0 or false otherwise; must be given for a table",
  )
  .addOption(
    new Option("--protocol <name>", "a protocol on real transactions: handbook, train 7 days, wait 7, test 7")
      .choices(["handbook"]),
  )
  .option("--start <date>", "with --protocol: first day of the training week", calendarDay)
  .addOption(
    fileToWrite(
      "--report <file.html>",
      "with --protocol: a page with curves, scores, days, scenarios and drift",
    ),
  )
  .option("--no-labels", "with --protocol: as if no label ever came")
  .addOption(
    durationOption("--label-delay <time>", "with --protocol: time from a transaction to its label", "7d"),
  )
  .option("--features <a,b,c>", "columns to use (default: all numeric columns but the label)", nameList)
  .option("--seeds <n>", "number of forests", wholeNumber(1, 10_000), 10)
  .option("--seed <n>", "seed of the first forest; the next ones follow", wholeNumber(0), 0)
  .option("--n-estimators <n>", "number of trees", wholeNumber(1, 100_000), 100)
  .option(
    "--max-samples <n>",
    "rows drawn for each tree (default: 256, with --protocol 1024)",
    wholeNumber(1, 2 ** 24),
  )
  .option(
    "--skip-bad-rows",
    "leave out and count rows with a cell that is no number, instead of an error",
  )
  .option("--json", "print one JSON object: auc, auc_sd, ap, ap_sd, seeds, rows, positives, features")
  .option("--quiet", "no progress and no notes");
/** The command `evaluate`: how well forests rank the labelled rows of a table. */
export const evaluateCommand: Command = stateOptions(
  command,
  ", and with --protocol frauds alone are labelled",
)
  .action(evaluate);

async function evaluate(flags: EvaluateFlags): Promise<void> {
  const misplaced = flags.protocol === undefined
    ? [["start", flags.start], ["report", flags.report], ["no-labels", flags.labels ? undefined : ""]]
    : [["label", flags.label], ["skip-bad-rows", flags.skipBadRows && ""]];
  for (const [option, value] of misplaced) {
    if (value === undefined) continue;
    throw new UsageError(
      flags.protocol === undefined
        ? `Cannot evaluate a table with --${option} as it must stand beside --protocol`
        : `Cannot evaluate by the protocol with --${option} as it must be of a table`,
    );
  }
  if (flags.protocol === "handbook") {
    const { evaluateProtocol } = await import("../cli/options/evaluate_protocol.ts");
    return await evaluateProtocol({ ...flags, noLabels: !flags.labels });
  }
  refuseStateOptions(flags, "evaluate a table");
  const { label, maxSamples = 256 } = flags;
  if (label === undefined) {
    throw new UsageError("Cannot evaluate a table as --label COLUMN must be given: current value is none");
  }
  await evaluateTableInput({ ...flags, label, maxSamples });
}

type TableFlags = Omit<EvaluateFlags, "labels"> & { label: string; maxSamples: number };

async function evaluateTableInput(flags: TableFlags): Promise<void> {
  const [{ evaluateTable }, { collectRows }, { openTableInput }, { startProgress }] = await Promise.all([
    import("../../src/evaluate/table.ts"),
    import("../../src/table/read_rows.ts"),
    import("../cli/options/table_input.ts"),
    import("../cli/progress.ts"),
  ]);
  using input = await openTableInput("read", flags);
  const { rows, labels, count } = await collectRows(input.batches(), input.features.length);
  const { seeds, seed: randomSeed, nEstimators, maxSamples, quiet } = flags;
  const progress = startProgress("evaluate", { total: seeds, unit: "seeds", quiet });
  let evaluation: TableEvaluation;
  try {
    const onSeed = (done: number) => progress.update(done, done);
    const options = { seeds, randomSeed, nEstimators, maxSamples, onSeed };
    evaluation = await evaluateTable({ rows, nFeatures: input.features.length }, labels, options);
  } finally {
    progress.stop();
  }
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const { rocAuc, averagePrecision } = evaluation;
  if (flags.json) {
    console.log(JSON.stringify({
      auc: rocAuc.mean,
      auc_sd: rocAuc.sd,
      ap: averagePrecision.mean,
      ap_sd: averagePrecision.sd,
      seeds,
      rows: count,
      positives,
      features: input.features,
      n_estimators: nEstimators,
      max_samples: Math.min(maxSamples, count),
    }));
    return;
  }
  const line = ({ mean, sd }: { mean: number; sd: number }) => `${mean.toFixed(4)} ± ${sd.toFixed(4)}`;
  console.log(`rows               ${count}, ${positives} of them labelled 1`);
  console.log(`features           ${input.features.length}`);
  console.log(`ROC-AUC            ${line(rocAuc)}`);
  console.log(`average precision  ${line(averagePrecision)}`);
  console.log(`mean ± standard deviation over ${seeds} seed${seeds > 1 ? "s" : ""}`);
}

function calendarDay(text: string): string {
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || Number.isNaN(parseFileTime(text))) {
    throw new InvalidArgumentError(`It must be a day, YYYY-MM-DD: current value is ${text}`);
  }
  return text;
}

if (import.meta.main) await runAsProgram(evaluateCommand);
