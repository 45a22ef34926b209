import { type Arrays, newArrays } from "../runtime/array_pool.ts";
import { type Features, type FeaturesOptions, openFeatures } from "./features.ts";
import { featureRegistry } from "./registry.ts";
import { TERMINAL_LABELS } from "./state/terminal_state.ts";
import { applyTransforms } from "./transform.ts";
import type { Manifest } from "../forest/manifest.ts";
import type { TransactionColumns } from "../domain/transaction.ts";

/** Features of a batch: row-major, `count` × `nFeatures`. */
export interface FeatureRows {
  /** Values as a person reads them. */
  raw: Float32Array;
  /** Values as the forest takes them, after the model's transforms. */
  rows: Float32Array;
}

/** The second stage, for one partition: transactions to the rows that the forest takes. */
export interface FeatureStage {
  /** State and definitions; `offer` labels here. */
  readonly features: Features;
  /** Computes the features of a batch and takes it into the state. `arrays` makes the arrays (default: new ones). */
  apply(columns: TransactionColumns, arrays?: Arrays): FeatureRows;
  /** Computes the features of a batch and leaves the state as it is. */
  peek(columns: TransactionColumns): FeatureRows;
}

/**
 * Opens the stage for a model of transactions, with an empty state.
 *
 * @param options Bounds and rules of the state; the model's presumption is the default.
 * @throws Error where the model is of a table, or names a feature that cannot be computed here.
 */
export function openFeatureStage(
  manifest: Pick<Manifest, "kind" | "features" | "presumeLegitimateAfterMs" | "usualAmount">,
  options: FeaturesOptions = {},
): FeatureStage {
  if (manifest.kind !== "transactions") {
    throw new Error(
      "Cannot compute the model's features from transactions as it must be a model of transactions: it is one of a " +
        `table with the columns ${manifest.features.map(({ name }) => name).join(", ")}; train one with ` +
        "`deno task train --out DIR`, or score tables with `deno task score`",
    );
  }
  const { presumeLegitimateAfterMs = manifest.presumeLegitimateAfterMs } = options;
  const { usualAmount = manifest.usualAmount } = options;
  const features = openFeatures(manifest.features.map(({ name }) => name), {
    ...options,
    presumeLegitimateAfterMs,
    usualAmount,
  });
  const transforms = manifest.features.map(({ transform }) => transform);
  const bends = transforms.some((transform) => transform !== undefined);
  const bend = (raw: Float32Array, arrays: Arrays): FeatureRows => {
    if (!bends) return { raw, rows: raw };
    const rows = arrays.float32("rows", raw.length);
    applyTransforms(raw, transforms, rows);
    return { raw, rows };
  };
  return {
    features,
    apply(columns, arrays = newArrays) {
      const raw = arrays.float32("raw", columns.count * features.nFeatures);
      features.compute(columns, raw);
      return bend(raw, arrays);
    },
    peek(columns) {
      const raw = new Float32Array(columns.count * features.nFeatures);
      features.peek(columns, raw);
      return bend(raw, newArrays);
    },
  };
}

/** Whether a model's features need labels of legitimate transactions too, as they presume nothing of unlabelled ones. */
export function expectsLegitimateLabels(
  { features, presumeLegitimateAfterMs }: Pick<Manifest, "features" | "presumeLegitimateAfterMs">,
): boolean {
  return presumeLegitimateAfterMs === undefined &&
    features.some(({ name }) => featureRegistry.get(name)?.needs === TERMINAL_LABELS);
}
