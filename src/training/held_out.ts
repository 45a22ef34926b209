import { cardPrecision } from "./card_precision.ts";
import { compareWithLabels } from "./expectation.ts";
import type { HeldOut } from "../forest/manifest.ts";
import { createScorer } from "../forest/scorer/scorer.ts";
import { flagThreshold } from "./threshold.ts";
import { timeSpan } from "./time_span.ts";
import { trainForest } from "./train.ts";
import type { TrainModelOptions } from "./train_model.ts";
import { type KeptRows, UNKNOWN_LABEL } from "./train_stream.ts";

const DAY_MS = 86_400_000;
/** Days held out at most, and the share of all days with labels. */
const MOST_DAYS = 7;
const DAYS_SHARE = 1 / 3;
/** Share of a day's rows that must have labels, so that those without cannot tilt what they say. */
const LABELLED_SHARE = 0.95;
/** What the first of the days may lack: rows begin some time after it began. */
const MOST_MISSING_MS = 3_600_000;
/** Cards looked into a day. */
const CARDS = 100;

/** What held-out days say, or why they say nothing. */
export type HeldOutResult = { heldOut: HeldOut } | { notKnown: string };

/**
 * What a model trained on the earlier rows reaches on the later ones: the figures to expect of the next days.
 *
 * The last days with labels are held out, seven at most and no more than a third. Transforms, forest and threshold come
 * from the rows before them; labels serve the comparison alone. Features are what they were at each row's time, so they
 * know of the labels that had arrived by then. Days are 24 hours each, counted back from the latest row.
 *
 * @param kept Raw rows; not changed. Times and labels are needed, cards for the card precision.
 * @param options As of `trainModel`; `rows` is how many rows `kept` is a sample of.
 * @returns Figures, or in words what is missing for them.
 */
export async function measureHeldOut(
  kept: KeptRows,
  options: TrainModelOptions & { rows: number },
): Promise<HeldOutResult> {
  const chosen = chooseDays(kept);
  if ("notKnown" in chosen) return chosen;
  const { firstMs, afterMs, untilMs, days } = chosen;
  const { contamination, alertsPerDay, fit, features: { length: nFeatures } } = options;
  const sampledShare = kept.count / options.rows;
  const earlier = rowsWhere(kept, (ms) => ms <= afterMs);
  const later = rowsWhere(kept, (ms) => ms > afterMs && ms <= untilMs);
  const coveredDays = (afterMs - firstMs) / DAY_MS;
  const earlierRows = earlier.length / sampledShare;
  if (alertsPerDay !== undefined && alertsPerDay * coveredDays >= earlierRows) {
    return { notKnown: `the days before the last ${days} have no more rows than alerts are asked for` };
  }
  const trainRows = takeRows(kept.rows, earlier, nFeatures);
  const testRows = takeRows(kept.rows, later, nFeatures);
  const fitted = fit?.(trainRows, earlier.length);
  fitted?.apply(trainRows, earlier.length);
  fitted?.apply(testRows, later.length);
  using scorer = await createScorer(trainForest({ rows: trainRows, nFeatures }, options));
  const threshold = flagThreshold(scorer.score(trainRows), {
    contamination,
    alertsPerDay,
    coveredDays,
    rows: earlierRows,
  });
  const scores = scorer.score(testRows);
  const labels = Uint8Array.from(later, (row) => kept.labels![row]);
  const expectation = compareWithLabels(scores, labels, threshold);
  if (expectation === undefined) return { notKnown: `all labels of the ${days} days held out say the same` };
  const flagged = scores.reduce((sum, score) => sum + Number(score > threshold), 0);
  return {
    heldOut: {
      after: new Date(afterMs).toISOString(),
      days,
      trainedRows: earlier.length,
      flaggedPerDay: flagged / sampledShare / days,
      ...expectation,
      // A sample has too few cards of a day.
      ...(kept.cardKeys && sampledShare === 1 ? cardFigures(kept, later, chosen, scores) : {}),
    },
  };
}

