import { compareWithLabels } from "./expectation.ts";
import { measureHeldOut } from "./held_out.ts";
import type { Feature, Model, Training } from "../forest/manifest.ts";
import { LEAST_AMOUNT, MOST_AMOUNT } from "../features/features.ts";
import { type UsualAmount, usualAmount } from "../features/state/customer_state.ts";
import { createModel } from "../forest/model.ts";
import { quantile } from "../runtime/quantile.ts";
import { createScorer } from "../forest/scorer/scorer.ts";
import { flagThreshold } from "./threshold.ts";
import { timeSpan } from "./time_span.ts";
import type { TrainOptions } from "./train.ts";
import { type KeptRows, type RowBatch, StreamTrainer, UNKNOWN_LABEL } from "./train_stream.ts";

const DAY_MS = 86_400_000;
const QUANTILES = [1, 5, 25, 50, 75, 90, 95, 99, 99.5];

/** What `fit` of {@link TrainModelOptions} learned from the training rows. */
export interface FittedFeatures {
  /** The features with what was learned, such as a transform's quantiles. */
  features: Feature[];
  /** Changes rows in place as every scorer of the model will. */
  apply(rows: Float32Array, count: number): void;
}

/** What to train. */
export interface TrainModelOptions extends TrainOptions {
  /** Whether the features are columns of a table or computed from transactions. */
  kind: Model["manifest"]["kind"];
  /** The columns of the rows, in their order. */
  features: Feature[];
  /** As the manifest says of the features; the rows were made with it. */
  presumeLegitimateAfterMs?: number;
  /** Share of rows to flag, in (0, 0.5]. */
  contamination?: number;
  /** Rows to flag a day, instead of contamination; the batches must have `timestampsMs`. */
  alertsPerDay?: number;
  /** Fits transforms on the kept rows, raw and row-major, before the trees are grown. */
  fit?(rows: Float32Array, count: number): FittedFeatures;
  /** Asked at the end for the rows that were left out before they came here. */
  skippedRows?(): number;
}

/**
 * Trains a model on a stream of rows in one pass: trees, threshold and training summary.
 *
 * Memory does not grow with the number of rows. Same rows, options and seed give the same model, however the rows are
 * cut into batches. Labels take no part in the training: they only tell what to expect of the flags, on held-out days
 * by a forest that was grown on the rows before them. The model's own forest is grown on all rows: it is to score the days
 * to come, and the newest rows are the most like them.
 *
 * @param batches Rows of finite float32 values in the order of `options.features`.
 * @param options What to train. Throws RangeError for an option out of range, a NaN or infinite value, no row at all, or alerts per
 *   day of rows without times.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { trainModel } from "./train_model.ts";
 *
 * async function* batches() {
 *   yield { rows: Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i)), count: 1000 };
 * }
 * const model = await trainModel(batches(), {
 *   kind: "table", features: [{ name: "sine" }], contamination: 0.01, randomSeed: 7,
 * });
 * assertEquals(model.manifest.training?.rows, 1000);
 * ```
 */
export async function trainModel(
  batches: AsyncIterable<RowBatch>,
  options: TrainModelOptions,
): Promise<Model> {
  const { kind, contamination, alertsPerDay, randomSeed = 0 } = options;
  const trainer = new StreamTrainer(options.features.length, options);
  const amounts = new AmountTally();
  for await (const batch of batches) {
    trainer.add(batch);
    amounts.add(batch);
  }
  presumeLegitimate(trainer.kept, options.presumeLegitimateAfterMs);
  const training = summarise(trainer, options.features);
  const skipped = options.skippedRows?.() ?? 0;
  if (skipped > 0) training.skippedRows = skipped;
  if (training.rows > 0) {
    const held = await measureHeldOut(trainer.kept, { ...options, rows: training.rows });
    if ("heldOut" in held) training.heldOut = held.heldOut;
    else training.notKnown = held.notKnown;
  }
  const fitted = options.fit?.(trainer.kept.rows, trainer.kept.count);
  if (fitted) trainer.transform(fitted.apply);
  const forest = trainer.grow();
  using scorer = await createScorer(forest);
  const { kept } = trainer;
  const scores = scorer.score(kept.rows, kept.count);
  const threshold = flagThreshold(scores, {
    contamination,
    alertsPerDay,
    coveredDays: training.coveredDays,
    rows: training.rows,
  });
  if (kept.labels) training.expectation = compareWithLabels(scores, kept.labels, threshold);
  const features = fitted?.features ?? options.features;
  return await createModel(
    {
      kind,
      trainer: "edgewood",
      features,
      presumeLegitimateAfterMs: options.presumeLegitimateAfterMs,
      usualAmount: amounts.usual,
      randomSeed,
      contamination,
      alertsPerDay,
      threshold,
      training,
    },
    forest,
  );
}

/** Mean and variance of the amounts' logarithms (Welford 1962). */
class AmountTally {
  #count = 0;
  #mean = 0;
  #squares = 0;

  add({ amounts, count }: RowBatch): void {
    if (amounts === undefined) return;
    for (let i = 0; i < count; i++) {
      const log = Math.log(Math.min(Math.max(amounts[i], LEAST_AMOUNT), MOST_AMOUNT));
      const distance = log - this.#mean;
      this.#mean += distance / ++this.#count;
      this.#squares += distance * (log - this.#mean);
    }
  }

  /** Undefined without an amount. */
  get usual(): UsualAmount | undefined {
    return this.#count === 0 ? undefined : usualAmount(this.#mean, this.#squares / this.#count);
  }
}

function summarise(trainer: StreamTrainer, features: Feature[]): Training {
  const { rows, min, max, sum } = trainer.statistics;
  const { kept } = trainer;
  const training: Training = { rows, sampledRows: Math.max(kept.count, 1), features: [] };
  const span = kept.timestampsMs && timeSpan(kept.timestampsMs);
  if (span && span.lastMs > span.firstMs) training.coveredDays = (span.lastMs - span.firstMs) / DAY_MS;
  const column = new Float32Array(kept.count);
  if (rows > 0) {
    training.features = features.map(({ name }, f) => {
      for (let i = 0; i < kept.count; i++) column[i] = kept.rows[i * features.length + f];
      column.sort();
      const quantiles = Object.fromEntries(QUANTILES.map((p) => [`p${p}`, quantile(column, p / 100)]));
      return { name, min: min[f], max: max[f], mean: sum[f] / rows, quantiles };
    });
  }
  return training;
}

/** Labels rows legitimate that are older than `afterMs` and still without a label. */
function presumeLegitimate({ labels, timestampsMs }: KeptRows, afterMs: number | undefined): void {
  if (labels === undefined || timestampsMs === undefined || afterMs === undefined) return;
  const untilMs = (timeSpan(timestampsMs)?.lastMs ?? 0) - afterMs;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === UNKNOWN_LABEL && timestampsMs[i] <= untilMs) labels[i] = 0;
  }
}
