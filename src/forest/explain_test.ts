import { assert, assertAlmostEquals, assertEquals, assertThrows } from "../testing/assert.ts";
import { createExplainer, expectedPathLengths } from "./explain.ts";
import { averagePathLength, type Forest } from "./forest.ts";
import { referencePathLength } from "./scorer/reference.ts";
import {
  randomForest,
  randomNumbers,
  randomRows,
  THRESHOLD_KINDS,
  TREE_SHAPES,
} from "./scorer/testing/cases.ts";
import { trainForest } from "../training/train.ts";

Deno.test("createExplainer() puts each step of each tree down to the feature of its node", () => {
  const forest: Forest = {
    nFeatures: 3,
    maxSamples: 4,
    treeStart: Int32Array.of(0, 5, 8),
    feature: Int32Array.of(1, 0, -1, -1, -1, 0, -1, -1),
    threshold: Float64Array.of(9, 0.5, 0, 0, 0, 2, 0, 0),
    left: Int32Array.of(1, 2, -1, -1, -1, 6, -1, -1),
    right: Int32Array.of(4, 3, -1, -1, -1, 7, -1, -1),
    nSamples: Int32Array.of(4, 3, 2, 1, 1, 4, 3, 1),
  };
  // Tree 0: x1 <= 9 (mean 9/4; left mean 8/3, right 1), left x0 <= 0.5 (left 3, right 2).
  // Tree 1: x0 <= 2 (left 1 + c(3), right 1).
  const left = 1 + averagePathLength(3);
  const root = (3 * left + 1) / 4;
  const { contributions, pathLength, baseline } = createExplainer(forest).explain(Float32Array.of(1, 0, 5));
  assertAlmostEquals(baseline, (9 / 4 + root) / 2, 1e-15);
  assertAlmostEquals(pathLength, (2 + left) / 2, 1e-15);
  assertAlmostEquals(contributions[0], (2 - 8 / 3 + left - root) / 2, 1e-15);
  assertAlmostEquals(contributions[1], (8 / 3 - 9 / 4) / 2, 1e-15);
  assertEquals(contributions[2], 0);
});

Deno.test("createExplainer() adds up to the path length less the baseline on random forests", () => {
  const random = randomNumbers(8);
  for (let i = 0; i < 500; i++) {
    const forest = randomForest(random, {
      nFeatures: 1 + i % 9,
      nEstimators: 1 + i % 30,
      leaves: 1 + i % 60,
      shapes: TREE_SHAPES,
      thresholds: THRESHOLD_KINDS,
      samplesPerLeaf: 1 + i % 7,
    });
    const explainer = createExplainer(forest);
    const rows = randomRows(random, forest, 4);
    for (let row = 0; row < 4; row++) {
      const values = rows.subarray(row * forest.nFeatures, (row + 1) * forest.nFeatures);
      const { contributions, pathLength, baseline } = explainer.explain(values);
      const sum = contributions.reduce((a, b) => a + b, 0);
      assertAlmostEquals(sum, pathLength - baseline, 1e-9);
      assertAlmostEquals(pathLength, referencePathLength(forest, values), 1e-9);
      assertEquals(baseline, explainer.baseline);
    }
  }
});

Deno.test("createExplainer() blames the feature in which a row is far out", () => {
  const random = randomNumbers(9);
  const nFeatures = 5;
  const rows = new Float32Array(2000 * nFeatures).map(() => random() + random() + random());
  const explainer = createExplainer(trainForest({ rows, nFeatures }, { randomSeed: 1 }));
  for (let feature = 0; feature < nFeatures; feature++) {
    const row = new Float32Array(nFeatures).fill(1.5);
    row[feature] = 12;
    const { contributions, pathLength, baseline } = explainer.explain(row);
    assert(pathLength < baseline, "the row must be more anomalous than the mean");
    assertEquals(contributions.indexOf(Math.min(...contributions)), feature);
  }
});

Deno.test("createExplainer() refuses NaN and wrong lengths", () => {
  const random = randomNumbers(10);
  const explainer = createExplainer(
    randomForest(random, {
      nFeatures: 2,
      nEstimators: 3,
      leaves: 9,
      shapes: ["ragged"],
      thresholds: ["uniform"],
    }),
  );
  assertThrows(() => explainer.explain(Float32Array.of(1, NaN)), RangeError, "column 1");
  assertThrows(() => explainer.explain(Float32Array.of(1)), RangeError, "2 values");
  assertEquals(explainer.explain(Float32Array.of(Infinity, -Infinity)).contributions.length, 2);
});