interface ChosenDays {
  firstMs: number;
  /** The days held out begin after this, */
  afterMs: number;
  untilMs: number;
  days: number;
}

/** The last days whose rows have labels. */
function chooseDays({ labels, timestampsMs, count }: KeptRows): ChosenDays | { notKnown: string } {
  const nLabelled = labels?.reduce((sum, label) => sum + Number(label !== UNKNOWN_LABEL), 0) ?? 0;
  if (labels === undefined || nLabelled === 0) return { notKnown: "the rows have no labels" };
  if (timestampsMs === undefined) return { notKnown: "the rows have no times to tell later days by" };
  const { firstMs, lastMs } = timeSpan(timestampsMs)!;
  const nDays = Math.floor((lastMs - firstMs + MOST_MISSING_MS) / DAY_MS);
  const rows = new Float64Array(nDays);
  const labelled = new Float64Array(nDays);
  for (let i = 0; i < count; i++) {
    const day = Math.floor((lastMs - timestampsMs[i]) / DAY_MS);
    if (day < 0 || day >= nDays) continue;
    rows[day]++;
    if (labels[i] !== UNKNOWN_LABEL) labelled[day]++;
  }
  const isLabelled = (day: number) => rows[day] > 0 && labelled[day] >= LABELLED_SHARE * rows[day];
  let newest = 0;
  while (newest < nDays && !isLabelled(newest)) newest++;
  const most = Math.min(MOST_DAYS, Math.floor((nDays - newest) * DAYS_SHARE));
  let days = 0;
  while (days < most && isLabelled(newest + days)) days++;
  if (days === 0) {
    return newest === nDays && nDays > 0
      ? {
        notKnown:
          `labels are there of ${
            (100 * nLabelled / count).toFixed(1)
          }% of the rows, and no day has them of ` +
          `${100 * LABELLED_SHARE}% of its own`,
      }
      : { notKnown: `rows with labels span ${nDays - newest} days, and one is held out of three at least` };
  }
  const untilMs = lastMs - newest * DAY_MS;
  return { firstMs, afterMs: untilMs - days * DAY_MS, untilMs, days };
}

function rowsWhere({ timestampsMs }: KeptRows, holds: (ms: number) => boolean): Int32Array {
  const rows: number[] = [];
  timestampsMs!.forEach((ms, row) => holds(ms) && rows.push(row));
  return Int32Array.from(rows);
}

function takeRows(values: Float32Array, rows: Int32Array, nFeatures: number): Float32Array {
  const taken = new Float32Array(rows.length * nFeatures);
  rows.forEach((row, to) =>
    taken.set(values.subarray(row * nFeatures, (row + 1) * nFeatures), to * nFeatures)
  );
  return taken;
}

/** Card precision of the scores, and of scores that know the truth. */
function cardFigures(
  { labels, timestampsMs, cardKeys, count }: KeptRows,
  rows: Int32Array,
  { untilMs, days }: ChosenDays,
  scores: Float64Array,
): Pick<HeldOut, "cardPrecision100" | "bestCardPrecision100"> {
  const numbers = new Map<bigint, number>();
  const keys = new BigUint64Array(cardKeys!.buffer, cardKeys!.byteOffset, count);
  const transactions = {
    day: rows.map((row) => days - 1 - Math.floor((untilMs - timestampsMs![row]) / DAY_MS)),
    card: rows.map((row) => numberOf(numbers, keys[row])),
    isFraud: Uint8Array.from(rows, (row) => Number(labels![row] === 1)),
  };
  return {
    cardPrecision100: cardPrecision(transactions, scores, CARDS).mean,
    bestCardPrecision100: cardPrecision(transactions, transactions.isFraud, CARDS).mean,
  };
}

function numberOf(numbers: Map<bigint, number>, key: bigint): number {
  const known = numbers.get(key) ?? numbers.size;
  numbers.set(key, known);
  return known;
}
