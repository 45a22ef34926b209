/**
 * What `forest.json` says about a model.
 *
 * @module
 */
import { z } from "zod";
import type { Forest } from "./forest.ts";

/** Version of the pair forest.json and forest.bin that this code writes and reads. */
export const FORMAT_VERSION = 1;

/** How the value of a feature is bent before the forest sees it: clip((x - floor) / (ceiling - floor), 0, 4). */
export interface Transform {
  /** The only kind there is: values below `floor` are all the same, large ones differ up to 4. */
  kind: "one-sided";
  /** Value, in the feature's own unit, that becomes 0. */
  floor: number;
  /** Value, in the feature's own unit, that becomes 1; greater than `floor`. */
  ceiling: number;
}

/** A column of the forest: a column of a table, or a feature of transactions with its definition. */
export interface Feature {
  /** Unique name within its model, not empty. */
  name: string;
  /** How it is computed from transactions; absent in a model of a table. */
  definition?: Record<string, unknown>;
  /** Applied before the forest sees the value; absent where it sees the value itself. */
  transform?: Transform;
}

/** What the training rows held in one feature, before any transform. */
export interface FeatureSummary {
  name: string;
  min: number;
  max: number;
  mean: number;
  /** Quantiles by percentage, with linear interpolation: `p50` is the median. */
  quantiles: Record<string, number>;
}

/** What the labels of some rows say about the flags; no label took part in the training. */
export interface Expectation {
  /** Labelled rows, at least 1. */
  rows: number;
  /** Those of them that are frauds. */
  frauds: number;
  /** Those of them whose score is greater than the threshold. */
  flagged: number;
  /** Share of the flagged rows that are frauds, in [0, 1]; 0 where none is flagged. */
  precision: number;
  /** Share of the frauds that are flagged, in [0, 1]. */
  recall: number;
  /** Area under the ROC curve, in [0, 1]; 0.5 is chance. */
  rocAuc: number;
  /** Average precision as scikit-learn has it, in [0, 1]; the share of frauds is chance. */
  averagePrecision: number;
}

/** What labels say about flags on days that the forest and its threshold knew nothing of. */
export interface HeldOut extends Expectation {
  /** The days begin after this, RFC 3339 in UTC; the rows up to here made forest and threshold. */
  after: string;
  /** Number of days, 24 hours each, at least 1. */
  days: number;
  /** Rows before these days. */
  trainedRows: number;
  /** Rows flagged a day, those without a label included. */
  flaggedPerDay: number;
  /** Mean over the days of the share of the 100 cards of highest score that had a fraud; absent where it is no matter of cards. */
  cardPrecision100?: number;
  /** The same of scores that know the truth: the most that could be reached. */
  bestCardPrecision100?: number;
}

/** Summary of the training rows. */
export interface Training {
  /** Rows of the whole stream, at least 1. */
  rows: number;
  /** Rows that were left out before the training; absent where there were none. */
  skippedRows?: number;
  /** Rows of the uniform sample behind quantiles, threshold and expectation, at least 1 and at most `rows`. */
  sampledRows: number;
  /** Days from the earliest row to the latest, greater than 0; absent where rows have no times. */
  coveredDays?: number;
  /** One summary a feature, in the order of the columns. */
  features: FeatureSummary[];
  /** On the training rows themselves; absent where they have no labels, or labels of one kind only. */
  expectation?: Expectation;
  /** On later days than those of the training, by a forest of the same settings; absent where `notKnown` says why. */
  heldOut?: HeldOut;
  /** Why nothing is known of held-out days, such as "the rows have no labels". */
  notKnown?: string;
}

