import type { HandbookEvaluation, Spread } from "../handbook.ts";
import { escapeHtml } from "./chart.ts";
import { renderFeatures } from "./features.ts";
import style from "./page.css" with { type: "text" };
import { renderRanking } from "./ranking.ts";

/**
 * The report of an evaluation as one HTML page: figures with inline SVG, light and dark, no script and nothing loaded.
 *
 * @returns The page; the same evaluation gives the same bytes.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "../../testing/assert.ts";
 * import { simulate } from "../../simulate/simulate.ts";
 * import { evaluateHandbook } from "../handbook.ts";
 * import { renderReport } from "./report.ts";
 *
 * const events = simulate({ randomSeed: 1, start: new Date("2026-01-01"), count: 5000 });
 * const page = renderReport(await evaluateHandbook(events, { startDate: "2026-01-02", seeds: 1 }));
 * assertStringIncludes(page, "Precision and recall");
 * ```
 */
export function renderReport(evaluation: HandbookEvaluation): string {
  const { startDate, labels, features, runs, nEstimators, maxSamples, weeks } = evaluation;
  const { distributions, drift } = renderFeatures(evaluation);
  const forests = `${runs.length} forest${
    runs.length > 1 ? "s" : ""
  } of ${nEstimators} trees, ${maxSamples} samples a tree`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Edgewood: handbook protocol from ${escapeHtml(startDate)}</title>
<style>
${style}</style>
</head>
<body>
<h1>Frauds found, handbook protocol from ${escapeHtml(startDate)}</h1>
<p class="lead">Trained on the 7 days from ${escapeHtml(startDate)}, tested on the 7 days from ${
    escapeHtml(dayAfter(startDate, 14))
  }, ${labels ? "with the labels that had arrived" : "without labels"}; ${escapeHtml(forests)}; features ${
    escapeHtml(features.join(", "))
  }.</p>
<dl class="tiles">
${tile("ROC-AUC", evaluation.auc)}
${tile("Average precision", evaluation.ap)}
${tile("Card Precision@100", evaluation.cp100, `at best ${evaluation.bestCp100.toFixed(3)}`)}
${count("Transactions tested", weeks.test.count, `${fraudsOf(weeks.test.isFraud)} of them fraud`)}
${
    count(
      "Transactions trained on",
      weeks.train.count,
      `${fraudsOf(weeks.train.isFraud)} of them fraud, not told`,
    )
  }
</dl>
<h2>Ranking</h2>
<div class="figures">
${renderRanking(evaluation)}
</div>
<h2>Frauds by scenario</h2>
${scenarioTable(evaluation)}
<h2>Features of the test week</h2>
<p class="note">Raw values, before the transforms of the model. Bars: test week by truth. Line: training week.</p>
<div class="figures many">
${distributions}
</div>
<h2>Drift from training to test week</h2>
<p class="note">Population stability index over the tenths of the training values: below 0.1 stable, above 0.25 drifted.</p>
<div class="table">${drift}</div>
</body>
</html>
`;
}

function tile(name: string, { mean, sd }: Spread, more?: string): string {
  const small = `± ${sd.toFixed(3)}${more === undefined ? "" : `, ${escapeHtml(more)}`}`;
  return `<div><dt>${escapeHtml(name)}</dt><dd>${mean.toFixed(3)} <small>${small}</small></dd></div>`;
}

function count(name: string, value: number, more: string): string {
  return `<div><dt>${escapeHtml(name)}</dt><dd>${value.toLocaleString("en")} <small>${
    escapeHtml(more)
  }</small></dd></div>`;
}

function fraudsOf(isFraud: Uint8Array): string {
  return isFraud.reduce((sum, one) => sum + one, 0).toLocaleString("en");
}

function dayAfter(startDate: string, days: number): string {
  return new Date(Date.parse(startDate) + days * 86_400_000).toISOString().slice(0, 10);
}

/** Recall at the first forest's threshold and ROC-AUC of each scenario; of all frauds where the file names no scenario. */
function scenarioTable({ runs, weeks, scenarios, alertsPerDay, auc }: HandbookEvaluation): string {
  const [{ testScores, threshold }] = runs;
  const { isFraud, scenario } = weeks.test;
  const row = (name: string, keeps: (row: number) => boolean, { mean, sd }: Spread) => {
    let [frauds, caught] = [0, 0];
    testScores.forEach((score, i) => {
      if (isFraud[i] === 0 || !keeps(i)) return;
      frauds++;
      if (score > threshold) caught++;
    });
    const share = (caught / frauds * 100).toFixed(1);
    return `<tr><th scope="row">${escapeHtml(name)}</th><td>${caught} of ${frauds}</td>` +
      `<td class="meter"><span style="width:${share}%"></span></td><td>${share}%</td>` +
      `<td>${mean.toFixed(3)} ± ${sd.toFixed(3)}</td></tr>`;
  };
  const rows = [
    ...scenarios.map(({ scenario: number, auc }) => row(nameOf(number), (i) => scenario[i] === number, auc)),
    row("all frauds", () => true, auc),
  ];
  let flagged = 0;
  let right = 0;
  testScores.forEach((score, i) => {
    if (score <= threshold) return;
    flagged++;
    right += isFraud[i];
  });
  const precision = flagged === 0 ? "none flagged" : `${(right / flagged * 100).toFixed(1)}% of them fraud`;
  return `<p class="note">At the first forest's threshold, a budget of ${alertsPerDay} alerts a day: ${flagged} flagged in the
test week, ${precision}.</p>
<div class="table"><table><thead><tr><th scope="col">scenario</th><th scope="col">flagged</th><th scope="col"></th>
<th scope="col">recall</th><th scope="col">ROC-AUC</th></tr></thead><tbody>${
    rows.join("")
  }</tbody></table></div>`;
}

const SCENARIOS = ["none", "high amount", "compromised terminal", "compromised card", "card testing"];

function nameOf(scenario: number): string {
  return scenario < SCENARIOS.length ? `${scenario} ${SCENARIOS[scenario]}` : String(scenario);
}
