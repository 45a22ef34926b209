/** A point of a chart. */
export type Point = [x: number, y: number];

/** The two curves of a ranking. */
export interface RankingCurves {
  /** False positive rate and true positive rate, from (0, 0) to (1, 1). */
  roc: Point[];
  /** Recall and precision, from the highest score down; one point for each step of recall. */
  precisionRecall: Point[];
}

/**
 * ROC and precision-recall curve of a ranking, thinned out to what a chart can show; rows of equal score enter together.
 *
 * @param scores One a row, higher for label 1; no NaN.
 * @param labels 1 or 0, one a row, both of them present.
 * @param maxPoints Points of a curve at most, at least 2; the ends stay.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { rankingCurves } from "./curves.ts";
 *
 * const { roc } = rankingCurves(Float64Array.of(0.1, 0.4, 0.35, 0.8), Uint8Array.of(0, 0, 1, 1));
 * assertEquals(roc, [[0, 0], [0, 0.5], [0.5, 0.5], [0.5, 1], [1, 1]]);
 * ```
 */
export function rankingCurves(scores: Float64Array, labels: Uint8Array, maxPoints = 400): RankingCurves {
  const order = Uint32Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a]);
  const positives = labels.reduce((sum, label) => sum + label, 0);
  const negatives = labels.length - positives;
  const roc: Point[] = [[0, 0]];
  const precisionRecall: Point[] = [];
  let caught = 0;
  order.forEach((row, i) => {
    const caughtBefore = precisionRecall.length === 0
      ? 0
      : precisionRecall[precisionRecall.length - 1][0] * positives;
    caught += labels[row];
    if (i + 1 < order.length && scores[order[i + 1]] === scores[row]) return;
    const seen = i + 1;
    roc.push([(seen - caught) / negatives, caught / positives]);
    if (caught > caughtBefore + 0.5) precisionRecall.push([caught / positives, caught / seen]);
  });
  return { roc: thinned(roc, maxPoints), precisionRecall: thinned(precisionRecall, maxPoints) };
}

/** Keeps the ends, and of the points between those that lie far enough along the curve. */
function thinned(points: Point[], maxPoints: number): Point[] {
  if (points.length <= maxPoints) return points;
  const distance = (i: number) =>
    Math.abs(points[i][0] - points[i - 1][0]) + Math.abs(points[i][1] - points[i - 1][1]);
  let length = 0;
  for (let i = 1; i < points.length; i++) length += distance(i);
  const step = length / (maxPoints - 2);
  const kept = [points[0]];
  let along = 0;
  for (let i = 1; i < points.length - 1; i++) {
    along += distance(i);
    if (along < step * kept.length) continue;
    kept.push(points[i]);
  }
  kept.push(points[points.length - 1]);
  return kept;
}
