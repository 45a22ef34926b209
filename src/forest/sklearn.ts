/**
 * Taking over an IsolationForest that scikit-learn fitted.
 *
 * @module
 */
import { z } from "zod";
import { checkForest } from "./check.ts";
import type { Forest } from "./forest.ts";
import { describeProblems, type Model } from "./manifest.ts";
import { createModel } from "./model.ts";

const LARGEST_INT32 = 2 ** 31 - 1;
/** More than the rounding of two libraries' powers of 2 lets one score differ, 8 last places from 0.5 on. */
const ROUNDING = 2 ** -50;

const treeSchema = z.object({
  left: z.array(z.int()).min(1),
  right: z.array(z.int()),
  feature: z.array(z.int().min(-2).max(LARGEST_INT32)),
  threshold: z.array(z.number()),
  n_samples: z.array(z.int().min(1).max(LARGEST_INT32)),
});

const exportSchema = z.object({
  format: z.literal("isolation-forest"),
  format_version: z.literal(1),
  n_features: z.int().min(1).max(LARGEST_INT32),
  feature_names: z.array(z.string().min(1)).nullable(),
  max_samples: z.int().min(1).max(LARGEST_INT32),
  contamination: z.union([z.literal("auto"), z.number().gt(0).max(0.5)]),
  offset: z.number().min(-1).max(0),
  /** True where nodes prove it, null or absent where nothing is known. */
  fitted_with_missing: z.boolean().nullish(),
  trees: z.array(treeSchema).min(1),
});

type ExportedTree = z.infer<typeof treeSchema>;

/**
 * Makes a model of a table from the JSON that `scripts/sklearn_to_json.py` writes.
 *
 * Scores equal scikit-learn's `-score_samples` and the threshold is minus its `offset_`, so a row is flagged where
 * `predict` gives -1. With a contamination the offset is a score of the training rows, and the threshold lies a hair above
 * it: rows of that very score, which `predict` gives 1, may score here by a last bit more. Nodes may come in any order.
 * Rows with missing values cannot be scored, so a forest that was fitted with some is refused.
 *
 * @param text JSON; all numbers finite.
 * @param featureNames Names of the columns, instead of those in the file; x0, x1 and so on where neither names them.
 * @returns Throws RangeError for anything but a whole, sound forest: no JSON, infinities and NaN, wrong indices, cycles,
 *   shared children, arrays of different lengths.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { importSklearn } from "./sklearn.ts";
 *
 * const tree = { left: [1, -1, -1], right: [2, -1, -1], feature: [0, -1, -1], threshold: [0.5, 0, 0], n_samples: [2, 1, 1] };
 * const model = await importSklearn(JSON.stringify({
 *   format: "isolation-forest", format_version: 1, n_features: 1, feature_names: ["amount"],
 *   max_samples: 2, contamination: "auto", offset: -0.5, trees: [tree],
 * }));
 * assertEquals(model.manifest.threshold, 0.5);
 * ```
 */
export async function importSklearn(text: string, featureNames?: string[]): Promise<Model> {
  const exported = parseExport(text);
  const { n_features, max_samples, contamination, offset, trees } = exported;
  if (exported.fitted_with_missing) {
    throw new RangeError(
      "Cannot take over the forest as it must be fitted without missing values, which cannot be scored here: it was " +
        "fitted with some; fill them (SimpleImputer) or leave such rows out, and fit it again",
    );
  }
  const names = featureNames ?? exported.feature_names ??
    Array.from({ length: n_features }, (_, f) => `x${f}`);
  if (names.length !== n_features) {
    throw new RangeError(
      `Cannot take over the forest as its ${n_features} features must have a name each: ` +
        `current value is ${names.length} names`,
    );
  }
  const forest = joinTrees(trees.map(orderTree), n_features, max_samples);
  checkForest(forest);
  return await createModel({
    kind: "table",
    trainer: "scikit-learn",
    features: names.map((name) => ({ name })),
    contamination: contamination === "auto" ? undefined : contamination,
    threshold: contamination === "auto" ? -offset : Math.min(1, -offset + ROUNDING),
  }, forest);
}

