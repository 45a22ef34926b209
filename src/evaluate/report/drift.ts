import { populationStability } from "../../training/metrics.ts";

const BINS = 10;

/**
 * Population stability index of one feature over the tenths of its expected values; where one value fills several tenths,
 * they are one bin.
 *
 * @param expected Values of the training, at least one, no NaN.
 * @param actual Later values, at least one, no NaN.
 */
export function stabilityByTenths(expected: Float32Array, actual: Float32Array): number {
  const sorted = expected.slice().sort();
  const edges = Array.from(
    { length: BINS - 1 },
    (_, i) => sorted[Math.floor((i + 1) * sorted.length / BINS)],
  );
  // A bin holds what is above the edge before and up to its own; the smallest value alone makes one where it is common.
  const distinct = [...new Set(edges)];
  return populationStability(sharesOf(expected, distinct), sharesOf(actual, distinct));
}

function sharesOf(values: Float32Array, edges: number[]): number[] {
  const counts = new Array<number>(edges.length + 1).fill(0);
  for (const value of values) {
    const bin = edges.findIndex((edge) => value <= edge);
    counts[bin < 0 ? edges.length : bin]++;
  }
  return counts.map((count) => count / values.length);
}
