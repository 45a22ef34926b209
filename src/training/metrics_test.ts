import { assertAlmostEquals, assertEquals, assertThrows } from "../testing/assert.ts";
import { rankingMetrics } from "./metrics.ts";
import golden from "./testdata/metrics.json" with { type: "json" };

Deno.test("rankingMetrics() equals scikit-learn 1.9's, ties and negative scores included", () => {
  for (const [i, { scores, labels, auc, ap }] of golden.entries()) {
    const found = rankingMetrics(Float64Array.from(scores), Uint8Array.from(labels));
    assertAlmostEquals(found.rocAuc, auc, 1e-14, `ROC-AUC of set ${i}`);
    assertAlmostEquals(found.averagePrecision, ap, 1e-14, `average precision of set ${i}`);
  }
});

Deno.test("rankingMetrics() equals the pairwise definition of ROC-AUC", () => {
  const scores = Float64Array.from({ length: 97 }, (_, i) => (i * 37) % 11);
  const labels = Uint8Array.from({ length: 97 }, (_, i) => (i * i) % 7 === 2 ? 1 : 0);
  let won = 0, pairs = 0;
  for (let i = 0; i < 97; i++) {
    for (let j = 0; j < 97; j++) {
      if (labels[i] !== 1 || labels[j] !== 0) continue;
      won += scores[i] > scores[j] ? 1 : scores[i] === scores[j] ? 0.5 : 0;
      pairs++;
    }
  }
  assertAlmostEquals(rankingMetrics(scores, labels).rocAuc, won / pairs, 1e-14);
});

Deno.test("rankingMetrics() is exactly 1 for a perfect ranking", () => {
  for (let positives = 1; positives < 200; positives++) {
    const scores = Float64Array.from({ length: 250 }, (_, i) => -i);
    const labels = Uint8Array.from({ length: 250 }, (_, i) => i < positives ? 1 : 0);
    assertEquals(rankingMetrics(scores, labels), { rocAuc: 1, averagePrecision: 1 });
  }
});

Deno.test("rankingMetrics() takes infinities and zeros of both signs", () => {
  assertEquals(
    rankingMetrics(Float64Array.of(-Infinity, 0, -0, Infinity), Uint8Array.of(0, 0, 1, 1)).rocAuc,
    0.875,
  );
  assertEquals(rankingMetrics(Float64Array.of(-Infinity, -Infinity), Uint8Array.of(0, 1)).rocAuc, 0.5);
});

Deno.test("rankingMetrics() refuses what can't be ranked", () => {
  const cases: [number[], number[], string][] = [
    [[1, 2], [1], "must be 2 labels"],
    [[1, NaN], [1, 0], "score 1 must be a number"],
    [[1, 2], [1, 2], "label 1 must be 0 or 1: current value is 2"],
    [[1, 2], [0, 0], "current values are 2 and 0"],
    [[1, 2], [1, 1], "current values are 0 and 2"],
    [[], [], "current values are 0 and 0"],
  ];
  for (const [scores, labels, message] of cases) {
    assertThrows(
      () => rankingMetrics(Float64Array.from(scores), Uint8Array.from(labels)),
      RangeError,
      message,
    );
  }
});
