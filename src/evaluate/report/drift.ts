const BINS = 10;
/** Share that an empty bin counts as, so that its logarithm stays finite. */
const LEAST_SHARE = 1e-4;

/**
 * Population stability index of one feature: the sum over bins of (actual − expected) × ln(actual / expected), the bins
 * being the tenths of the expected values.
 *
 * By custom below 0.1 is stable, above 0.25 has drifted. Values that fill several tenths (a feature mostly 0) make fewer
 * bins.
 *
 * @param expected Values of the training, at least one, no NaN.
 * @param actual Values seen later, at least one, no NaN.
 * @returns At least 0.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { populationStability } from "./drift.ts";
 *
 * const values = Float32Array.from({ length: 100 }, (_, i) => i);
 * assertEquals(populationStability(values, values), 0);
 * ```
 */
export function populationStability(expected: Float32Array, actual: Float32Array): number {
  const sorted = expected.slice().sort();
  const edges = Array.from(
    { length: BINS - 1 },
    (_, i) => sorted[Math.floor((i + 1) * sorted.length / BINS)],
  );
  // A bin holds what is above the edge before and up to its own; the smallest value alone makes one where it is common.
  const distinct = [...new Set(edges)];
  const [a, b] = [sharesOf(expected, distinct), sharesOf(actual, distinct)];
  return a.reduce((sum, share, bin) => sum + (b[bin] - share) * Math.log(b[bin] / share), 0);
}

function sharesOf(values: Float32Array, edges: number[]): number[] {
  const counts = new Array<number>(edges.length + 1).fill(0);
  for (const value of values) {
    const bin = edges.findIndex((edge) => value <= edge);
    counts[bin < 0 ? edges.length : bin]++;
  }
  return counts.map((count) => Math.max(count / values.length, LEAST_SHARE));
}
