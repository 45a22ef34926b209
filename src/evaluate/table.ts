import { createScorer } from "../forest/scorer/scorer.ts";
import { type Sample, trainForest, type TrainOptions } from "../training/train.ts";
import { type RankingMetrics, rankingMetrics } from "../training/metrics.ts";

/** Ranking quality over several seeds. */
export interface TableEvaluation {
  /** Metrics of each seed, in the order of the seeds. */
  runs: RankingMetrics[];
  /** Mean and standard deviation (n - 1; 0 for a single seed) of ROC-AUC. */
  rocAuc: { mean: number; sd: number };
  averagePrecision: { mean: number; sd: number };
}

/** How to evaluate. */
export interface EvaluateOptions extends TrainOptions {
  /** Number of forests, from the seeds randomSeed, randomSeed + 1 and so on; 10 unless told. */
  seeds?: number;
  /** Called after each seed with the number done. */
  onSeed?(done: number): void;
}

/**
 * Trains a forest on all rows, scores all rows and ranks them by their labels, once for each seed.
 *
 * It is how the published figures of Isolation Forest on labelled tables are made; the labels take no part in the training.
 *
 * @param sample Rows of finite values.
 * @param labels 1 or 0, one a row. Throws RangeError where one of the classes is absent.
 * @param options Seeds, trees and sub-sample size.
 *
 * @example
 * ```ts
 * import { assert } from "../testing/assert.ts";
 * import { evaluateTable } from "./table.ts";
 *
 * const rows = Float32Array.from({ length: 500 }, (_, i) => i < 490 ? Math.sin(i) : 5 + i / 100);
 * const labels = Uint8Array.from({ length: 500 }, (_, i) => i < 490 ? 0 : 1);
 * const { rocAuc } = await evaluateTable({ rows, nFeatures: 1 }, labels, { seeds: 2 });
 * assert(rocAuc.mean > 0.99);
 * ```
 */
export async function evaluateTable(
  sample: Sample,
  labels: Uint8Array,
  options: EvaluateOptions = {},
): Promise<TableEvaluation> {
  const { seeds = 10, randomSeed = 0, onSeed, ...trainOptions } = options;
  const runs: RankingMetrics[] = [];
  const scores = new Float64Array(labels.length);
  for (let seed = 0; seed < seeds; seed++) {
    const forest = trainForest(sample, { ...trainOptions, randomSeed: randomSeed + seed });
    using scorer = await createScorer(forest);
    scorer.score(sample.rows, labels.length, scores);
    runs.push(rankingMetrics(scores, labels));
    onSeed?.(seed + 1);
  }
  return {
    runs,
    rocAuc: spread(runs.map((run) => run.rocAuc)),
    averagePrecision: spread(runs.map((run) => run.averagePrecision)),
  };
}

function spread(values: number[]): { mean: number; sd: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}
