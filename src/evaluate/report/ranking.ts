import { cardPrecision } from "../../training/card_precision.ts";
import type { HandbookEvaluation, HandbookRun } from "../handbook.ts";
import { type Chart, renderChart, type Series } from "./chart.ts";
import { type Point, rankingCurves } from "./curves.ts";

const BINS = 48;
const RATE = { min: 0, max: 1 };
const CARDS = [20, 50, 100];

/** The figures of how well the test week's transactions and cards are ranked: ROC, precision-recall, scores, CP@k by day. */
export function renderRanking(evaluation: HandbookEvaluation): string {
  const curves = evaluation.runs.map(({ testScores }) =>
    rankingCurves(testScores, evaluation.weeks.test.isFraud)
  );
  const frauds = evaluation.weeks.test.isFraud.reduce((sum, isFraud) => sum + isFraud, 0);
  const share = frauds / evaluation.weeks.test.count;
  const others = curves.length > 1 ? "; pale: the other forests" : "";
  return [
    renderChart({
      title: "ROC curve",
      x: { label: "false positive rate", ...RATE },
      y: { label: "true positive rate", ...RATE },
      series: [
        { name: "chance", tone: "muted", kind: "dashes", points: [[0, 0], [1, 1]] },
        ...overSeeds(curves.map(({ roc }) => roc)),
      ],
      note: `Area ${evaluation.auc.mean.toFixed(3)}, mean over the forests${others}.`,
    }),
    renderChart({
      title: "Precision and recall",
      x: { label: "recall", ...RATE },
      y: { label: "precision", ...RATE },
      series: [
        {
          name: `chance, ${(share * 100).toFixed(2)}%`,
          tone: "muted",
          kind: "dashes",
          points: [[0, share], [1, share]],
        },
        ...overSeeds(curves.map(({ precisionRecall }) => precisionRecall)),
      ],
      note: `Average precision ${evaluation.ap.mean.toFixed(3)}, mean over the forests${others}.`,
    }),
    renderChart(scoreHistogram(evaluation, evaluation.runs[0])),
    renderChart(cardsByDay(evaluation, evaluation.runs[0])),
  ].join("\n");
}

/** One curve a forest, the first one's strong and drawn last. */
function overSeeds(curves: Point[][]): Series[] {
  return curves.map((points, i): Series => ({
    name: "first forest",
    tone: "plain",
    kind: "line",
    points,
    faint: i > 0,
  })).reverse();
}

function scoreHistogram({ weeks, alertsPerDay }: HandbookEvaluation, run: HandbookRun): Chart {
  const { isFraud } = weeks.test;
  const [min, max] = extent(run.testScores);
  const sharesOf = (wanted: number): Point[] => {
    const counts = new Array<number>(BINS).fill(0);
    let all = 0;
    run.testScores.forEach((score, row) => {
      if (isFraud[row] !== wanted) return;
      all++;
      counts[Math.min(Math.floor((score - min) / (max - min || 1) * BINS), BINS - 1)]++;
    });
    const bars = counts.map((count, bin): Point => [min + bin * (max - min) / BINS, count / all]);
    return [...bars, [max, 0]];
  };
  // A share of 1% stands a tenth of the height: most scores are alike, and it is the others that matter.
  const root = (points: Point[]) => points.map(([x, share]): Point => [x, Math.sqrt(share)]);
  return {
    title: "Scores of the test week",
    x: { label: "anomaly score", min, max },
    y: { label: "share of its kind (root scale)", ...RATE, ticks: rootTicks },
    series: [
      { name: "legitimate", tone: "plain", kind: "bars", points: root(sharesOf(0)) },
      { name: "fraud", tone: "fraud", kind: "bars", points: root(sharesOf(1)) },
    ],
    rules: [{ x: run.threshold, label: `threshold ${run.threshold.toFixed(3)}` }],
    note: `First forest; the threshold flags ${alertsPerDay} transactions a day of the training week.`,
  };
}

/** Ticks of a root scale of shares. */
export const rootTicks: [number, string][] = [[0, "0"], [0.1, "1%"], [0.5, "25%"], [1, "100%"]];

function cardsByDay({ weeks, cp100, bestCp100 }: HandbookEvaluation, run: HandbookRun): Chart {
  const { test } = weeks;
  const first = test.day.reduce((least, day) => Math.min(least, day), Infinity);
  const byDay = (scores: Float64Array | Uint8Array, k: number) =>
    cardPrecision(test, scores, k).byDay.map(({ day, precision }): Point => [day - first + 1, precision]);
  const tones = ["muted", "fraud", "plain"] as const;
  const days = byDay(test.isFraud, 1).map(([day]): [number, string] => [day, String(day)]);
  return {
    title: "Compromised cards among the k highest, by day",
    x: { label: "test day", min: 1, max: Math.max(2, ...days.map(([day]) => day)), ticks: days },
    y: { label: "Card Precision@k", ...RATE },
    series: [
      ...CARDS.map((k, i): Series => ({
        name: `k = ${k}`,
        tone: tones[i],
        kind: "line",
        points: byDay(run.testScores, k),
      })),
      { name: "best possible at 100", tone: "best", kind: "dashes", points: byDay(test.isFraud, 100) },
    ],
    note: `First forest. Card Precision@100 over the week and all forests: ${cp100.mean.toFixed(3)}; ` +
      `knowing the truth: ${bestCp100.toFixed(3)}.`,
  };
}

function extent(values: Float64Array): [number, number] {
  let [min, max] = [Infinity, -Infinity];
  for (const value of values) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  return [min, max];
}
