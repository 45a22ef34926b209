/**
 * The third stage: rows to anomaly scores, in WebAssembly.
 *
 * @module
 */
import type { Scorer } from "../forest/scorer.ts";
import type { FeatureRows } from "./features.ts";

/**
 * Scores the rows of a batch.
 *
 * @param count Number of rows.
 * @returns One anomaly score a row, in (0, 1], higher is more anomalous; a fresh array.
 */
export function scoreRows(scorer: Scorer, { rows }: FeatureRows, count: number): Float64Array {
  return scorer.score(rows, count, new Float64Array(count));
}
