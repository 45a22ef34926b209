import type { FeaturesOptions } from "../features/features.ts";
import { createScorer } from "../forest/scorer/scorer.ts";
import { flagThreshold } from "../training/threshold.ts";
import { trainForest } from "../training/train.ts";
import type { ReplayedEvent } from "../simulate/events/event.ts";
import { openFeatureStage } from "../features/stage.ts";
import { transactionFeatures } from "../training/rows/transaction_features.ts";
import { type CardPrecision, cardPrecision } from "../training/card_precision.ts";
import { collectWeeks, type HandbookWeeks, type Week } from "./handbook_weeks.ts";
import { rankingMetrics } from "../training/metrics.ts";

/** How the protocol is run. */
export interface HandbookOptions {
  /** First training day, YYYY-MM-DD, from midnight UTC. */
  startDate: string;
  /** Whether the features see the stream's labels. @default true */
  labels?: boolean;
  /** Number of forests. @default 5 */
  seeds?: number;
  /** Seed of the first forest; the next ones follow. @default 0 */
  randomSeed?: number;
  /** Features, or the name of one set. @default the set `streaming`, or `no-labels` without labels */
  features?: readonly string[];
  featuresOptions?: FeaturesOptions;
  /** Number of trees. @default 100 */
  nEstimators?: number;
  /** Rows drawn for each tree. @default 1024 */
  maxSamples?: number;
  /** Budget of the threshold that the flags of a run keep to. @default 100 */
  alertsPerDay?: number;
  /** Told how many transactions of the stream went in. */
  onProgress?(transactions: number): void;
}

/** What one forest reached. */
export interface HandbookRun {
  randomSeed: number;
  /** ROC-AUC on the test week, in [0, 1]. */
  auc: number;
  /** Average precision on the test week, in [0, 1]. */
  ap: number;
  /** Card Precision@100, by day and as their mean. */
  cardPrecision: CardPrecision;
  /** ROC-AUC of each scenario's frauds against all that is no fraud, in the order of `HandbookEvaluation.scenarios`. */
  scenarioAuc: number[];
  /** Anomaly scores of the training and the test week. */
  trainScores: Float64Array;
  /** Anomaly scores of the test week, in the order of its rows. */
  testScores: Float64Array;
  /** Flags the alerts per day on the training week. */
  threshold: number;
}

/** A value over all seeds: mean and standard deviation (n - 1; 0 for one seed). */
export interface Spread {
  mean: number;
  sd: number;
}

/** What the protocol found. */
export interface HandbookEvaluation {
  /** First training day, YYYY-MM-DD. */
  startDate: string;
  labels: boolean;
  features: string[];
  nEstimators: number;
  /** Rows drawn for each tree. */
  maxSamples: number;
  /** Budget of the threshold. */
  alertsPerDay: number;
  /** ROC-AUC, average precision and Card Precision@100 on the test week. */
  auc: Spread;
  ap: Spread;
  /** Card Precision@100 on the test week. */
  cp100: Spread;
  /** Card Precision@100 of a ranking that knows the truth. */
  bestCp100: number;
  /** ROC-AUC of the frauds of each scenario against all that is no fraud. */
  scenarios: { scenario: number; frauds: number; auc: Spread }[];
  /** What each forest reached. */
  runs: HandbookRun[];
  weeks: HandbookWeeks;
}

const TRAINING_DAYS = 7;
const CARDS = 100;

/**
 * Runs the protocol of the fraud detection handbook through the code that the consumer runs: replayed records, labels when
 * they arrive, the decoder, the features and their transforms, the trainer, the WebAssembly scorer.
 *
 * Trains on 7 days from the start date, waits 7, tests on the next 7 without the cards known to be compromised by then;
 * see `collectWeeks`. The training sees no truth, and the features see labels alone.
 *
 * @param events A whole stream from its first day, as `replayTransactions` yields it.
 * @throws RangeError for a start date or a feature that is none, Error for a stream without truth or without these weeks.
 *
 * @example
 * ```ts
 * import { assert } from "../testing/assert.ts";
 * import { simulate } from "../simulate/simulate.ts";
 * import { evaluateHandbook } from "./handbook.ts";
 *
 * const start = new Date("2026-01-01");
 * const events = simulate({ randomSeed: 1, start, count: 5000 });
 * const { auc, ap, cp100 } = await evaluateHandbook(events, { startDate: "2026-01-02", seeds: 1, maxSamples: 256 });
 * assert(auc.mean > 0.5 && ap.mean > 0 && cp100.mean <= 1);
 * ```
 */
