/**
 * How far the features have drifted from what the model was trained on.
 *
 * @module
 */
import type { FeatureSummary } from "../forest/manifest.ts";
import { quantile } from "../quantile.ts";

/** One feature, in training and now. */
export interface FeatureDrift {
  /** Name of the feature. */
  name: string;
  /** Quantiles of the training by percentage, as `p50`. */
  training: Record<string, number>;
  /** The same quantiles of what was seen lately; empty before the first transaction. */
  now: Record<string, number>;
  /** Population stability index; null while too little was seen. */
  psi: number | null;
}

/** Fewer values than these say nothing. */
const LEAST_VALUES = 200;
/** Share that an empty bin counts as, so that its logarithm stays finite. */
const LEAST_SHARE = 1e-4;

/**
 * Compares what was seen lately with the training summary of one feature.
 *
 * The index is the sum over bins of (now − training) × ln(now / training); the bins lie between the quantiles that the
 * summary has. By custom below 0.1 is stable, above 0.25 has drifted.
 *
 * @param values Raw values; they are sorted in place.
 *
 * @example
 * ```ts
 * import { assert } from "../testing/assert.ts";
 * import { driftOf } from "./drift.ts";
 *
 * const training = { name: "amount", min: 0, max: 100, mean: 50, quantiles: { p25: 25, p50: 50, p75: 75 } };
 * const same = Float32Array.from({ length: 1000 }, (_, i) => i / 10);
 * assert(driftOf(training, same).psi! < 0.01);
 * ```
 */
export function driftOf({ name, quantiles }: FeatureSummary, values: Float32Array): FeatureDrift {
  values.sort();
  const now = values.length === 0 ? {} : Object.fromEntries(
    Object.keys(quantiles).map((key) => [key, quantile(values, shareOf(key))]),
  );
  return {
    name,
    training: quantiles,
    now,
    psi: values.length < LEAST_VALUES ? null : stabilityIndex(quantiles, values),
  };
}

function stabilityIndex(quantiles: Record<string, number>, sorted: Float32Array): number {
  // Of quantiles with one value (a feature that is mostly 0) the largest share holds: that many values are at most it.
  const shares = new Map<number, number>();
  for (const [key, value] of Object.entries(quantiles).sort(([a], [b]) => shareOf(a) - shareOf(b))) {
    shares.set(Math.fround(value), shareOf(key));
  }
  let [expectedBefore, countBefore, index] = [0, 0, 0];
  for (const [edge, share] of [...shares, [Infinity, 1] as const]) {
    const count = countUpTo(sorted, edge);
    const expected = Math.max(share - expectedBefore, LEAST_SHARE);
    const actual = Math.max((count - countBefore) / sorted.length, LEAST_SHARE);
    index += (actual - expected) * Math.log(actual / expected);
    [expectedBefore, countBefore] = [share, count];
  }
  return index;
}

/** Number of sorted values that are at most `edge`. */
function countUpTo(sorted: Float32Array, edge: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= edge) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** `p99.5` as 0.995. */
function shareOf(key: string): number {
  return Number(key.slice(1)) / 100;
}