/** What `forest.json` holds. */
export interface Manifest {
  formatVersion: typeof FORMAT_VERSION;
  /** "table" where features name columns, "transactions" where each has a definition. */
  kind: "table" | "transactions";
  trainer: "edgewood" | "scikit-learn";
  /** Columns of the forest in their order, at least one. */
  features: Feature[];
  /** The transactions' features counted one as legitimate where no label came for so long, milliseconds; absent for never. */
  presumeLegitimateAfterMs?: number;
  /** Seed of the training, an integer of at least 0. */
  randomSeed?: number;
  nEstimators: number;
  /** The sub-sample size used, rows a tree. */
  maxSamples: number;
  /** Share of rows to flag, in (0, 0.5], where the threshold was set by it. */
  contamination?: number;
  /** Alerts to raise a day, greater than 0, where the threshold was set by them. */
  alertsPerDay?: number;
  /** In [0, 1]: a row is flagged where its anomaly score is greater. */
  threshold: number;
  /** What the trees were grown from, where it is known. */
  training?: Training;
  /** What forest.bin must be. */
  forest: {
    trees: number;
    /** Number of nodes of all trees. */
    nodes: number;
    /** Size of forest.bin in bytes. */
    byteLength: number;
    /** SHA-256 of forest.bin, in lower-case hexadecimal. */
    sha256: string;
  };
}

/** What keeps a value from matching a schema, as zod finds it. */
export interface SchemaError extends Error {
  /** Each problem in words, and the keys and positions that lead to it; empty for the whole. */
  readonly issues: readonly { path: readonly PropertyKey[]; message: string }[];
}

/** A check of values against what a manifest must be. */
export interface ManifestSchema {
  /** Gives a copy of a value that matches, or what keeps it from matching; throws nothing. */
  safeParse(
    value: unknown,
  ): { success: true; data: Manifest } | { success: false; error: SchemaError };
}

const finite = z.number();
const count = z.int().min(0);
const positive = z.int().min(1);
const share = z.number().min(0).max(1);

const transformSchema = z.strictObject({
  kind: z.literal("one-sided"),
  floor: finite,
  ceiling: finite,
}).refine(({ floor, ceiling }) => ceiling > floor, "ceiling must be above floor");

const featureSchema = z.strictObject({
  name: z.string().min(1),
  definition: z.record(z.string(), z.unknown()).optional(),
  transform: transformSchema.optional(),
});

const featureSummarySchema = z.strictObject({
  name: z.string(),
  min: finite,
  max: finite,
  mean: finite,
  quantiles: z.record(z.string().regex(/^p\d+(\.\d+)?$/), finite),
});

const expectationSchema = z.strictObject({
  rows: positive,
  frauds: count,
  flagged: count,
  precision: share,
  recall: share,
  rocAuc: share,
  averagePrecision: share,
});

const heldOutSchema = z.strictObject({
  after: z.iso.datetime(),
  days: positive,
  trainedRows: positive,
  flaggedPerDay: z.number().min(0),
  ...expectationSchema.shape,
  cardPrecision100: share.optional(),
  bestCardPrecision100: share.optional(),
});

const trainingSchema = z.strictObject({
  rows: positive,
  skippedRows: count.optional(),
  sampledRows: positive,
  coveredDays: z.number().positive().optional(),
  features: z.array(featureSummarySchema),
  expectation: expectationSchema.optional(),
  heldOut: heldOutSchema.optional(),
  notKnown: z.string().min(1).optional(),
});

/**
 * The schema of `forest.json`, format version 1; parsing gives a {@link Manifest} and refuses fields it does not name.
 */
export const manifestSchema: ManifestSchema = z.strictObject({
  formatVersion: z.literal(FORMAT_VERSION),
  kind: z.enum(["table", "transactions"]),
  trainer: z.enum(["edgewood", "scikit-learn"]),
  features: z.array(featureSchema).min(1),
  presumeLegitimateAfterMs: positive.optional(),
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
  if (manifest.kind === "table" && manifest.presumeLegitimateAfterMs !== undefined) {
    refuse("presumeLegitimateAfterMs", "must be absent in a model of a table");
  }
  if (manifest.contamination !== undefined && manifest.alertsPerDay !== undefined) {
    refuse("alertsPerDay", "must be absent where contamination is given");
  }
  if (manifest.forest.trees !== manifest.nEstimators) refuse("nEstimators", "must be the number of trees");
});

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
