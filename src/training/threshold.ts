/** What share of the rows may be flagged: exactly one of the two. */
export interface FlagBudget {
  /** Share of rows to flag, in (0, 0.5] as in scikit-learn. */
  contamination?: number;
  /** Rows to flag a day, above 0; needs `coveredDays`. */
  alertsPerDay?: number;
  /** Days that the rows span, above 0. */
  coveredDays?: number;
  /** Rows in those days, where `scores` holds only a sample of them; as many as there are scores unless told. */
  rows?: number;
}

/**
 * The anomaly score above which a row is flagged, so that the share of flagged rows keeps to the budget.
 *
 * It is the percentile with linear interpolation that scikit-learn's IsolationForest takes for `offset_`, with the sign turned:
 * a row is flagged where its score is greater than the threshold, which is where `predict()` gives -1. Rows that tie
 * with the threshold are not flagged, so equal scores flag fewer rows than the budget allows, never more than one row over it.
 *
 * @param scores Anomaly scores in (0, 1], at least one. Throws RangeError where empty.
 * @param budget Contamination or alerts per day. Throws RangeError for a value out of range, and for more alerts a day than
 *   there are rows a day.
 * @returns Threshold in [0, 1].
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { flagThreshold } from "./threshold.ts";
 *
 * assertEquals(flagThreshold(Float64Array.of(0.5, 0.375, 0.75, 0.25, 0.4375), { contamination: 0.25 }), 0.5);
 * ```
 */
export function flagThreshold(scores: Float64Array, budget: FlagBudget): number {
  const n = scores.length;
  if (n === 0) {
    throw new RangeError("Cannot choose a threshold as there must be a score: current value is 0 scores");
  }
  const share = flagShare(budget, n);
  const descending = Float64Array.from(scores, (score) => -score).sort();
  // NumPy's percentile(x, 100 q), step by step, so that the last bit is the same.
  const position = (100 * share / 100) * (n - 1);
  const lower = Math.floor(position);
  const [a, b] = [descending[lower], descending[Math.min(lower + 1, n - 1)]];
  const part = position - lower;
  const offset = part >= 0.5 ? b - (b - a) * (1 - part) : a + (b - a) * part;
  return -offset;
}

/** The share of rows to flag, in (0, 1). */
function flagShare(budget: FlagBudget, n: number): number {
  const { contamination, alertsPerDay, coveredDays, rows = n } = budget;
  if ((contamination === undefined) === (alertsPerDay === undefined)) {
    throw new RangeError(
      "Cannot choose a threshold as contamination or alertsPerDay must be given, not both: " +
        `current values are ${contamination} and ${alertsPerDay}`,
    );
  }
  if (contamination !== undefined) {
    if (!(contamination > 0 && contamination <= 0.5)) {
      throw new RangeError(
        `Cannot choose a threshold as contamination must be above 0 and at most 0.5: current value is ${contamination}`,
      );
    }
    return contamination;
  }
  if (!(alertsPerDay! > 0 && alertsPerDay! < Infinity)) {
    throw new RangeError(
      `Cannot choose a threshold as alertsPerDay must be above 0: current value is ${alertsPerDay}`,
    );
  }
  if (!(coveredDays! > 0 && coveredDays! < Infinity)) {
    throw new RangeError(
      `Cannot choose a threshold for alerts per day as the rows must span some time: current value is ${coveredDays} days`,
    );
  }
  const share = alertsPerDay! * coveredDays! / rows;
  if (!(share < 1)) {
    throw new RangeError(
      `Cannot choose a threshold as alertsPerDay must be below the ${rows / coveredDays!} rows a day: ` +
        `current value is ${alertsPerDay}`,
    );
  }
  return share;
}
