import { featureRegistry, featureSets } from "../../features/registry.ts";
import { applyTransforms, fitTransforms } from "../../features/transform.ts";
import type { Feature } from "../../forest/manifest.ts";
import type { FittedFeatures } from "../train_model.ts";

/** The features of a model of transactions, and how they are fitted. */
export interface TransactionFeatures {
  /** As the manifest has them, before the transforms are known. */
  features: Feature[];
  /** Learns the transforms from raw rows. */
  fit(rows: Float32Array, count: number): FittedFeatures;
}

/**
 * Chooses the features of a model of transactions.
 *
 * @param names Names of features in the registry, or the name of one set.
 * @throws RangeError for a name that is neither.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { transactionFeatures } from "./transaction_features.ts";
 *
 * assertEquals(transactionFeatures(["basic"]).features.map(({ name }) => name), ["amount", "hour", "weekday"]);
 * ```
 */
export function transactionFeatures(names: readonly string[]): TransactionFeatures {
  const [only] = names;
  const chosen = names.length === 1 && Object.hasOwn(featureSets, only)
    ? featureSets[only as keyof typeof featureSets]
    : names;
  const definitions = chosen.map((name) => {
    const definition = featureRegistry.get(name);
    if (definition === undefined) {
      throw new RangeError(
        `Cannot train on transactions as each feature must be one of ${
          [...featureRegistry.keys()].join(", ")
        }, or ` +
          `all together one of the sets ${Object.keys(featureSets).join(", ")}: current value is "${name}"`,
      );
    }
    return definition;
  });
  const features = definitions.map(({ name, kind, window, side, unit, description }): Feature => ({
    name,
    definition: { kind, window, side, unit, description },
  }));
  return {
    features,
    fit(rows, count) {
      const transforms = fitTransforms(rows, count, definitions);
      return {
        features: features.map((feature, i) =>
          transforms[i] === undefined ? feature : { ...feature, transform: transforms[i] }
        ),
        apply: (batch) => applyTransforms(batch, transforms, batch),
      };
    },
  };
}
