/** Values of several rounds: their median, with their range. */
export interface Spread {
  /** The middle value; of an even number of values the upper of the two. */
  median: number;
  least: number;
  most: number;
  /** All of them, in the order of the rounds. */
  values: number[];
}

/**
 * The median and the range of the values of several rounds.
 *
 * @param values At least one, in the order of the rounds.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../../src/testing/assert.ts";
 * import { spreadOf } from "./spread.ts";
 *
 * assertEquals(spreadOf([3, 1, 2]), { median: 2, least: 1, most: 3, values: [3, 1, 2] });
 * ```
 */
export function spreadOf(values: readonly number[]): Spread {
  const bad = values.find((value) => !Number.isFinite(value));
  if (values.length === 0 || bad !== undefined) {
    throw new RangeError(
      `Cannot take a median as there must be finite values: current value is ${bad ?? "none"}`,
    );
  }
  const sorted = values.toSorted((a, b) => a - b);
  return { median: sorted[sorted.length >> 1], least: sorted[0], most: sorted.at(-1)!, values: [...values] };
}

/**
 * How many times one figure is another's, round by round: the median of the ratios.
 *
 * @param of Spread of the figure above the line.
 * @param by Spread of the one below it, of the same rounds.
 */
export function ratioOf(of: Spread, by: Spread): number {
  if (of.values.length !== by.values.length) {
    throw new RangeError(
      `Cannot take a ratio as both must have the same rounds: current value is ${of.values.length} and ${by.values.length}`,
    );
  }
  return spreadOf(of.values.map((value, round) => value / by.values[round])).median;
}
