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
 * import { trainForest } from "./train.ts";
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
  const expected = training?.expectation;
  if (!expected) return "No rows with labels of both kinds took part, so precision and recall are not known.";
  const { rows, frauds, flagged, precision, recall, rocAuc, averagePrecision } = expected;
  return [
    `On ${plural(rows, "training row")}, ${frauds} of them labelled as fraud (the trees never saw a label):`,
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
