import { Command, Option } from "commander";
import type { Expectation, Model, Training } from "../../src/forest/manifest.ts";
import { foreignBytes } from "../../src/runtime/text/foreign_bytes.ts";
import type { TrainModelOptions } from "../../src/training/train_model.ts";
import type { RowBatch } from "../../src/training/train_stream.ts";
import { decimalNumber, nameList, topicName, wholeNumber } from "../cli/options/values.ts";
import { engineOptions } from "../cli/options/engines.ts";
import { fileToRead, folderToWrite, usesModule } from "../cli/options/places.ts";
import { type DefinitionFlag, definitionOption } from "../cli/options/definition.ts";
import { durationOption } from "../cli/options/duration.ts";
import { runAsProgram } from "../cli/run_command.ts";
import { maxAheadOption, refuseStateOptions, type StateFlags, stateOptions } from "../cli/options/state.ts";
import { refuseStyleOptions, type TableStyleFlags, tableStyleOptions } from "../cli/options/table_style.ts";
import type { Config } from "../../src/config.ts";

interface TrainFlags extends Partial<Config>, StateFlags, TableStyleFlags, DefinitionFlag {
  fromStream?: boolean;
  count: number;
  warmUp: number;
  topic: string;
  labelTopic: string;
  maxAhead: number;
  input?: string;
  features?: string[];
  label?: string;
  timestamp?: string;
  nEstimators: number;
  maxSamples?: number;
  contamination?: number;
  alertsPerDay?: number;
  seed: number;
  fromSklearn?: string;
  skipBadRows?: boolean;
  quiet?: boolean;
  out: string;
}

/** Rows to train on, and what the model says about them; `trainModel` takes the rest of its options from the flags. */
export interface TrainingSource
  extends
    Disposable,
    Pick<TrainModelOptions, "kind" | "features" | "fit" | "skippedRows" | "presumeLegitimateAfterMs"> {
  batches: AsyncIterable<RowBatch>;
}

const DEFAULT_CONTAMINATION = 0.01;
const TIME_COLUMN = "timestamp";

const transactions = usesModule(new Command("train"))
  .description(
    "Train an Isolation Forest and write forest.json, forest.bin and a model card. Without --input it trains on the " +
      "transactions of the simulator.",
  )
  .addOption(fileToRead("--input <file>", "CSV with a header, or NDJSON; plain or .gz; - for standard input"))
  .option(
    "--features <a,b,c>",
    "columns to use (default: all numeric columns but the label); for transactions: features, or a set: basic, no-labels or streaming",
    nameList,
  )
  .option(
    "--label <column>",
    "column with 1 or true for a fraud: never a feature, only used to say what to expect; with --timestamp on later days",
  )
  .option("--n-estimators <n>", "number of trees", wholeNumber(1, 100_000), 100)
  .option(
    "--max-samples <n>",
    "rows drawn for each tree (default: 256; 1024 with transactions)",
    wholeNumber(1, 2 ** 24),
  )
  .addOption(
    new Option("--contamination <share>", `share of rows to flag (default: ${DEFAULT_CONTAMINATION})`)
      .argParser(decimalNumber(0, 0.5)).conflicts("alertsPerDay"),
  )
  .option("--alerts-per-day <n>", "rows to flag a day, by the time column of the rows", decimalNumber(0))
  .option(
    "--timestamp <column>",
    `time of a row, to hold out later days and for --alerts-per-day (default with that: "${TIME_COLUMN}")`,
  )
  .option("--seed <n>", "fixes every random choice", wholeNumber(0), 0)
  .addOption(
    fileToRead("--from-sklearn <file>", "JSON of a fitted forest, written by scripts/sklearn_to_json.py")
      .conflicts(["input", "label", "contamination", "alertsPerDay"]),
  )
  .option(
    "--skip-bad-rows",
    "leave out and count rows with a cell that is no number, instead of an error",
  )
  .addOption(
    new Option("--from-stream", "train on the transactions that the stream holds").conflicts([
      "input",
      "fromSklearn",
    ]),
  );
const command = engineOptions(tableStyleOptions(transactions), ["stream"])
  .addOption(definitionOption())
  .option("--topic <name>", "with --from-stream: topic of the transactions", topicName, "transactions")
  .option("--label-topic <name>", "with --from-stream: topic of the labels", topicName, "labels")
  .addOption(maxAheadOption("its record's own time, with --from-stream"))
  .option("--count <n>", "transactions to simulate", wholeNumber(1), 200_000)
  .addOption(
    durationOption(
      "--warm-up <time>",
      "of transactions: event time at the start that only fills the state",
      "21d",
    ),
  )
  .option("--quiet", "no progress and no notes")
  .addOption(folderToWrite("--out <dir>", "folder to write the model into").makeOptionMandatory());
/** The command `train`: rows in, a model folder out. */
export const trainCommand: Command = stateOptions(
  command,
  "; kept in the model, and the simulator then labels frauds only",
).action(train);

async function train(flags: TrainFlags): Promise<void> {
  const [{ writeCard }, { saveModel }] = await Promise.all([
    import("../../src/forest/card.ts"),
    import("../../src/forest/save.ts"),
  ]);
  const model = flags.fromSklearn === undefined
    ? await trainOnRows(flags)
    : await takeOver(flags.fromSklearn, flags.features);
  if (flags.fromSklearn !== undefined && !flags.quiet) {
    console.error("note: rows with a missing value cannot be scored, which scikit-learn's forests may take");
  }
  await saveModel(flags.out, model, writeCard(model.manifest));
  console.log(summary(model, flags.out));
}

