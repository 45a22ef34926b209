import type { Feature, Manifest, Training } from "./manifest.ts";

/**
 * Writes the model card: what the model is, what it was trained on, and what it can't know.
 *
 * @param manifest As `forest.json` holds it.
 * @returns Markdown; the same manifest gives the same text.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "../testing/assert.ts";
 * import { writeCard } from "./card.ts";
 * import { createModel } from "./model.ts";
 * import { trainForest } from "../training/train.ts";
 *
 * const forest = trainForest({ rows: Float32Array.of(1, 2, 3), nFeatures: 1 });
 * const features = [{ name: "amount" }];
 * const { manifest } = await createModel({ kind: "table", trainer: "edgewood", features, threshold: 0.6 }, forest);
 * assertStringIncludes(writeCard(manifest), "| amount |");
 * ```
 */
export function writeCard(manifest: Manifest): string {
  const { kind, features, training } = manifest;
  const sections = [
    `# Isolation Forest of ${kind === "table" ? "a table" : "card transactions"}`,
    origin(manifest),
    "## Features",
    featureTable(features, training),
    "## Training rows",
    trainingRows(training),
    "## Threshold",
    thresholdText(manifest),
    "## What to expect",
    expectationText(training),
    "## What it can't know",
    limits(training),
    "## Files",
    fileTable(manifest),
  ];
  return `${sections.join("\n\n")}\n`;
}

function origin(manifest: Manifest): string {
  const { nEstimators, maxSamples, randomSeed, trainer } = manifest;
  const forest = `${plural(nEstimators, "tree")}, each grown on ${plural(maxSamples, "row")}`;
  return trainer === "scikit-learn"
    ? `${forest}. Fitted by scikit-learn and taken over node for node: its scores are those of \`-score_samples\`.`
    : `${forest} drawn without replacement (Liu, Ting & Zhou 2008). Random seed ${randomSeed}: the same rows, options ` +
      "and seed give the same files.";
}

function featureTable(features: Feature[], training: Training | undefined): string {
  const summaries = new Map(training?.features.map((summary) => [summary.name, summary]));
  const lines = features.map((feature) => {
    const { name, transform, definition } = feature;
    const summary = summaries.get(name);
    const numbers = summary
      ? [summary.min, summary.quantiles.p50, summary.quantiles.p99, summary.max].map(shorten)
      : ["", "", "", ""];
    const bend = transform
      ? `clip((x − ${shorten(transform.floor)}) / ${shorten(transform.ceiling - transform.floor)}, 0, 4)`
      : "as it is";
    const meaning = typeof definition?.description === "string"
      ? definition.description
      : "column of the table";
    return `| ${[name, meaning, bend, ...numbers].map(escapeCell).join(" | ")} |`;
  });
  return [
    "| feature | meaning | seen by the forest | minimum | median | 99% | maximum |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...lines,
  ].join("\n");
}

function trainingRows(training: Training | undefined): string {
  if (!training) return "Not known: the forest came without a summary of its rows.";
  const { rows, sampledRows, skippedRows, coveredDays } = training;
  const days = coveredDays === undefined ? "" : ` over ${shorten(coveredDays)} days`;
  const skipped = skippedRows ? ` ${plural(skippedRows, "bad row was", "bad rows were")} left out.` : "";
  const sample = sampledRows < rows
    ? `Quantiles and threshold come from a uniform sample of ${plural(sampledRows, "row")}.`
    : "Quantiles and threshold come from all of them.";
  return `${plural(rows, "row")}${days}.${skipped} ${sample}`;
}

function thresholdText(manifest: Manifest): string {
  const { threshold, contamination, alertsPerDay } = manifest;
  const rule = `A row is flagged where its anomaly score, between 0 and 1, is greater than ${threshold}.`;
  if (alertsPerDay !== undefined) {
    return `${rule} On days like those of the training that flags some ${shorten(alertsPerDay)} rows a day.`;
  }
  if (contamination !== undefined) {
    return `${rule} That flags ${shorten(100 * contamination)}% of rows like those of the training.`;
  }
  return `${rule} It was taken over with the forest.`;
}

