import { rankingMetrics } from "./metrics.ts";
import type { Expectation } from "../forest/manifest.ts";
import { UNKNOWN_LABEL } from "./train_stream.ts";

/**
 * What labels say about the flags that a threshold gives.
 *
 * @param scores Anomaly scores, one a row.
 * @param labels 1 for a fraud, 0 for none, one a row; rows of `UNKNOWN_LABEL` are left out.
 * @param threshold A row is flagged where its score is greater.
 * @returns Undefined where labels of one kind are absent.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { compareWithLabels } from "./expectation.ts";
 *
 * const found = compareWithLabels(Float64Array.of(0.7, 0.6, 0.4, 0.8), Uint8Array.of(1, 0, 0, 255), 0.5);
 * assertEquals([found?.rows, found?.flagged, found?.precision, found?.recall], [3, 2, 0.5, 1]);
 * ```
 */
export function compareWithLabels(
  scores: Float64Array,
  labels: Uint8Array,
  threshold: number,
): Expectation | undefined {
  const isKnown = (_: number, row: number) => labels[row] !== UNKNOWN_LABEL;
  const known = labels.filter(isKnown);
  const knownScores = scores.filter(isKnown);
  let frauds = 0, flagged = 0, caught = 0;
  for (let i = 0; i < known.length; i++) {
    frauds += known[i];
    if (knownScores[i] > threshold) {
      flagged++;
      caught += known[i];
    }
  }
  if (frauds === 0 || frauds === known.length) return undefined;
  return {
    rows: known.length,
    frauds,
    flagged,
    precision: flagged === 0 ? 0 : caught / flagged,
    recall: caught / frauds,
    ...rankingMetrics(knownScores, known),
  };
}