export async function evaluateHandbook(
  events: Iterable<ReplayedEvent> | AsyncIterable<ReplayedEvent>,
  options: HandbookOptions,
): Promise<HandbookEvaluation> {
  const { startDate, labels = true, seeds = 5, randomSeed = 0, alertsPerDay = CARDS } = options;
  const { nEstimators = 100, maxSamples = 1024 } = options;
  const startMs = midnightOf(startDate);
  const { features, fit } = transactionFeatures(options.features ?? [labels ? "streaming" : "no-labels"]);
  const stage = openFeatureStage({ kind: "transactions", features }, options.featuresOptions);
  const weeks = await collectWeeks(events, stage, { startMs, labels, onProgress: options.onProgress });
  const { train, test } = weeks;
  const nFeatures = features.length;
  const trainRows = train.raw.slice();
  const testRows = test.raw.slice();
  const { apply } = fit(trainRows, train.count);
  apply(trainRows, train.count);
  apply(testRows, test.count);

  const scenarios = scenariosOf(test);
  const runs: HandbookRun[] = [];
  for (let seed = randomSeed; seed < randomSeed + seeds; seed++) {
    const forest = trainForest({ rows: trainRows, nFeatures }, { nEstimators, maxSamples, randomSeed: seed });
    using scorer = await createScorer(forest);
    const trainScores = scorer.score(trainRows);
    const testScores = scorer.score(testRows);
    const { rocAuc, averagePrecision } = rankingMetrics(testScores, test.isFraud);
    runs.push({
      randomSeed: seed,
      auc: rocAuc,
      ap: averagePrecision,
      cardPrecision: cardPrecision(test, testScores, CARDS),
      scenarioAuc: scenarios.map((scenario) => scenarioAuc(test, testScores, scenario)),
      trainScores,
      testScores,
      threshold: flagThreshold(trainScores, { alertsPerDay, coveredDays: TRAINING_DAYS }),
    });
  }
  return {
    startDate,
    labels,
    features: features.map(({ name }) => name),
    nEstimators,
    maxSamples,
    alertsPerDay,
    auc: spread(runs.map(({ auc }) => auc)),
    ap: spread(runs.map(({ ap }) => ap)),
    cp100: spread(runs.map(({ cardPrecision }) => cardPrecision.mean)),
    bestCp100: cardPrecision(test, test.isFraud, CARDS).mean,
    scenarios: scenarios.map((scenario, i) => ({
      scenario,
      frauds: countOf(test, scenario),
      auc: spread(runs.map(({ scenarioAuc }) => scenarioAuc[i])),
    })),
    runs,
    weeks,
  };
}

function midnightOf(startDate: string): number {
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(startDate) ? Date.parse(`${startDate}T00:00:00Z`) : NaN;
  // Date.parse takes 2018-02-31 for a day in March.
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(startDate)) {
    throw new RangeError(
      `Cannot evaluate as the start date must be a day, YYYY-MM-DD: current value is "${startDate}"`,
    );
  }
  return ms;
}

/** The scenarios of the test week's frauds, in rising order. */
function scenariosOf({ scenario, isFraud }: Week): number[] {
  return [...new Set(scenario.filter((number, row) => isFraud[row] === 1 && number > 0))].sort((a, b) =>
    a - b
  );
}

function countOf({ scenario, isFraud }: Week, wanted: number): number {
  return scenario.reduce((sum, number, row) => sum + (number === wanted ? isFraud[row] : 0), 0);
}

function scenarioAuc({ scenario, isFraud }: Week, scores: Float64Array, wanted: number): number {
  const counts = (row: number) => isFraud[row] === 0 || scenario[row] === wanted;
  return rankingMetrics(scores.filter((_, row) => counts(row)), isFraud.filter((_, row) => counts(row)))
    .rocAuc;
}

function spread(values: number[]): Spread {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, sd: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}
