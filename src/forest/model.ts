import { encodeForest } from "./binary.ts";
import { sha256Hex } from "../runtime/sha256.ts";
import { checkForest } from "./check.ts";
import type { Forest } from "./forest.ts";
import { formatManifest, type Manifest, type Model } from "./manifest.ts";

/** A manifest without what follows from the trees. */
export type ModelDescription = Omit<Manifest, "formatVersion" | "nEstimators" | "maxSamples" | "forest">;

/**
 * Joins trees and their description to a model: fills in the counts and hashes and checks both.
 *
 * @param description What forest.json says besides the trees. Throws TypeError where it does not match the schema, or names
 *   another number of features than the forest has columns.
 * @param forest Throws RangeError where `checkForest` refuses it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { createModel } from "./model.ts";
 * import { trainForest } from "../training/train.ts";
 *
 * const forest = trainForest({ rows: Float32Array.of(1, 2, 3), nFeatures: 1 });
 * const model = await createModel(
 *   { kind: "table", trainer: "edgewood", features: [{ name: "amount" }], threshold: 0.6 },
 *   forest,
 * );
 * assertEquals(model.manifest.forest.trees, 100);
 * ```
 */
export async function createModel(description: ModelDescription, forest: Forest): Promise<Model> {
  checkForest(forest);
  if (description.features.length !== forest.nFeatures) {
    throw new TypeError(
      `Cannot make a model as there must be a feature for each of the forest's ${forest.nFeatures} columns: ` +
        `current value is ${description.features.length} features`,
    );
  }
  const { kind, trainer, features, presumeLegitimateAfterMs, usualAmount, randomSeed } = description;
  const { contamination, alertsPerDay, threshold, training } = description;
  const trees = forest.treeStart.length - 1;
  const bytes = encodeForest(forest);
  const manifest: Manifest = {
    formatVersion: 1,
    kind,
    trainer,
    features,
    presumeLegitimateAfterMs,
    usualAmount,
    randomSeed,
    nEstimators: trees,
    maxSamples: forest.maxSamples,
    contamination,
    alertsPerDay,
    threshold,
    training,
    forest: {
      trees,
      nodes: forest.feature.length,
      byteLength: bytes.length,
      sha256: await sha256Hex(bytes),
    },
  };
  const text = formatManifest(manifest);
  return { manifest: JSON.parse(text), forest, sha256: await sha256Hex(new TextEncoder().encode(text)) };
}
