import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertNotEquals,
  assertThrows,
} from "../testing/assert.ts";
import { averagePathLength, type Forest } from "../forest/forest.ts";
import { Random } from "./random.ts";
import { trainForest } from "./train.ts";

function uniformRows(n: number, nFeatures: number, seed = 1): Float32Array {
  const random = new Random(seed);
  return Float32Array.from({ length: n * nFeatures }, () => random.float());
}

/** Walks every node: calls back with its depth and the rows of `rows` that reach it. */
function walk(forest: Forest, visit: (tree: number, node: number, depth: number) => void): void {
  for (let t = 0; t + 1 < forest.treeStart.length; t++) {
    const stack = [[forest.treeStart[t], 0]];
    while (stack.length > 0) {
      const [node, depth] = stack.pop()!;
      visit(t, node, depth);
      if (forest.left[node] >= 0) stack.push([forest.left[node], depth + 1], [forest.right[node], depth + 1]);
    }
  }
}

Deno.test("trainForest() is the same for the same seed and another for another", () => {
  const rows = uniformRows(1000, 3);
  const grow = (randomSeed: number) => trainForest({ rows, nFeatures: 3 }, { nEstimators: 5, randomSeed });
  assertEquals(grow(1), grow(1));
  assertNotEquals(grow(1).threshold, grow(2).threshold);
});

Deno.test("trainForest() grows tree t from the seed and t alone", () => {
  const rows = uniformRows(1000, 3);
  const few = trainForest({ rows, nFeatures: 3 }, { nEstimators: 3 });
  const many = trainForest({ rows, nFeatures: 3 }, { nEstimators: 9 });
  assertEquals(many.threshold.slice(0, few.threshold.length), few.threshold);
  assertEquals(many.treeStart.slice(0, 4), few.treeStart);
});

Deno.test("trainForest() keeps the height limit, the sub-sample size and both children non-empty", () => {
  for (
    const [n, maxSamples] of [[1000, 256], [1000, 255], [1000, 257], [1000, 2], [1000, 1], [3, 256], [1, 256]]
  ) {
    const rows = uniformRows(n, 2, n);
    const forest = trainForest({ rows, nFeatures: 2 }, { nEstimators: 20, maxSamples, randomSeed: 3 });
    const used = Math.min(n, maxSamples);
    assertEquals(forest.maxSamples, used);
    const limit = Math.ceil(Math.log2(Math.max(used, 2)));
    walk(forest, (tree, node, depth) => {
      assert(depth <= limit, `tree ${tree} node ${node} at depth ${depth}`);
      const [left, right] = [forest.left[node], forest.right[node]];
      if (left < 0) {
        assertEquals([right, forest.feature[node], forest.threshold[node]], [-1, -1, 0]);
        assert(forest.nSamples[node] === 1 || depth === limit, "uniform rows are split until alone");
      } else {
        assert(left > node && right > left && right < forest.treeStart[tree + 1]);
        assert(forest.nSamples[left] >= 1 && forest.nSamples[right] >= 1);
        assertEquals(forest.nSamples[left] + forest.nSamples[right], forest.nSamples[node]);
      }
    });
    for (const root of forest.treeStart.slice(0, -1)) assertEquals(forest.nSamples[root], used);
  }
});

Deno.test("trainForest() counts in each node the rows that walk there", () => {
  const rows = uniformRows(64, 4, 8);
  const forest = trainForest({ rows, nFeatures: 4 }, { nEstimators: 10, maxSamples: 64 });
  const reached = new Int32Array(forest.feature.length);
  for (let i = 0; i < 64; i++) {
    for (const root of forest.treeStart.slice(0, -1)) {
      for (let node = root; node >= 0;) {
        reached[node]++;
        const feature = forest.feature[node];
        if (feature < 0) break;
        node = rows[i * 4 + feature] <= forest.threshold[node] ? forest.left[node] : forest.right[node];
      }
    }
  }
  assertEquals(reached, forest.nSamples);
});

Deno.test("trainForest() makes a leaf of equal rows and never splits on a constant feature", () => {
  const equal = trainForest({ rows: new Float32Array(300).fill(5), nFeatures: 3 }, { nEstimators: 4 });
  assertEquals(equal.treeStart, Int32Array.of(0, 1, 2, 3, 4));
  assertEquals(equal.nSamples, Int32Array.of(100, 100, 100, 100));
  const rows = uniformRows(400, 5);
  for (let i = 0; i < 400; i++) rows[5 * i + 1] = rows[5 * i + 3] = 7;
  // Feature 4 varies at the top and is constant in most subtrees.
  for (let i = 0; i < 400; i++) rows[5 * i + 4] = i === 0 ? 1 : 0;
  const forest = trainForest({ rows, nFeatures: 5 }, { nEstimators: 50, maxSamples: 400 });
  const splits = new Int32Array(5);
  for (const feature of forest.feature) if (feature >= 0) splits[feature]++;
  assertEquals([splits[1], splits[3]], [0, 0]);
  // Row 0 is parted from the others by feature 4 at most once a tree.
  assert(splits[4] > 0 && splits[4] <= 50, `${splits}`);
  assert(Math.min(splits[0], splits[2]) > 1000, `${splits}`);
});