async function trainOnRows(flags: TrainFlags): Promise<Model> {
  const [{ makeModelFolder }, { trainModel }] = await Promise.all([
    import("../../src/forest/save.ts"),
    import("../../src/training/train_model.ts"),
  ]);
  using source = await openSource(flags);
  const contamination = flags.alertsPerDay === undefined
    ? flags.contamination ?? DEFAULT_CONTAMINATION
    : undefined;
  const { kind, features, fit, skippedRows, presumeLegitimateAfterMs } = source;
  const { nEstimators, alertsPerDay, seed: randomSeed } = flags;
  const maxSamples = flags.maxSamples ?? (kind === "transactions" ? 1024 : 256);
  const options = {
    kind,
    features,
    fit,
    skippedRows,
    presumeLegitimateAfterMs,
    nEstimators,
    maxSamples,
    contamination,
    alertsPerDay,
    randomSeed,
  };
  await makeModelFolder(flags.out);
  const model = await trainModel(source.batches, options);
  const used = model.manifest.maxSamples;
  if (used < maxSamples && !flags.quiet) {
    console.error(`note: there are only ${used} rows, so each tree uses all of them and not ${maxSamples}`);
  }
  return model;
}

async function openSource(flags: TrainFlags): Promise<TrainingSource> {
  if (flags.input === undefined) {
    refuseStyleOptions(flags, "train");
    return await (await import("../cli/options/transaction_source.ts")).openTransactionSource(flags);
  }
  refuseStateOptions(flags, "train on a table");
  const timestamp = flags.timestamp ?? (flags.alertsPerDay === undefined ? undefined : TIME_COLUMN);
  const { openTableInput } = await import("../cli/options/table_input.ts");
  const input = await openTableInput("train", { ...flags, input: flags.input, timestamp });
  return {
    kind: "table",
    features: input.features.map((name) => ({ name })),
    batches: input.batches(),
    skippedRows: () => input.table.skippedRows,
    [Symbol.dispose]: () => input[Symbol.dispose](),
  };
}

async function takeOver(path: string, features: string[] | undefined): Promise<Model> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (cause) {
    const reason = cause instanceof Deno.errors.NotFound ? "no such file" : (cause as Error).message;
    throw new Error(`Cannot read ${path}: ${reason}`, { cause });
  }
  const found = foreignBytes(bytes);
  if (found !== undefined) {
    throw new Error(
      `Cannot take over the forest as ${path} must be JSON as scripts/sklearn_to_json.py writes it: it is ${found.what}`,
    );
  }
  const text = new TextDecoder().decode(bytes);
  return await (await import("../../src/forest/sklearn.ts")).importSklearn(text, features);
}

function summary({ manifest }: Model, out: string): string {
  const { nEstimators, maxSamples, features, threshold, training, contamination, alertsPerDay } = manifest;
  const names = features.map((feature) => feature.name);
  const shown = names.length > 8 ? `${names.slice(0, 8).join(", ")}, …` : names.join(", ");
  const budget = alertsPerDay !== undefined
    ? ` (${alertsPerDay} alerts a day)`
    : contamination !== undefined
    ? ` (contamination ${contamination})`
    : "";
  const lines = [
    `forest     ${nEstimators} trees of ${maxSamples} rows${training ? `, from ${training.rows} rows` : ""}`,
    `features   ${names.length}: ${shown}`,
    `threshold  ${threshold}${budget}`,
  ];
  lines.push(...expectationLines(training));
  lines.push(`written    ${out}/forest.json, forest.bin, README.md`);
  return lines.join("\n");
}

/** What to expect of later rows, and what is not known of them. */
function expectationLines(training: Training | undefined): string[] {
  if (training === undefined) return [];
  const { heldOut, notKnown, expectation } = training;
  const figures = ({ rocAuc, averagePrecision, precision, recall }: Expectation) =>
    `precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)} at the threshold, ` +
    `average precision ${averagePrecision.toFixed(3)}, ROC-AUC ${rocAuc.toFixed(3)}`;
  const lines: string[] = [];
  if (heldOut) {
    const { days, rows, frauds, flaggedPerDay, cardPrecision100, bestCardPrecision100 } = heldOut;
    lines.push(
      `held out   the last ${
        days === 1 ? "day" : `${days} days`
      } with labels, ${rows} rows, ${frauds} frauds, ` +
        "scored by a forest of the days before them:",
      `           ${figures(heldOut)}`,
    );
    if (cardPrecision100 !== undefined) {
      lines.push(
        `           card precision@100 ${cardPrecision100.toFixed(3)}, at best ${
          bestCardPrecision100?.toFixed(3)
        }`,
      );
    }
    lines.push(`           ${flaggedPerDay.toFixed(1)} flagged a day`);
  } else {
    lines.push(
      `held out   not known what share of the flagged rows will be frauds, nor what share of the frauds will be flagged:`,
      `           ${notKnown}`,
    );
  }
  if (expectation) {
    lines.push(`on these   ${figures(expectation)}; these rows made the forest, so they are not held out`);
  }
  return lines;
}

if (import.meta.main) await runAsProgram(trainCommand);
