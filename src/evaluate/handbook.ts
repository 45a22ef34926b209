/**
 * The protocol of the fraud detection handbook (Le Borgne et al.), end to end through the pipeline's own code.
 *
 * Train on 7 days from the start date, leave 7 days in which the labels arrive, test on the following 7 days. Cards with a
 * known fraud are left out of the test: those with a fraud in the training week, and for test day d those with a fraud up
 * to 8 days before.
 *
 * @module
 */
import { trainForest } from "../forest/train.ts";
import { createScorer } from "../forest/scorer.ts";
import type { ReplayedEvent } from "../simulate/event.ts";
import { openFeatureStage } from "../stages/features.ts";
import { eventBatches } from "../training/event_rows.ts";
import { transactionFeatures } from "../training/transaction_features.ts";
import { cardPrecision } from "./card_precision.ts";
import { rankingMetrics } from "./metrics.ts";

const DAY_MS = 86_400_000;
const TRAIN_DAYS = 7;
const DELAY_DAYS = 7;
const TEST_DAYS = 7;
const CARDS_A_DAY = 100;

/** What to evaluate. */
export interface HandbookOptions {
  /** First day of the training week, milliseconds since 1970, UTC. */
  startMs: number;
  /** Features, or the name of one set. */
  features: readonly string[];
  /** Number of forests. */
  seeds: number;
  /** Number of trees (default 100). */
  nEstimators?: number;
  /** Rows drawn for each tree (default 1024). */
  maxSamples?: number;
  /** Told how many transactions were replayed. */
  onProgress?(transactions: number): void;
}

/** How one forest did on the test week. */
export interface HandbookScores {
  /** ROC-AUC over the transactions of the test week, in [0, 1]. */
  auc: number;
  /** Average precision, in [0, 1]. */
  ap: number;
  /** Card Precision@100, mean over the days, in [0, 1]. */
  cp100: number;
  /** Card Precision@100 of each test day. */
  cp100ByDay: number[];
  /** ROC-AUC of the frauds of each scenario against all that is no fraud, by scenario number. */
  scenarioAuc: Record<string, number>;
}

/** How the forests did: one result a seed, and the rows they were measured on. */
export interface HandbookEvaluation {
  /** Transactions trained on. */
  trainRows: number;
  /** Transactions tested on, cards with a known fraud left out. */
  testRows: number;
  /** Frauds among the tested. */
  frauds: number;
  /** One result a forest. */
  seeds: HandbookScores[];
}

/** The transactions of one week, with features. */
interface Week {
  raw: Float32Array;
  day: Uint16Array;
  card: Uint32Array;
  isFraud: Uint8Array;
  scenario: Uint8Array;
}

/**
 * Replays the events from their first day on, so that features have their history, and evaluates forests on one test week.
 *
 * @param events Transactions and labels in the order in which they became known; without labels the label features stay at 0.
 * @throws RangeError where the events have no transaction in the training week, or no fraud in the test.
 */
export async function evaluateHandbook(
  events: Iterable<ReplayedEvent> | AsyncIterable<ReplayedEvent>,
  options: HandbookOptions,
): Promise<HandbookEvaluation> {
  const { features, fit } = transactionFeatures(options.features);
  const { train, test } = await replay(events, options, features);
  if (train.day.length === 0 || !test.isFraud.includes(1)) {
    throw new RangeError(
      "Cannot evaluate as there must be transactions in the 7 days from --start and frauds in the 7 days two weeks " +
        `later: current value is ${train.day.length} transactions and ${test.day.length} to test on`,
    );
  }
  const fitted = fit(train.raw, train.day.length);
  const rows = train.raw.slice();
  fitted.apply(rows, train.day.length);
  const testRows = test.raw.slice();
  fitted.apply(testRows, test.day.length);
  const seeds: HandbookScores[] = [];
  const { nEstimators = 100, maxSamples = 1024 } = options;
  for (let randomSeed = 0; randomSeed < options.seeds; randomSeed++) {
    const forest = trainForest({ rows, nFeatures: features.length }, { nEstimators, maxSamples, randomSeed });
    using scorer = await createScorer(forest);
    seeds.push(measure(test, scorer.score(testRows, test.day.length)));
  }
  const frauds = test.isFraud.reduce((sum, each) => sum + each, 0);
  return { trainRows: train.day.length, testRows: test.day.length, frauds, seeds };
}