Deno.test("trainForest() draws the features of the root uniformly and thresholds uniformly in the range", () => {
  const rows = uniformRows(256, 4);
  const forest = trainForest({ rows, nFeatures: 4 }, { nEstimators: 4000 });
  const roots = forest.treeStart.slice(0, -1);
  const counts = new Float64Array(4);
  let sum = 0;
  for (const root of roots) {
    counts[forest.feature[root]]++;
    sum += forest.threshold[root];
  }
  for (const count of counts) assert(Math.abs(count - 1000) < 110, `${counts}`);
  assert(Math.abs(sum / 4000 - 0.5) < 0.02, `${sum / 4000}`);
});

Deno.test("trainForest() draws each row for a tree equally often", () => {
  // Row i is the only one with value i, so the leaves of a tree without height limit would tell; the root's count of
  // rows on the left of a threshold tells enough: over many trees the mean value drawn is that of all rows.
  const n = 2000;
  const rows = Float32Array.from({ length: n }, (_, i) => i);
  const forest = trainForest({ rows, nFeatures: 1 }, { nEstimators: 3000, maxSamples: 2 });
  const seen = new Set<number>();
  let sum = 0;
  for (const root of forest.treeStart.slice(0, -1)) {
    assert(forest.feature[root] === 0, "two rows drawn without replacement differ");
    seen.add(Math.floor(forest.threshold[root] / 200));
    sum += forest.threshold[root];
  }
  assertEquals(seen.size, 10);
  assertAlmostEquals(sum / 3000, n / 2, 40);
});

Deno.test("trainForest() takes values at the ends of float32, denormals and zeros of both signs", () => {
  const ends = Float32Array.of(-3.4028234e38, 3.4028234e38, 1e-45, -1e-45, 0, -0, 1, 1.0000001);
  const forest = trainForest({ rows: ends, nFeatures: 1 }, { nEstimators: 500, maxSamples: 8 });
  assert(forest.threshold.every(Number.isFinite));
  walk(forest, (_, node) => {
    if (forest.left[node] >= 0) {
      assert(forest.nSamples[forest.left[node]] >= 1 && forest.nSamples[forest.right[node]] >= 1);
    }
  });
  assertEquals(trainForest({ rows: Float32Array.of(0, -0), nFeatures: 1 }).feature[0], -1);
});

Deno.test("trainForest() isolates an outlier on shorter paths", () => {
  const rows = uniformRows(501, 2);
  rows.set([8, 8], 1000);
  const forest = trainForest({ rows, nFeatures: 2 }, { randomSeed: 4 });
  const pathLength = (row: number): number => {
    let sum = 0;
    for (const root of forest.treeStart.slice(0, -1)) {
      let node = root;
      for (; forest.feature[node] >= 0; sum++) {
        const value = rows[2 * row + forest.feature[node]];
        node = value <= forest.threshold[node] ? forest.left[node] : forest.right[node];
      }
      sum += averagePathLength(forest.nSamples[node]);
    }
    return sum;
  };
  for (let row = 0; row < 500; row++) assert(pathLength(500) < pathLength(row));
});

Deno.test("trainForest() refuses bad samples and options by name", () => {
  const cases: [Float32Array, number, object, string][] = [
    [new Float32Array(0), 2, {}, "current value is 0"],
    [new Float32Array(5), 2, {}, "multiple of 2 values"],
    [new Float32Array(4), 0, {}, "nFeatures must be"],
    [Float32Array.of(1, 2, 3, NaN, 5, 6), 2, {}, "row 1 column 1 must be finite: current value is NaN"],
    [
      Float32Array.of(1, 2, 3, 4, -Infinity, 6),
      2,
      {},
      "row 2 column 0 must be finite: current value is -Infinity",
    ],
    [new Float32Array(4), 2, { nEstimators: 0 }, "nEstimators must be an integer from 1"],
    [new Float32Array(4), 2, { maxSamples: 2.5 }, "maxSamples must be an integer from 1"],
    [new Float32Array(4), 2, { randomSeed: -1 }, "randomSeed must be an integer from 0"],
  ];
  for (const [rows, nFeatures, options, message] of cases) {
    assertThrows(() => trainForest({ rows, nFeatures }, options), RangeError, message);
  }
});
