import { simulate } from "../../simulate/simulate.ts";
import { assert, assertAlmostEquals, assertEquals } from "../../testing/assert.ts";
import { evaluateHandbook, type HandbookEvaluation } from "../handbook.ts";
import { rankingMetrics } from "../../training/metrics.ts";
import { renderReport } from "./report.ts";
import { escapeHtml, renderChart } from "./chart.ts";
import { rankingCurves } from "./curves.ts";
import { stabilityByTenths } from "./drift.ts";

function evaluate(features?: string[]): Promise<HandbookEvaluation> {
  const events = simulate({ randomSeed: 3, start: Date.UTC(2020, 0, 1), count: 8000 });
  return evaluateHandbook(events, { startDate: "2020-01-02", seeds: 2, maxSamples: 128, features });
}

Deno.test("renderReport() is one page that loads nothing and runs nothing", async () => {
  const page = renderReport(await evaluate());
  for (const title of ["ROC curve", "Precision and recall", "Scores of the test week", "k highest, by day"]) {
    assert(page.includes(title), title);
  }
  for (
    const heading of ["Frauds by scenario", "Features of the test week", "Drift from training to test week"]
  ) {
    assert(page.includes(heading), heading);
  }
  assertEquals(page.match(/https?:|\bsrc=|\bhref=|url\(|@import|<script|<link/g), null);
  assert(page.includes("default-src 'none'"));
  assert(page.includes("prefers-color-scheme: dark") && page.includes("width=device-width"));
  assertEquals(page.match(/NaN|undefined|Infinity|\[object/g), null);
});

Deno.test("renderReport() gives the same bytes for the same evaluation and shows its figures", async () => {
  const evaluation = await evaluate();
  const page = renderReport(evaluation);
  assertEquals(renderReport(await evaluate()), page);
  assert(page.includes(`<dd>${evaluation.ap.mean.toFixed(3)} `));
  const [{ testScores, threshold }] = evaluation.runs;
  assert(page.includes(`${testScores.filter((score) => score > threshold).length} flagged`));
});

Deno.test("renderReport() takes features that are constant, and a stream without scenarios", async () => {
  const evaluation = await evaluate(["amount", "hour", "weekday", "customer_frauds_28d"]);
  const bare = { ...evaluation, scenarios: [] };
  assertEquals(renderReport(bare).match(/NaN|undefined|Infinity/g), null);
  assert(renderReport(bare).includes("all frauds"));
});

Deno.test("rankingCurves() enclose the areas that rankingMetrics() has, thinned out or not", () => {
  const n = 3000;
  const labels = Uint8Array.from({ length: n }, (_, i) => i % 20 === 0 ? 1 : 0);
  const scores = Float64Array.from(
    labels,
    (label, i) => Math.round((Math.sin(i * 12.9898) + label) * 50) / 50,
  );
  const { rocAuc, averagePrecision } = rankingMetrics(scores, labels);
  for (const [maxPoints, tolerance] of [[1e6, 1e-9], [100, 0.01]]) {
    const { roc, precisionRecall } = rankingCurves(scores, labels, maxPoints);
    let area = 0;
    for (let i = 1; i < roc.length; i++) {
      area += (roc[i][0] - roc[i - 1][0]) * (roc[i][1] + roc[i - 1][1]) / 2;
    }
    let precision = 0;
    precisionRecall.forEach(([recall, value], i) => {
      precision += (recall - (i === 0 ? 0 : precisionRecall[i - 1][0])) * value;
    });
    assertAlmostEquals(area, rocAuc, tolerance);
    assertAlmostEquals(precision, averagePrecision, tolerance * 3);
    assert(roc.length <= maxPoints + 1, `${roc.length}`);
    assertEquals([roc[0], roc[roc.length - 1]], [[0, 0], [1, 1]]);
  }
});

Deno.test("stabilityByTenths() is 0 for the same shares, small for a shift, large for another place", () => {
  const values = (shift: number) =>
    Float32Array.from(
      { length: 5000 },
      (_, i) => Math.sin(i) + Math.sin(i * 1.7) + Math.sin(i * 2.3) + shift,
    );
  assertEquals(stabilityByTenths(values(0), values(0)), 0);
  const [small, large] = [
    stabilityByTenths(values(0), values(0.1)),
    stabilityByTenths(values(0), values(3)),
  ];
  assert(small > 0 && small < 0.25 && large > 1, `${small}, ${large}`);
});

Deno.test("stabilityByTenths() sees a feature that is mostly 0 move", () => {
  const rare = (every: number) => Float32Array.from({ length: 10_000 }, (_, i) => i % every === 0 ? 5 : 0);
  assertEquals(stabilityByTenths(rare(200), rare(200)), 0);
  assert(stabilityByTenths(rare(200), rare(4)) > 0.25);
  // By hand: shares of 0.995 and 0.005 against 0.75 and 0.25.
  const byHand = (0.75 - 0.995) * Math.log(0.75 / 0.995) + (0.25 - 0.005) * Math.log(0.25 / 0.005);
  assertAlmostEquals(stabilityByTenths(rare(200), rare(4)), byHand, 1e-9);
});

Deno.test("renderChart() keeps marks inside the axes and text harmless", () => {
  const axis = { label: '<b onclick="x">', min: 0, max: 1 };
  const points: [number, number][] = [[-5, 0.5], [0.5, 99], [7, -3]];
  const html = renderChart({
    title: "t",
    x: axis,
    y: axis,
    series: [{ name: "'", tone: "plain", kind: "line", points }],
  });
  assert(html.includes('d="M44 102L196 10L348 194"'), html);
  assert(!html.includes("<b onclick") && html.includes(escapeHtml(axis.label)));
});