async function replay(
  events: Iterable<ReplayedEvent> | AsyncIterable<ReplayedEvent>,
  { startMs, onProgress }: HandbookOptions,
  features: Parameters<typeof openFeatureStage>[0]["features"],
): Promise<{ train: Week; test: Week }> {
  const stage = openFeatureStage({ kind: "transactions", features });
  const n = features.length;
  const cards = new Map<string, number>();
  const train: Row[] = [];
  const test: Row[] = [];
  /** Cards with a known fraud, by the day of the fraud counted from the start date. */
  const compromised = new Map<number, Set<number>>();
  const testFrom = TRAIN_DAYS + DELAY_DAYS;
  let transactions = 0;
  for await (const { columns, raw, isFraud, scenario } of eventBatches(events, stage)) {
    onProgress?.(transactions += columns.count);
    for (let row = 0; row < columns.count; row++) {
      const day = Math.floor((columns.timestampMs[row] - startMs) / DAY_MS);
      if (day < 0 || day >= testFrom + TEST_DAYS) continue;
      const id = columns.transaction(row).customerId;
      const card = cards.get(id) ?? cards.size;
      cards.set(id, card);
      if (isFraud[row] === 1) compromised.set(day, (compromised.get(day) ?? new Set()).add(card));
      if (day >= TRAIN_DAYS && day < testFrom) continue;
      const features = raw.slice(row * n, (row + 1) * n);
      const each = { day, card, isFraud: Number(isFraud[row] === 1), scenario: scenario[row], features };
      (day < TRAIN_DAYS ? train : test).push(each);
    }
  }
  const known = new Set<number>();
  for (let day = 0; day < TRAIN_DAYS; day++) compromised.get(day)?.forEach((card) => known.add(card));
  const tested: Row[] = [];
  for (let day = 0; day < TEST_DAYS; day++) {
    // The label of this day's frauds has arrived by the test day.
    compromised.get(TRAIN_DAYS + day - 1)?.forEach((card) => known.add(card));
    tested.push(...test.filter((row) => row.day === testFrom + day && !known.has(row.card)));
  }
  for (const row of tested) row.day -= testFrom;
  return { train: weekOf(train, n), test: weekOf(tested, n) };
}

interface Row {
  day: number;
  card: number;
  isFraud: number;
  scenario: number;
  features: Float32Array;
}

function weekOf(rows: readonly Row[], nFeatures: number): Week {
  const raw = new Float32Array(rows.length * nFeatures);
  rows.forEach(({ features }, i) => raw.set(features, i * nFeatures));
  return {
    raw,
    day: Uint16Array.from(rows, ({ day }) => day),
    card: Uint32Array.from(rows, ({ card }) => card),
    isFraud: Uint8Array.from(rows, ({ isFraud }) => isFraud),
    scenario: Uint8Array.from(rows, ({ scenario }) => scenario),
  };
}

function measure(test: Week, score: Float64Array): HandbookScores {
  const { rocAuc, averagePrecision } = rankingMetrics(score, test.isFraud);
  const cp100ByDay = cardPrecision({ ...test, score }, TEST_DAYS, CARDS_A_DAY);
  const scenarioAuc: Record<string, number> = {};
  for (const scenario of new Set(test.scenario)) {
    if (scenario === 0) continue;
    const rows = [...test.isFraud.keys()].filter((i) =>
      test.isFraud[i] === 0 || test.scenario[i] === scenario
    );
    const labels = Uint8Array.from(rows, (i) => test.isFraud[i]);
    if (!labels.includes(1)) continue;
    scenarioAuc[scenario] = rankingMetrics(Float64Array.from(rows, (i) => score[i]), labels).rocAuc;
  }
  const cp100 = cp100ByDay.reduce((sum, each) => sum + each, 0) / TEST_DAYS;
  return { auc: rocAuc, ap: averagePrecision, cp100, cp100ByDay, scenarioAuc };
}
