/**
 * The third stage: rows to anomaly scores, in WebAssembly.
 *
 * @module
 */
import { type Arrays, newArrays } from "../runtime/array_pool.ts";
import type { Scorer } from "../forest/scorer/scorer.ts";
import type { FeatureRows } from "../features/stage.ts";

/**
 * Scores the rows of a batch.
 *
 * @param count Number of rows.
 * @param arrays Makes the array of scores; a new one unless given.
 * @returns One anomaly score a row, in (0, 1], higher is more anomalous.
 */
export function scoreRows(
  scorer: Scorer,
  { rows }: FeatureRows,
  count: number,
  arrays: Arrays = newArrays,
): Float64Array {
  return scorer.score(rows, count, arrays.float64("scores", count));
}
