import { featureRegistry } from "../../features/registry.ts";
import type { HandbookEvaluation } from "../handbook.ts";
import { type Chart, escapeHtml, renderChart } from "./chart.ts";
import type { Point } from "./curves.ts";
import { stabilityByTenths } from "./drift.ts";
import { rootTicks } from "./ranking.ts";

const BINS = 32;
const STABLE = 0.1;
const DRIFTED = 0.25;

/** Distributions of the raw features, and their drift from the training to the test week. */
export interface FeatureFigures {
  distributions: string;
  drift: string;
}

/** Draws every feature's distribution by truth, and a table of how far it drifted. */
export function renderFeatures({ features, weeks, runs }: HandbookEvaluation): FeatureFigures {
  const { train, test } = weeks;
  const column = (raw: Float32Array, of: number, keeps: (row: number) => boolean = () => true) =>
    raw.filter((_, i) => i % features.length === of && keeps((i - of) / features.length));
  const charts = features.map((name, of) =>
    renderChart(
      distribution(name, {
        train: column(train.raw, of),
        legitimate: column(test.raw, of, (row) => test.isFraud[row] === 0),
        fraud: column(test.raw, of, (row) => test.isFraud[row] === 1),
      }),
    )
  );
  const rows = features.map((name, of): [string, number] => [
    name,
    stabilityByTenths(column(train.raw, of), column(test.raw, of)),
  ]);
  const { trainScores, testScores } = runs[0];
  rows.push([
    "anomaly score",
    stabilityByTenths(Float32Array.from(trainScores), Float32Array.from(testScores)),
  ]);
  return { distributions: charts.join("\n"), drift: driftTable(rows) };
}

interface Columns {
  train: Float32Array;
  legitimate: Float32Array;
  fraud: Float32Array;
}

function distribution(name: string, { train, legitimate, fraud }: Columns): Chart {
  const sorted = train.slice().sort();
  const least = sorted[Math.floor(0.001 * (sorted.length - 1))];
  // Up to where the frauds reach, as far as that can be told beside the others.
  const fraudSorted = fraud.slice().sort();
  const [usual, odd] = [
    sorted[Math.floor(0.995 * (sorted.length - 1))],
    fraudSorted[Math.floor(0.9 * (fraud.length - 1))],
  ];
  const most = Math.max(usual, Math.min(odd, least + 4 * (usual - least || odd - least)));
  const max = most > least ? most : least + 1;
  const sharesOf = (values: Float32Array): Point[] => {
    const counts = new Array<number>(BINS).fill(0);
    for (const value of values) {
      counts[Math.min(Math.max(Math.floor((value - least) / (max - least) * BINS), 0), BINS - 1)]++;
    }
    const bars = counts.map((count, bin): Point => [
      least + bin * (max - least) / BINS,
      Math.sqrt(count / Math.max(values.length, 1)),
    ]);
    return [...bars, [max, 0]];
  };
  const unit = featureRegistry.get(name)?.unit ?? "";
  return {
    title: name,
    x: { label: `${unit}; the ends hold what lies beyond`, min: least, max },
    y: { label: "share (root scale)", min: 0, max: 1, ticks: rootTicks },
    series: [
      { name: "legitimate", tone: "plain", kind: "bars", points: sharesOf(legitimate) },
      { name: "fraud", tone: "fraud", kind: "bars", points: sharesOf(fraud) },
      { name: "training", tone: "best", kind: "line", points: stepped(sharesOf(train)) },
    ],
    small: true,
  };
}

/** The outline of bars. */
function stepped(bars: Point[]): Point[] {
  return bars.slice(0, -1).flatMap(([x, y], i): Point[] => [[x, y], [bars[i + 1][0], y]]);
}

function driftTable(rows: [string, number][]): string {
  const body = rows.map(([name, psi]) => {
    const word = psi < STABLE ? "stable" : psi < DRIFTED ? "moved" : "drifted";
    const width = Math.min(psi / DRIFTED, 1) * 100;
    return `<tr><th scope="row">${escapeHtml(name)}</th><td>${psi.toFixed(3)}</td>` +
      `<td class="meter"><span class="${word}" style="width:${
        width.toFixed(1)
      }%"></span></td><td>${word}</td></tr>`;
  });
  return `<table><thead><tr><th scope="col">feature</th><th scope="col">PSI</th><th scope="col">to ${DRIFTED}</th>` +
    `<th scope="col"></th></tr></thead><tbody>${body.join("")}</tbody></table>`;
}
