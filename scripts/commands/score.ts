import { Command } from "commander";
import type { Model } from "../../src/forest/manifest.ts";
import { onInterrupt } from "../cli/on_interrupt.ts";
import { fileToRead, fileToWrite, usesModule } from "../cli/options/places.ts";
import { type TableStyleFlags, tableStyleOptions } from "../cli/options/table_style.ts";
import { runAsProgram, UsageError } from "../cli/run_command.ts";

interface ScoreFlags extends TableStyleFlags {
  model: string;
  input: string;
  output: string;
  skipBadRows?: boolean;
  quiet?: boolean;
}

/** The command `score`: a model and rows in, a CSV of scores out. */
export const scoreCommand: Command = tableStyleOptions(usesModule(new Command("score")), { times: false })
  .description(
    "Score the rows of a table. Writes CSV with the columns row (from 0, the header not counted), anomaly_score (0 to 1, " +
      "higher is more anomalous; all digits) and flagged (1 where the score is greater than the model's threshold, else 0).",
  )
  .addOption(fileToRead("--model <dir>", "folder that train wrote").makeOptionMandatory())
  .addOption(
    fileToRead("--input <file>", "CSV with a header, or NDJSON; plain or .gz; - for standard input")
      .makeOptionMandatory(),
  )
  .addOption(fileToWrite("--output <file>", "CSV to write; - for standard output").makeOptionMandatory())
  .option(
    "--skip-bad-rows",
    "leave out and count rows with a cell that is no number, instead of an error",
  )
  .option("--quiet", "no progress and no notes")
  .action(score);

async function score(flags: ScoreFlags): Promise<void> {
  const [{ loadModel }, { createScorer }, { openLineWriter }, { openTableInput }] = await Promise.all([
    import("../../src/forest/load.ts"),
    import("../../src/forest/scorer/scorer.ts"),
    import("../../src/table/line_writer.ts"),
    import("../cli/options/table_input.ts"),
  ]);
  const { manifest, forest } = await loadModel(flags.model);
  using input = await openTableInput("score", { ...flags, features: columnNames(manifest) });
  using scorer = await createScorer(forest);
  await using writer = await openLineWriter(flags.output);
  using _ = onInterrupt("score", () => writer.abandon());
  await writer.write("row,anomaly_score,flagged\n");
  let scores = new Float64Array(0);
  for await (const { rows, count, rowNumbers } of input.batches()) {
    if (scores.length < count) scores = new Float64Array(count);
    scorer.score(rows, count, scores);
    let lines = "";
    for (let i = 0; i < count; i++) {
      lines += `${rowNumbers[i]},${scores[i]},${scores[i] > manifest.threshold ? 1 : 0}\n`;
    }
    await writer.write(lines);
  }
  await writer.finish();
}

/** The columns that the model wants of a table. */
function columnNames(manifest: Model["manifest"]): string[] {
  const names = manifest.features.map((feature) => feature.name);
  if (manifest.kind === "table") return names;
  throw new UsageError(
    `Cannot score a table as the model must be one of a table: current value is a model of ${manifest.kind}, whose ` +
      `features ${names.join(", ")} are computed from a stream`,
  );
}

if (import.meta.main) await runAsProgram(scoreCommand);
