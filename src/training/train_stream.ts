/**
 * Training on a stream of rows in one pass, with memory that does not grow with its length.
 *
 * @module
 */
import type { Forest } from "../forest/forest.ts";
import { TreeGrower } from "./grow.ts";
import { Random } from "./random.ts";
import { Reservoir } from "./reservoir.ts";
import { drawStream, type TrainOptions, trainSettings } from "./train.ts";

/** The label of a row of which it is not known whether it is a fraud. */
export const UNKNOWN_LABEL = 255;

/** Some rows of a stream, one after another. */
export interface RowBatch {
  /** Finite values, row-major, length at least count × columns. */
  rows: Float32Array;
  /** Number of rows. */
  count: number;
  /** 1 for a fraud, 0 for none, `UNKNOWN_LABEL` where that is not known; one a row, where there are labels at all. */
  labels?: Uint8Array;
  /** Epoch milliseconds, one a row, where times are known. */
  timestampsMs?: Float64Array;
  /** 64-bit key of each row's card, low word and high word, where rows are transactions. */
  cardKeys?: Uint32Array;
  /** Amount of each row in major units, where rows are transactions. */
  amounts?: Float64Array;
}

/** Rows of a stream that were kept, each row of the stream with the same probability. */
export interface KeptRows {
  /** Row-major values: length count × columns. */
  rows: Float32Array;
  /** Number of rows; all rows of the stream where they fit. */
  count: number;
  /** Labels of these rows, as in `RowBatch`, where the stream has them. */
  labels?: Uint8Array;
  /** Times of these rows, where the stream has them. */
  timestampsMs?: Float64Array;
  /** Cards of these rows, two words each, where the stream has them. */
  cardKeys?: Uint32Array;
}

/** What is known of a whole stream of rows. */
export interface StreamStatistics {
  /** Number of rows. */
  rows: number;
  /** Smallest value of each column. */
  min: Float64Array;
  /** Largest value of each column. */
  max: Float64Array;
  /** Sum of each column. */
  sum: Float64Array;
}

const KEPT_ROWS = 1_000_000;
const KEPT_BYTES = 64 * 2 ** 20;
const KEPT_STREAM = 0;

/**
 * Draws the sub-samples of all trees and one larger sample of rows in one pass over a stream, then grows the trees.
 *
 * Each tree has a reservoir of its own, so a row costs time only where a tree takes it. The larger sample, for quantiles and the
 * threshold, holds all rows up to 1,000,000 rows and 64 MiB, and a uniform sample of them beyond. How the stream is cut
 * into batches changes nothing.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { StreamTrainer } from "./train_stream.ts";
 *
 * const trainer = new StreamTrainer(2, { nEstimators: 10 });
 * trainer.add({ rows: Float32Array.of(1, 2, 3, 4, 5, 6), count: 3 });
 * assertEquals(trainer.grow().maxSamples, 3);
 * ```
 */
export class StreamTrainer {
  /** What the rows added so far are like. */
  readonly statistics: StreamStatistics;
  readonly #nFeatures: number;
  readonly #maxSamples: number;
  readonly #randomSeed: number;
  readonly #trees: Reservoir[];
  /** The trees' reservoirs one after another: nEstimators × maxSamples rows. */
  readonly #treeRows: Float32Array;
  readonly #kept: Reservoir;
  #keptRows: Float32Array;
  #keptLabels: Uint8Array | undefined;
  #keptTimes: Float64Array | undefined;
  #keptCards: Uint32Array | undefined;