/** Expected path length given the values of some features: the training rows' shares decide at the others' splits. */
function conditionalPathLength(
  forest: Forest,
  expected: Float64Array,
  row: Float32Array,
  known: number,
): number {
  const { feature, threshold, left, right, nSamples } = forest;
  const below = (node: number): number => {
    if (feature[node] < 0) return expected[node];
    const [l, r] = [left[node], right[node]];
    if (known >> feature[node] & 1) return below(row[feature[node]] <= threshold[node] ? l : r);
    return (nSamples[l] * below(l) + nSamples[r] * below(r)) / nSamples[node];
  };
  const roots = forest.treeStart.subarray(0, -1);
  return roots.reduce((sum, root) => sum + below(root), 0) / roots.length;
}

/** Exact Shapley values of that game, by all subsets: what TreeSHAP (Lundberg et al. 2020, path-dependent) computes. */
function shapleyValues(forest: Forest, expected: Float64Array, row: Float32Array): Float64Array {
  const { nFeatures } = forest;
  const subsets = 1 << nFeatures;
  const game = Float64Array.from(
    { length: subsets },
    (_, known) => conditionalPathLength(forest, expected, row, known),
  );
  const factorial = (n: number): number => n < 2 ? 1 : n * factorial(n - 1);
  const size = (known: number): number => known === 0 ? 0 : (known & 1) + size(known >> 1);
  return new Float64Array(nFeatures).map((_, feature) => {
    let value = 0;
    for (let known = 0; known < subsets; known++) {
      if (known >> feature & 1) continue;
      const others = size(known);
      const weight = factorial(others) * factorial(nFeatures - others - 1) / factorial(nFeatures);
      value += weight * (game[known | 1 << feature] - game[known]);
    }
    return value;
  });
}

/** Spearman's rank correlation of two lists without ties. */
function rankCorrelation(one: Float64Array, other: Float64Array): number {
  const ranks = (list: Float64Array) => Array.from(list, (x) => list.filter((y) => y < x).length);
  const [a, b] = [ranks(one), ranks(other)];
  const n = a.length;
  return 1 - 6 * a.reduce((sum, rank, i) => sum + (rank - b[i]) ** 2, 0) / (n * (n * n - 1));
}

Deno.test("createExplainer() ranks features as TreeSHAP does on small forests", () => {
  const random = randomNumbers(12);
  let [rows, sameTop, correlation] = [0, 0, 0];
  for (let seed = 0; seed < 12; seed++) {
    const nFeatures = 3 + seed % 4;
    const sample = new Float32Array(600 * nFeatures).map(() => random() + random() * random() * 3);
    const forest = trainForest({ rows: sample, nFeatures }, {
      nEstimators: 20,
      maxSamples: 64,
      randomSeed: seed,
    });
    const expected = expectedPathLengths(forest);
    const explainer = createExplainer(forest);
    for (let i = 0; i < 10; i++) {
      const row = sample.slice(i * nFeatures, (i + 1) * nFeatures);
      if (i % 2 === 0) row[i % nFeatures] += 3; // an anomaly, as a row that is explained is one
      const { contributions, pathLength, baseline } = explainer.explain(row);
      const shapley = shapleyValues(forest, expected, row);
      assertAlmostEquals(shapley.reduce((a, b) => a + b, 0), pathLength - baseline, 1e-9);
      const topOf = (list: Float64Array) => list.indexOf(Math.min(...list));
      rows++;
      if (topOf(contributions) === topOf(shapley)) sameTop++;
      correlation += rankCorrelation(contributions, shapley);
    }
  }
  const meanCorrelation = correlation / rows;
  console.log(
    `agreement with TreeSHAP over ${rows} rows: same strongest reason ${
      (100 * sameTop / rows).toFixed(1)
    }%, ` +
      `mean rank correlation ${meanCorrelation.toFixed(3)}`,
  );
  assert(sameTop / rows >= 0.8, `the strongest reason must agree in 80%: current value is ${sameTop / rows}`);
  assert(
    meanCorrelation >= 0.8,
    `the rank correlation must be at least 0.8: current value is ${meanCorrelation}`,
  );
});
