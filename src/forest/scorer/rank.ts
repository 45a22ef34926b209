import { RANK_WINDOW } from "../../../assembly/layout.ts";

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/**
 * Greatest float32 that is not above a float64, so that `x <= value` equals `x <= roundDown(value)` for float32 `x`.
 *
 * @param value Any number but NaN.
 * @returns A float32 value; −infinity below the range of float32, its greatest finite value above it.
 */
export function roundDown(value: number): number {
  float[0] = value;
  if (float[0] <= value) return float[0];
  // One step down: the bits of floats of one sign are in the order of their magnitude.
  if (float[0] > 0) bits[0]--;
  else if (float[0] < 0) bits[0]++;
  else bits[0] = -0x7fffffff; // the negative number next to 0
  return float[0];
}

/** Sorted thresholds of one feature, with a table of buckets that leads to the neighbourhood of a value. */
export interface RankTable {
  /** Number of thresholds. */
  size: number;
  /** Distinct float32 thresholds, ascending, then at least four times +infinity, and as often as a bucket has thresholds. */
  thresholds: Float32Array;
  /** Lower end of the first bucket. */
  low: number;
  /** Buckets per unit, greater than 0. */
  scale: number;
  /** Number of thresholds in lower buckets: length buckets. */
  bucketStart: Uint16Array;
  /** Halvings that leave at most four of the thresholds of one bucket. */
  steps: number;
}

const MAX_BUCKETS = 16384;
const TWO_TO_23 = 2 ** 23;
const SMALLEST_SCALE = 2 ** -126;
const GREATEST_FLOAT = 2 ** 127 * (2 - 2 ** -23);

/**
 * Makes the table by which a value's rank among thresholds, that is the number of thresholds below it, is found.
 *
 * The bucket of a value never falls as the value rises, rounding included, because every operation of
 * `bucketOf` is monotonic: so a threshold in a lower bucket is below the value and one in a higher bucket is not.
 *
 * @param sorted Distinct float32 values, ascending, at most 65535, none NaN.
 * @returns Table for `rankOf`, and for `assembly/ranks.ts`.
 */
export function createRankTable(sorted: Float32Array): RankTable {
  const finite = sorted.filter(Number.isFinite);
  const low = finite.length > 0 ? finite[0] : 0;
  const range = finite.length > 0 ? finite[finite.length - 1] - low : 0;
  const buckets = Math.min(MAX_BUCKETS, 2 ** Math.ceil(Math.log2(4 * sorted.length + 1)));
  const scale = Math.fround(Math.min(GREATEST_FLOAT, Math.max(SMALLEST_SCALE, (buckets - 1) / range)));
  const counts = new Uint16Array(buckets);
  for (const value of sorted) counts[bucketOf(value, low, scale, buckets)]++;
  const bucketStart = new Uint16Array(buckets);
  for (let bucket = 1; bucket < buckets; bucket++) {
    bucketStart[bucket] = bucketStart[bucket - 1] + counts[bucket - 1];
  }
  const fullest = counts.reduce((most, count) => Math.max(most, count), 0);
  const steps = Math.max(0, Math.ceil(Math.log2(fullest / RANK_WINDOW)));
  const thresholds = new Float32Array(sorted.length + RANK_WINDOW * 2 ** steps).fill(Infinity);
  thresholds.set(sorted);
  return { size: sorted.length, thresholds, low, scale, bucketStart, steps };
}

/**
 * Number of thresholds below a value: what `assembly/ranks.ts` computes for four rows at once.
 *
 * @param table Table of the feature.
 * @param value A float32 value but NaN.
 * @returns Rank in [0, number of thresholds]; the value is above the threshold at index i exactly if its rank is
 * above i.
 */
export function rankOf(table: RankTable, value: number): number {
  const { thresholds, low, scale, bucketStart } = table;
  let rank = bucketStart[bucketOf(value, low, scale, bucketStart.length)];
  for (let step = RANK_WINDOW * 2 ** table.steps / 2; step >= RANK_WINDOW; step /= 2) {
    if (value > thresholds[rank + step - 1]) rank += step;
  }
  return rank + thresholds.subarray(rank, rank + RANK_WINDOW).filter((threshold) => threshold < value).length;
}

function bucketOf(value: number, low: number, scale: number, buckets: number): number {
  const place = Math.fround(Math.fround(value - low) * scale);
  // Rounded to the nearest integer by the spacing of float32 numbers from 2^23 on, as the module does it.
  return Math.fround(Math.min(Math.max(0, place), buckets - 1) + TWO_TO_23) - TWO_TO_23;
}
