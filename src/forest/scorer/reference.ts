import { averagePathLength, type Forest } from "../forest.ts";

/**
 * Scores rows by a plain walk over the trees: the yardstick that every faster scorer is compared with.
 *
 * The anomaly score is 2^(−E[h] / c(maxSamples)), equation 2 of Liu, Ting & Zhou 2008 and minus `score_samples` of
 * scikit-learn; h is the depth of the row's leaf in edges plus c(nSamples of the leaf). It is 0.5 where
 * c(maxSamples) is 0, as in scikit-learn. Path lengths are summed in float64 in tree order.
 *
 * @param forest A forest that `checkForest` accepts.
 * @param rows Values, row-major, length rows × nFeatures; ±infinity is allowed, NaN is not looked for.
 * @param out Where to put the scores, at least as long as the number of rows; a new array by default.
 * @returns Scores in (0, 1], one a row, higher is more anomalous; `out` if it was given.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { referenceScore } from "./reference.ts";
 *
 * const forest = {
 *   nFeatures: 1,
 *   maxSamples: 2,
 *   treeStart: Int32Array.of(0, 3),
 *   feature: Int32Array.of(0, -1, -1),
 *   threshold: Float64Array.of(0.5, 0, 0),
 *   left: Int32Array.of(1, -1, -1),
 *   right: Int32Array.of(2, -1, -1),
 *   nSamples: Int32Array.of(2, 1, 1),
 * };
 * assertEquals(referenceScore(forest, Float32Array.of(0.25)), Float64Array.of(0.5)); // h = 1 and c(2) = 1
 * ```
 */
export function referenceScore(forest: Forest, rows: Float32Array, out?: Float64Array): Float64Array {
  const count = rows.length / forest.nFeatures;
  const scores = out ?? new Float64Array(count);
  const trees = forest.treeStart.length - 1;
  const normaliser = trees * averagePathLength(forest.maxSamples);
  for (let row = 0; row < count; row++) {
    const sum = pathLengthSum(forest, rows, row * forest.nFeatures);
    scores[row] = normaliser === 0 ? 0.5 : 2 ** -(sum / normaliser);
  }
  return scores;
}

/**
 * Mean path length E[h] of one row over the trees of a forest.
 *
 * @param forest A forest that `checkForest` accepts.
 * @param row Values of one row, length nFeatures, without NaN.
 * @returns Path length in edges, at least 0; lower is more anomalous.
 */
export function referencePathLength(forest: Forest, row: Float32Array): number {
  return pathLengthSum(forest, row, 0) / (forest.treeStart.length - 1);
}

function pathLengthSum(forest: Forest, rows: Float32Array, offset: number): number {
  const { treeStart, feature, threshold, left, right, nSamples } = forest;
  let sum = 0;
  for (let tree = 0; tree + 1 < treeStart.length; tree++) {
    let node = treeStart[tree];
    let depth = 0;
    while (feature[node] >= 0) {
      node = rows[offset + feature[node]] <= threshold[node] ? left[node] : right[node];
      depth++;
    }
    sum += depth + averagePathLength(nSamples[node]);
  }
  return sum;
}