  /**
   * Opens a training.
   *
   * @param nFeatures Number of columns, at least 1.
   * @param options Trees, sub-sample size and seed. Throws RangeError where out of range.
   */
  constructor(nFeatures: number, options: TrainOptions = {}) {
    const { nEstimators, maxSamples, randomSeed } = trainSettings(options);
    this.#nFeatures = nFeatures;
    this.#maxSamples = maxSamples;
    this.#randomSeed = randomSeed;
    this.#trees = Array.from(
      { length: nEstimators },
      (_, t) => new Reservoir(maxSamples, new Random(randomSeed, drawStream(t))),
    );
    this.#treeRows = new Float32Array(nEstimators * maxSamples * nFeatures);
    const keptRows = Math.max(1, Math.min(KEPT_ROWS, Math.floor(KEPT_BYTES / (4 * nFeatures))));
    this.#kept = new Reservoir(keptRows, new Random(randomSeed, KEPT_STREAM));
    this.#keptRows = new Float32Array(Math.min(keptRows, 1024) * nFeatures);
    this.statistics = {
      rows: 0,
      min: new Float64Array(nFeatures).fill(Infinity),
      max: new Float64Array(nFeatures).fill(-Infinity),
      sum: new Float64Array(nFeatures),
    };
  }

  /**
   * Takes in the next rows.
   *
   * @param batch Its arrays may be reused afterwards. Throws RangeError for a NaN or infinite value, which it names.
   */
  add(batch: RowBatch): void {
    const { rows, count, labels, timestampsMs, cardKeys } = batch;
    const nFeatures = this.#nFeatures;
    const first = this.statistics.rows;
    this.#addStatistics(rows, count);
    const end = first + count;
    this.#trees.forEach((reservoir, t) => {
      while (reservoir.next < end) {
        const at = (reservoir.next - first) * nFeatures;
        const slot = t * this.#maxSamples + reservoir.take();
        for (let f = 0; f < nFeatures; f++) this.#treeRows[slot * nFeatures + f] = rows[at + f];
      }
    });
    const kept = this.#kept;
    while (kept.next < end) {
      const row = kept.next - first;
      const slot = kept.take();
      if ((slot + 1) * nFeatures > this.#keptRows.length) this.#growKept();
      for (let f = 0; f < nFeatures; f++) this.#keptRows[slot * nFeatures + f] = rows[row * nFeatures + f];
      const room = this.#keptRows.length / nFeatures;
      if (labels) {
        this.#keptLabels ??= new Uint8Array(room).fill(UNKNOWN_LABEL);
        this.#keptLabels[slot] = labels[row];
      }
      if (timestampsMs) {
        this.#keptTimes ??= new Float64Array(room);
        this.#keptTimes[slot] = timestampsMs[row];
      }
      if (cardKeys) {
        this.#keptCards ??= new Uint32Array(2 * room);
        this.#keptCards[2 * slot] = cardKeys[2 * row];
        this.#keptCards[2 * slot + 1] = cardKeys[2 * row + 1];
      }
    }
  }

  /** The sample of rows kept so far, as views that the next `add` overwrites. */
  get kept(): KeptRows {
    const count = Math.min(this.statistics.rows, this.#kept.capacity);
    return {
      rows: this.#keptRows.subarray(0, count * this.#nFeatures),
      count,
      labels: this.#keptLabels?.subarray(0, count),
      timestampsMs: this.#keptTimes?.subarray(0, count),
      cardKeys: this.#keptCards?.subarray(0, 2 * count),
    };
  }

  /**
   * Changes every value that is held, in the sub-samples and in the kept rows, as by a transform fitted on the latter.
   *
   * @param apply Is given row-major rows and their number, and changes them in place.
   */
  transform(apply: (rows: Float32Array, count: number) => void): void {
    const used = Math.min(this.#maxSamples, this.statistics.rows);
    this.#trees.forEach((_, t) => {
      const at = t * this.#maxSamples * this.#nFeatures;
      apply(this.#treeRows.subarray(at, at + used * this.#nFeatures), used);
    });
    const { rows, count } = this.kept;
    apply(rows, count);
  }

  /** Grows the forest; its `maxSamples` is the number of rows where there are fewer. Throws RangeError without a row. */
  grow(): Forest {
    const used = Math.min(this.#maxSamples, this.statistics.rows);
    if (used === 0) {
      throw new RangeError("Cannot train a forest as there must be a row: current value is 0 rows");
    }
    const grower = new TreeGrower(this.#nFeatures, used, this.#randomSeed);
    const indices = new Int32Array(used);
    this.#trees.forEach((_, t) => {
      for (let i = 0; i < used; i++) indices[i] = i;
      grower.grow(this.#treeRows.subarray(t * this.#maxSamples * this.#nFeatures), indices);
    });
    return grower.finish();
  }

  #growKept(): void {
    const nFeatures = this.#nFeatures;
    const rows = Math.min(this.#kept.capacity, 2 * this.#keptRows.length / nFeatures);
    const grown = <T extends Float32Array | Float64Array | Uint8Array | Uint32Array>(fresh: T, old: T): T => {
      fresh.set(old);
      return fresh;
    };
    this.#keptRows = grown(new Float32Array(rows * nFeatures), this.#keptRows);
    this.#keptLabels &&= grown(new Uint8Array(rows).fill(UNKNOWN_LABEL), this.#keptLabels);
    this.#keptTimes &&= grown(new Float64Array(rows), this.#keptTimes);
    this.#keptCards &&= grown(new Uint32Array(2 * rows), this.#keptCards);
  }

  #addStatistics(rows: Float32Array, count: number): void {
    const nFeatures = this.#nFeatures;
    const statistics = this.statistics;
    const { min, max, sum } = statistics;
    for (let i = 0, at = 0; i < count; i++) {
      for (let f = 0; f < nFeatures; f++, at++) {
        const value = rows[at];
        if (value - value !== 0) {
          throw new RangeError(
            `Cannot train a forest as row ${
              statistics.rows + i
            } column ${f} must be finite: current value is ${value}`,
          );
        }
        if (value < min[f]) min[f] = value;
        if (value > max[f]) max[f] = value;
        sum[f] += value;
      }
    }
    statistics.rows += count;
  }
}