function expectationText(training: Training | undefined): string {
  return [heldOutText(training), onTrainingRows(training)].filter((text) => text !== "").join("\n\n");
}

function heldOutText(training: Training | undefined): string {
  const held = training?.heldOut;
  if (!held) {
    const why = training?.notKnown ?? "nothing is known of its rows";
    return `Precision, recall and card precision on later days are not known: ${why}.`;
  }
  const { days, after, trainedRows, rows, frauds, flaggedPerDay } = held;
  const { cardPrecision100, bestCardPrecision100 } = held;
  const best = bestCardPrecision100 === undefined ? "" : ` (at best ${bestCardPrecision100.toFixed(3)})`;
  return [
    `On held-out days: a forest of the same settings, with its threshold, was made of the ${
      plural(trainedRows, "row")
    } up to ` +
    `${after}; the ${plural(days, "day")} after it have ${
      plural(rows, "row")
    } with labels, ${frauds} of them frauds. ` +
    "The model itself was then made of all rows.",
    "",
    "| flagged a day | precision | recall | card precision@100 | ROC-AUC | average precision |",
    "| --- | --- | --- | --- | --- | --- |",
    `| ${flaggedPerDay.toFixed(1)} | ${held.precision.toFixed(3)} | ${held.recall.toFixed(3)} | ` +
    `${cardPrecision100 === undefined ? "not known" : `${cardPrecision100.toFixed(3)}${best}`} | ` +
    `${held.rocAuc.toFixed(3)} | ${held.averagePrecision.toFixed(3)} |`,
  ].join("\n");
}

function onTrainingRows(training: Training | undefined): string {
  const expected = training?.expectation;
  if (!expected) return "";
  const { rows, frauds, flagged, precision, recall, rocAuc, averagePrecision } = expected;
  return [
    `On ${
      plural(rows, "training row")
    } themselves, ${frauds} of them labelled as fraud. The trees never saw a label, but ` +
    "they and the threshold were made of these rows, so this is no figure to expect of others:",
    "",
    "| flagged | precision | recall | ROC-AUC | average precision |",
    "| --- | --- | --- | --- | --- |",
    `| ${flagged} | ${[precision, recall, rocAuc, averagePrecision].map((x) => x.toFixed(3)).join(" | ")} |`,
  ].join("\n");
}

function limits(training: Training | undefined): string {
  const lines = [
    "- An anomaly is a row that few others resemble. Whether it is a fraud the forest can't tell.",
    "- A fraud whose features look like everybody's is not found at any threshold.",
    "- The share of flagged rows holds for rows like those of the training; when they change, it changes too.",
  ];
  if (!training?.expectation) {
    lines.push(
      "- Without labels nobody knows how many of the flagged rows are frauds, nor how many frauds were missed.",
    );
  } else if (training.heldOut) {
    lines.push(
      "- Figures on held-out days count frauds that have a label. A fraud that nobody reported counts as none.",
    );
  }
  return lines.join("\n");
}

function fileTable({ forest }: Manifest): string {
  return [
    "| file | what |",
    "| --- | --- |",
    "| forest.json | features, threshold, training summary |",
    `| forest.bin | ${plural(forest.nodes, "node")} in ${
      plural(forest.byteLength, "byte")
    }, SHA-256 ${forest.sha256} |`,
  ].join("\n");
}

/** A number with four significant digits at most, without grouping. */
function shorten(value: number): string {
  return String(Number(value.toPrecision(4)));
}

function plural(count: number, one: string, many = `${one}s`): string {
  return `${String(count).replace(/\B(?=(\d{3})+$)/g, ",")} ${count === 1 ? one : many}`;
}

/** Keeps a name from breaking the table it stands in. */
function escapeCell(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("|", "\\|").replace(/\s+/g, " ");
}
