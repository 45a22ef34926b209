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

const transformSchema = z.strictObject({
  kind: z.literal("one-sided"),
  /** Value, in the feature's own unit, that becomes 0. */
  floor: finite,
  /** Value, in the feature's own unit, that becomes 1. */
  ceiling: finite,
}).refine(({ floor, ceiling }) => ceiling > floor, "ceiling must be above floor");

const featureSchema = z.strictObject({
  name: z.string().min(1),
  /** How it is computed from transactions; absent in a model of a table. */
  definition: z.record(z.string(), z.unknown()).optional(),
  transform: transformSchema.optional(),
});

const featureSummarySchema = z.strictObject({
  name: z.string(),
  min: finite,
  max: finite,
  mean: finite,
  /** By percentage, with linear interpolation: `p50` is the median. */
  quantiles: z.record(z.string().regex(/^p\d+(\.\d+)?$/), finite),
});

const expectationSchema = z.strictObject({
  /** Labelled rows. */
  rows: positive,
  frauds: count,
  /** Labelled rows whose score is greater than the threshold. */
  flagged: count,
  /** 0 if no row is flagged. */
  precision: share,
  recall: share,
  rocAuc: share,
  /** As scikit-learn computes it. */
  averagePrecision: share,
});

const heldOutSchema = z.strictObject({
  /** The held-out days begin after this, in UTC; forest and threshold come from the rows up to here. */
  after: z.iso.datetime(),
  /** Days of 24 hours. */
  days: positive,
  /** Rows before these days. */
  trainedRows: positive,
  /** Unlabelled rows included. */
  flaggedPerDay: z.number().min(0),
  ...expectationSchema.shape,
  /** Mean over the days of the share of the 100 highest-scored cards that had a fraud; absent without cards. */
  cardPrecision100: share.optional(),
  /** The same for a ranking that knows the truth: the most that can be reached. */
  bestCardPrecision100: share.optional(),
});

const trainingSchema = z.strictObject({
  /** Rows of the whole stream. */
  rows: positive,
  /** Rows left out before the training. */
  skippedRows: count.optional(),
  /** Rows of the uniform sample behind quantiles, threshold and expectation, at most `rows`. */
  sampledRows: positive,
  /** From the earliest row to the latest; absent if rows have no times. */
  coveredDays: z.number().positive().optional(),
  /** In the order of the columns. */
  features: z.array(featureSummarySchema),
  /** On the training rows themselves; absent without labels of both kinds. */
  expectation: expectationSchema.optional(),
  /** On days after the training's, by a forest of the same settings; absent if `notKnown` says why. */
  heldOut: heldOutSchema.optional(),
  /** Why held-out days are unknown, such as "the rows have no labels". */
  notKnown: z.string().min(1).optional(),
});

/**
 * The schema of `forest.json`, format version 1; parsing gives a {@link Manifest} and refuses fields it does not name.
 */
export const manifestSchema = z.strictObject({
  formatVersion: z.literal(FORMAT_VERSION),
  kind: z.enum(["table", "transactions"]),
  trainer: z.enum(["edgewood", "scikit-learn"]),
  /** In the order of the forest's columns. */
  features: z.array(featureSchema).min(1),
  /** Unlabelled transactions older than this counted as legitimate in training; absent: never. */
  presumeLegitimateAfterMs: positive.optional(),
  /** What new customers' amounts are compared with, in major units; spread is a share of the mean. */
  usualAmount: z.strictObject({ mean: z.number().positive(), spread: z.number().min(0).max(1) }).optional(),
  randomSeed: count.optional(),
  nEstimators: positive,
  /** Rows drawn for each tree. */
  maxSamples: positive,
  /** Share of rows to flag, if it set the threshold. */
  contamination: z.number().gt(0).max(0.5).optional(),
  /** If they set the threshold. */
  alertsPerDay: z.number().positive().optional(),
  /** A row is flagged if its anomaly score is greater. */
  threshold: share,
  training: trainingSchema.optional(),
  /** What forest.bin must be. */
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
  for (const field of ["presumeLegitimateAfterMs", "usualAmount"] as const) {
    if (manifest.kind === "table" && manifest[field] !== undefined) {
      refuse(field, "must be absent in a model of a table");
    }
  }
  if (manifest.contamination !== undefined && manifest.alertsPerDay !== undefined) {
    refuse("alertsPerDay", "must be absent where contamination is given");
  }
  if (manifest.forest.trees !== manifest.nEstimators) refuse("nEstimators", "must be the number of trees");
});

/** How a feature's value is scaled for the forest: clip((x - floor) / (ceiling - floor), 0, 4). */
export type Transform = z.infer<typeof transformSchema>;

/** A column of the forest: a column of a table, or a feature of transactions with its definition. */
export type Feature = z.infer<typeof featureSchema>;

/** The training rows' values of one feature, before any transform. */
export type FeatureSummary = z.infer<typeof featureSummarySchema>;

/** How flags compare with labels; labels took no part in the training. */
export type Expectation = z.infer<typeof expectationSchema>;

/** How flags compare with labels on days that forest and threshold never saw. */
export type HeldOut = z.infer<typeof heldOutSchema>;

/** Summary of the training rows. */
export type Training = z.infer<typeof trainingSchema>;

/** What `forest.json` holds. */
export type Manifest = z.infer<typeof manifestSchema>;

/** What keeps a value from matching a schema, as zod finds it. */
export interface SchemaError extends Error {
  /** Each problem in words, and the keys and positions that lead to it; empty for the whole. */
  readonly issues: readonly { path: readonly PropertyKey[]; message: string }[];
}

/** A model in memory: its description, its trees, and what names it in a verdict. */
export interface Model {
  /** What `forest.json` holds. */
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
export function describeProblems(error: SchemaError): string {
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