function parseExport(text: string): z.infer<typeof exportSchema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const nonFinite = /(?:^|[[,:\s])(-?(?:Infinity|NaN))(?=[\],}\s])/.exec(text)?.[1];
    const rule = nonFinite === undefined
      ? `it must be JSON as scripts/sklearn_to_json.py writes it: ${(cause as Error).message}`
      : `all its numbers must be finite: current value is ${nonFinite}`;
    throw new RangeError(`Cannot take over the forest as ${rule}`, { cause });
  }
  const parsed = exportSchema.safeParse(json);
  if (!parsed.success) {
    throw new RangeError(
      "Cannot take over the forest as it must be what scripts/sklearn_to_json.py writes, all numbers finite: " +
        describeProblems(parsed.error),
      { cause: parsed.error },
    );
  }
  return parsed.data;
}

/** The nodes of a tree in preorder, so that every child comes after its parent; throws RangeError for a wrong child. */
function orderTree(tree: ExportedTree, t: number): ExportedTree {
  const n = tree.left.length;
  const refuse = (rule: string, value: unknown): never => {
    throw new RangeError(`Cannot take over the forest as tree ${t} ${rule}: current value is ${value}`);
  };
  for (const key of ["right", "feature", "threshold", "n_samples"] as const) {
    if (tree[key].length !== n) refuse(`must have ${n} entries of ${key}, one a node`, tree[key].length);
  }
  const ordered: ExportedTree = { left: [], right: [], feature: [], threshold: [], n_samples: [] };
  const seen = new Uint8Array(n);
  // Open nodes in pairs: its number in the file, and where its parent wants to know its new number.
  const stack: [number, number[] | undefined, number][] = [[0, undefined, 0]];
  while (stack.length > 0) {
    const [node, parentSide, parent] = stack.pop()!;
    if (seen[node]) refuse(`must reach node ${node} one way only`, "a second parent or a cycle");
    seen[node] = 1;
    const at = ordered.left.length;
    if (parentSide) parentSide[parent] = at;
    const isLeaf = tree.left[node] === -1 && tree.right[node] === -1;
    ordered.left.push(-1);
    ordered.right.push(-1);
    ordered.feature.push(isLeaf ? -1 : tree.feature[node]);
    ordered.threshold.push(isLeaf ? 0 : tree.threshold[node]);
    ordered.n_samples.push(tree.n_samples[node]);
    if (isLeaf) continue;
    for (const side of ["right", "left"] as const) {
      const child = tree[side][node];
      if (child < 0 || child >= n) refuse(`node ${node} must have a ${side} child from 0 to ${n - 1}`, child);
      stack.push([child, ordered[side], at]);
    }
  }
  const lost = seen.indexOf(0);
  if (lost >= 0) refuse(`must reach node ${lost} from its root`, "no parent");
  return ordered;
}

function joinTrees(trees: ExportedTree[], nFeatures: number, maxSamples: number): Forest {
  const treeStart = new Int32Array(trees.length + 1);
  trees.forEach((tree, t) => treeStart[t + 1] = treeStart[t] + tree.left.length);
  const nodes = treeStart[trees.length];
  const forest: Forest = {
    nFeatures,
    maxSamples,
    treeStart,
    feature: new Int32Array(nodes),
    threshold: new Float64Array(nodes),
    left: new Int32Array(nodes),
    right: new Int32Array(nodes),
    nSamples: new Int32Array(nodes),
  };
  trees.forEach((tree, t) => {
    const start = treeStart[t];
    const absolute = (child: number): number => child < 0 ? -1 : start + child;
    forest.feature.set(tree.feature, start);
    forest.threshold.set(tree.threshold, start);
    forest.left.set(tree.left.map(absolute), start);
    forest.right.set(tree.right.map(absolute), start);
    forest.nSamples.set(tree.n_samples, start);
  });
  return forest;
}
