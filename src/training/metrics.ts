/**
 * How well scores rank rows with label 1 above rows with label 0.
 *
 * @module
 */

/** Ranking quality of a score. */
export interface RankingMetrics {
  /** Area under the ROC curve in [0, 1]: the chance that a positive row scores above a negative one, ties counted half. */
  rocAuc: number;
  /** Average precision in [0, 1]: precision summed over the steps of recall, without interpolation. */
  averagePrecision: number;
}

/**
 * ROC-AUC and average precision, as scikit-learn's `roc_auc_score` and `average_precision_score` have them: rows of equal score
 * enter together.
 *
 * @param scores One a row, higher for label 1; no NaN.
 * @param labels 1 or 0, one a row. Throws RangeError where the lengths differ, a score is NaN, a label is another
 *   number, or one of the two classes is absent.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { rankingMetrics } from "./metrics.ts";
 *
 * const { rocAuc } = rankingMetrics(Float64Array.of(0.1, 0.4, 0.35, 0.8), Uint8Array.of(0, 0, 1, 1));
 * assertEquals(rocAuc, 0.75);
 * ```
 */
export function rankingMetrics(scores: Float64Array, labels: Uint8Array): RankingMetrics {
  const n = scores.length;
  if (labels.length !== n) {
    throw new RangeError(
      `Cannot rank as there must be ${n} labels, one a score: current value is ${labels.length}`,
    );
  }
  let nPositive = 0;
  for (let i = 0; i < n; i++) {
    if (labels[i] > 1) {
      throw new RangeError(`Cannot rank as label ${i} must be 0 or 1: current value is ${labels[i]}`);
    }
    if (Number.isNaN(scores[i])) {
      throw new RangeError(`Cannot rank as score ${i} must be a number: current value is NaN`);
    }
    nPositive += labels[i];
  }
  if (nPositive === 0 || nPositive === n) {
    throw new RangeError(
      `Cannot rank as rows of label 0 and of label 1 must be there: current values are ${
        n - nPositive
      } and ${nPositive}`,
    );
  }
  // Each class is sorted on its own; a walk from the highest score down then merges them.
  const positive = new Float64Array(nPositive);
  const negative = new Float64Array(n - nPositive);
  for (let i = 0, p = 0, q = 0; i < n; i++) {
    // Adding 0 turns -0 into 0, which typed arrays would sort apart.
    if (labels[i]) positive[p++] = scores[i] + 0;
    else negative[q++] = scores[i] + 0;
  }
  positive.sort();
  negative.sort();
  let twiceArea = 0;
  // The sum of precision over the positive rows; whole numbers as long as it is 1, so the mean can't pass 1.
  let precisionSum = 0;
  let p = nPositive;
  let q = negative.length;
  while (p > 0) {
    const score = Math.max(positive[p - 1], q > 0 ? negative[q - 1] : -Infinity);
    const [above, below] = [p, q];
    while (p > 0 && positive[p - 1] === score) p--;
    while (q > 0 && negative[q - 1] === score) q--;
    const entered = above - p;
    twiceArea += entered * (q + below);
    precisionSum += entered * ((nPositive - p) / (nPositive - p + negative.length - q));
  }
  return {
    rocAuc: twiceArea / (2 * nPositive * negative.length),
    averagePrecision: precisionSum / nPositive,
  };
}

/** Share that an empty bin counts as, so that its logarithm stays finite. */
const LEAST_SHARE = 1e-4;

/**
 * Population stability index: the sum over bins of (actual − expected) × ln(actual / expected).
 *
 * By convention a value is stable below 0.1 and has drifted above 0.25.
 *
 * @param expected Share of the training's values in each bin, in [0, 1].
 * @param actual Share of later values in the same bins.
 * @returns At least 0.
 */
export function populationStability(expected: readonly number[], actual: readonly number[]): number {
  return expected.reduce((sum, share, bin) => {
    const [a, b] = [Math.max(share, LEAST_SHARE), Math.max(actual[bin], LEAST_SHARE)];
    return sum + (b - a) * Math.log(b / a);
  }, 0);
}
