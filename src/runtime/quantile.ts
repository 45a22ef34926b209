/**
 * Quantile of sorted values with linear interpolation between neighbours, numpy's default.
 *
 * @param sorted Ascending, at least one value.
 * @param q In [0, 1].
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { quantile } from "./quantile.ts";
 *
 * assertEquals(quantile(Float32Array.of(1, 2, 4), 0.75), 3);
 * ```
 */
export function quantile(sorted: Float32Array, q: number): number {
  const position = q * (sorted.length - 1);
  const lower = Math.floor(position);
  const [a, b] = [sorted[lower], sorted[Math.min(lower + 1, sorted.length - 1)]];
  return a + (b - a) * (position - lower);
}
