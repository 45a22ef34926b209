/**
 * What `forest.json` says about a model.
 *
 * @module
 */
import { z } from "zod";
import type { Forest } from "./forest.ts";

/** Version of the pair forest.json and forest.bin that this code writes and reads. */
export const FORMAT_VERSION = 1;

const finite = z.number();
const count = z.int().min(0);
const positive = z.int().min(1);
const share = z.number().min(0).max(1);

/** How the value of a feature is bent before the forest sees it: clip((x - floor) / (ceiling - floor), 0, 4). */
export const transformSchema = z.strictObject({
  kind: z.literal("one-sided"),
  floor: finite,
  ceiling: finite,
}).refine(({ floor, ceiling }) => ceiling > floor, "ceiling must be above floor");

/** A column of the forest: a column of a table, or a feature of transactions with its definition. */
export const featureSchema = z.strictObject({
  name: z.string().min(1),
  definition: z.record(z.string(), z.unknown()).optional(),
  transform: transformSchema.optional(),
});

/** What the training rows held in one feature, before any transform. */
export const featureSummarySchema = z.strictObject({
  name: z.string(),
  min: finite,
  max: finite,
  mean: finite,
  quantiles: z.record(z.string().regex(/^p\d+(\.\d+)?$/), finite),
});

/** What the labels of the training rows say about the flags; no label took part in the training. */
export const expectationSchema = z.strictObject({
  rows: positive,
  frauds: count,
  flagged: count,
  precision: share,
  recall: share,
  rocAuc: share,
  averagePrecision: share,
});

/** Summary of the training rows. */
export const trainingSchema = z.strictObject({
  rows: positive,
  skippedRows: count.optional(),
  sampledRows: positive,
  coveredDays: z.number().positive().optional(),
  features: z.array(featureSummarySchema),
  expectation: expectationSchema.optional(),
});

/**
 * The schema of `forest.json`, format version 1.
 *
 * `kind` is "table" where features name columns, "transactions" where each has a definition. `maxSamples` is the
 * sub-sample size used. A row is flagged where its anomaly score is greater than `threshold`. `forest` describes
 * forest.bin: trees, nodes, bytes and their SHA-256 in lower-case hexadecimal.
 */
export const manifestSchema = z.strictObject({
  formatVersion: z.literal(FORMAT_VERSION),
  kind: z.enum(["table", "transactions"]),
  trainer: z.enum(["edgewood", "scikit-learn"]),
  features: z.array(featureSchema).min(1),
  randomSeed: count.optional(),
  nEstimators: positive,
  maxSamples: positive,
  contamination: z.number().gt(0).max(0.5).optional(),
  alertsPerDay: z.number().positive().optional(),
  threshold: share,
  training: trainingSchema.optional(),
  forest: z.strictObject({
    trees: positive,
    nodes: positive,
    byteLength: positive,
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
  }),
}).superRefine((manifest, context) => {
  const refuse = (path: string, message: string) =>
    context.addIssue({ code: "custom", path: [path], message });
  const names = manifest.features.map((feature) => feature.name);
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) refuse("features", `names must differ: "${repeated}" stands twice`);
  if (manifest.kind === "transactions" && manifest.features.some((feature) => !feature.definition)) {
    refuse("features", "each must have a definition in a model of transactions");
  }
  if (manifest.kind === "table" && manifest.features.some((feature) => feature.transform)) {
    refuse("features", "must be columns as they are, without transform, in a model of a table");
  }
  if (manifest.contamination !== undefined && manifest.alertsPerDay !== undefined) {
    refuse("alertsPerDay", "must be absent where contamination is given");
  }
  if (manifest.forest.trees !== manifest.nEstimators) refuse("nEstimators", "must be the number of trees");
});

/** What `forest.json` holds. */
export type Manifest = z.infer<typeof manifestSchema>;
/** One feature of a manifest. */
export type Feature = z.infer<typeof featureSchema>;
/** Summary of the training rows in a manifest. */
export type Training = z.infer<typeof trainingSchema>;
/** What labels say about the flags on the training rows. */
export type Expectation = z.infer<typeof expectationSchema>;

/** A model in memory: its description, its trees, and what names it in a verdict. */
export interface Model {
  manifest: Manifest;
  forest: Forest;
  /** SHA-256 of the bytes of forest.json, in lower-case hexadecimal; it covers forest.bin, whose own hash is in there. */
  sha256: string;
}

/**
 * The problems of a value that should match a schema, each as `path: what must be`, at most five of them.
 *
 * @param error What zod found.
 */
export function describeProblems(error: z.ZodError): string {
  const problems = error.issues.map(({ path, message }) => `${path.join(".") || "(whole)"}: ${message}`);
  const more = problems.length > 5 ? `; and ${problems.length - 5} more` : "";
  return problems.slice(0, 5).join("; ") + more;
}

/**
 * Writes a manifest as the text of `forest.json`: keys in the schema's order, two spaces, a newline at the end.
 *
 * @param manifest Checked against the schema; throws TypeError where it does not match.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { formatManifest } from "./manifest.ts";
 *
 * const forest = { trees: 1, nodes: 1, byteLength: 56, sha256: "0".repeat(64) };
 * const text = formatManifest({
 *   threshold: 0.5, formatVersion: 1, kind: "table", trainer: "edgewood", features: [{ name: "amount" }],
 *   nEstimators: 1, maxSamples: 1, forest,
 * });
 * assertEquals(text.split("\n")[1], '  "formatVersion": 1,');
 * ```
 */
export function formatManifest(manifest: Manifest): string {
  const parsed = manifestSchema.safeParse(manifest);
  if (!parsed.success) {
    throw new TypeError(
      `Cannot write forest.json as the manifest must match its schema: ${describeProblems(parsed.error)}`,
      { cause: parsed.error },
    );
  }
  return `${JSON.stringify(parsed.data, null, 2)}\n`;
}
