/**
 * Growing an Isolation Forest from rows in memory.
 *
 * @module
 */
import type { Forest } from "../forest/forest.ts";
import { TreeGrower } from "./grow.ts";
import { Random } from "./random.ts";

/** Rows to train on: row-major float32, so row `i` is `rows[i * nFeatures]` up to `rows[(i + 1) * nFeatures - 1]`. */
export interface Sample {
  rows: Float32Array;
  /** Number of columns, at least 1. */
  nFeatures: number;
}

/** How a forest is grown; names and defaults are those of scikit-learn's IsolationForest. */
export interface TrainOptions {
  /** Number of trees, at least 1; 100 unless told. */
  nEstimators?: number;
  /** Rows drawn without replacement for each tree, at least 1; 256 unless told, and no more than there are rows. */
  maxSamples?: number;
  /** Integer from 0 to 2^53 - 1 that fixes every random choice; 0 unless told. */
  randomSeed?: number;
}

/** Options of a training with every default filled in. */
export type TrainSettings = Required<TrainOptions>;

/**
 * Fills in the defaults and checks the numbers.
 *
 * @param options As given by the caller. Throws RangeError where a value is out of range.
 */
export function trainSettings(options: TrainOptions = {}): TrainSettings {
  const { nEstimators = 100, maxSamples = 256, randomSeed = 0 } = options;
  const atMost = { nEstimators: 100_000, maxSamples: 2 ** 24 };
  for (const [name, value] of Object.entries({ nEstimators, maxSamples })) {
    const most = atMost[name as keyof typeof atMost];
    if (!Number.isInteger(value) || value < 1 || value > most) {
      throw new RangeError(
        `Cannot train a forest as ${name} must be an integer from 1 to ${most}: current value is ${value}`,
      );
    }
  }
  if (!Number.isSafeInteger(randomSeed) || randomSeed < 0) {
    throw new RangeError(
      `Cannot train a forest as randomSeed must be an integer from 0 to 2^53 - 1: current value is ${randomSeed}`,
    );
  }
  return { nEstimators, maxSamples, randomSeed };
}

/** Number of the random stream that draws the sub-sample of tree `t`; the even ones grow the trees. */
export const drawStream = (t: number): number => 2 * t + 1;

/** Draws `k` of the integers below `n` without replacement, uniformly (Floyd's algorithm; Bentley & Floyd 1987). */
function drawIndices(n: number, k: number, random: Random, taken: Uint8Array, out: Int32Array): void {
  for (let i = 0, j = n - k; j < n; i++, j++) {
    const drawn = random.below(j + 1);
    const index = taken[drawn] ? j : drawn;
    taken[index] = 1;
    out[i] = index;
  }
  for (let i = 0; i < k; i++) taken[out[i]] = 0;
}

/** Refuses NaN and infinities, naming the first; `x * 0` is NaN for those alone, and four sums run side by side. */
function checkFinite(rows: Float32Array, nFeatures: number): void {
  const whole = rows.length - rows.length % 4;
  let a = 0, b = 0, c = 0, d = 0;
  for (let i = 0; i < whole; i += 4) {
    a += rows[i] * 0;
    b += rows[i + 1] * 0;
    c += rows[i + 2] * 0;
    d += rows[i + 3] * 0;
  }
  for (let i = whole; i < rows.length; i++) a += rows[i] * 0;
  if (a + b + c + d === 0) return;
  const i = rows.findIndex((value) => !Number.isFinite(value));
  throw new RangeError(
    `Cannot train a forest as row ${Math.floor(i / nFeatures)} column ${i % nFeatures} must be finite: ` +
      `current value is ${rows[i]}`,
  );
}

/**
 * Grows an Isolation Forest on rows in memory (Liu, Ting & Zhou 2008, with scikit-learn's random split).
 *
 * Each tree sees `maxSamples` rows drawn without replacement, or all rows where there are fewer; the forest's
 * `maxSamples` is the number used. The same sample, options and seed give the same forest on every machine.
 *
 * @param sample At least one row of finite float32 values. Throws RangeError for an empty sample, a length that is not
 *   a multiple of nFeatures, and a NaN or infinite value.
 * @param options Trees, sub-sample size and seed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { trainForest } from "./train.ts";
 *
 * const rows = Float32Array.from({ length: 600 }, (_, i) => Math.sin(i));
 * const forest = trainForest({ rows, nFeatures: 2 }, { nEstimators: 10, maxSamples: 64, randomSeed: 7 });
 * assertEquals(forest.treeStart.length, 11);
 * ```
 */
export function trainForest(sample: Sample, options: TrainOptions = {}): Forest {
  const { rows, nFeatures } = sample;
  const { nEstimators, maxSamples, randomSeed } = trainSettings(options);
  if (!Number.isInteger(nFeatures) || nFeatures < 1) {
    throw new RangeError(
      `Cannot train a forest as nFeatures must be an integer from 1: current value is ${nFeatures}`,
    );
  }
  if (rows.length === 0 || rows.length % nFeatures !== 0) {
    throw new RangeError(
      `Cannot train a forest as the rows must hold a multiple of ${nFeatures} values, one row at least: ` +
        `current value is ${rows.length}`,
    );
  }
  checkFinite(rows, nFeatures);
  const n = rows.length / nFeatures;
  const used = Math.min(maxSamples, n);
  const grower = new TreeGrower(nFeatures, used, randomSeed);
  const indices = new Int32Array(used);
  const taken = new Uint8Array(n);
  for (let t = 0; t < nEstimators; t++) {
    drawIndices(n, used, new Random(randomSeed, drawStream(t)), taken, indices);
    grower.grow(rows, indices);
  }
  return grower.finish();
}
