import { assertThrows } from "../testing/assert.ts";
import { checkForest } from "./check.ts";
import type { Forest } from "./forest.ts";
import { randomForest, randomNumbers, THRESHOLD_KINDS, TREE_SHAPES } from "./scorer/testing/cases.ts";

/** Two trees: three nodes with two leaves, then five nodes with three leaves. */
function twoTrees(): Forest {
  return {
    nFeatures: 2,
    maxSamples: 4,
    treeStart: Int32Array.of(0, 3, 8),
    feature: Int32Array.of(0, -1, -1, 1, -1, 0, -1, -1),
    threshold: Float64Array.of(0.5, 0, 0, -1, 0, 2, 0, 0),
    left: Int32Array.of(1, -1, -1, 4, -1, 6, -1, -1),
    right: Int32Array.of(2, -1, -1, 5, -1, 7, -1, -1),
    nSamples: Int32Array.of(4, 1, 3, 4, 2, 2, 1, 1),
  };
}

Deno.test("checkForest() accepts forests of every shape", () => {
  checkForest(twoTrees());
  const random = randomNumbers(11);
  for (let i = 0; i < 200; i++) {
    checkForest(randomForest(random, {
      nFeatures: 1 + i % 5,
      nEstimators: 1 + i % 4,
      leaves: 1 + i % 30,
      shapes: TREE_SHAPES,
      thresholds: THRESHOLD_KINDS,
    }));
  }
});

Deno.test("checkForest() walks a chain of 200,000 nodes without recursion", () => {
  checkForest(randomForest(randomNumbers(1), {
    nFeatures: 1,
    nEstimators: 1,
    leaves: 100_000,
    shapes: ["left chain"],
    thresholds: ["uniform"],
  }));
});

const broken: [string, (forest: Forest) => void, string][] = [
  [
    "no columns",
    (forest) => forest.nFeatures = 0,
    "nFeatures must be an integer of at least 1: current value is 0",
  ],
  ["half a column", (forest) => forest.nFeatures = 1.5, "nFeatures"],
  ["no samples a tree", (forest) => forest.maxSamples = 0, "maxSamples"],
  ["samples that are NaN", (forest) => forest.maxSamples = NaN, "maxSamples"],
  [
    "an array of another kind",
    (forest) => forest.left = Float64Array.of(1) as never,
    "left must be an Int32Array",
  ],
  ["an absent array", (forest) => forest.nSamples = undefined as never, "nSamples must be an Int32Array"],
  ["a short array", (forest) => forest.threshold = forest.threshold.slice(1), "threshold must have 8 nodes"],
  ["a long array", (forest) => forest.right = Int32Array.of(...forest.right, -1), "right must have 8 nodes"],
  ["no tree", (forest) => forest.treeStart = Int32Array.of(0), "at least one tree"],
  ["no start", (forest) => forest.treeStart = new Int32Array(0), "at least one tree"],
  ["a late start", (forest) => forest.treeStart[0] = 1, "tree 0 must start at node 0"],
  [
    "an empty tree",
    (forest) => forest.treeStart = Int32Array.of(0, 3, 3, 8),
    "tree 1 must have at least one node",
  ],
  [
    "trees that run back",
    (forest) => forest.treeStart = Int32Array.of(0, 9, 8),
    "tree 1 must have at least one node",
  ],
  ["an early end", (forest) => forest.treeStart[2] = 7, "must end at node 8"],
  ["a late end", (forest) => forest.treeStart[2] = 9, "must end at node 8"],
  [
    "a circle to itself",
    (forest) => forest.left[3] = 3,
    "tree 1, node 3 must have a left child between 4 and 7",
  ],
  [
    "a circle to the root",
    (forest) => forest.right[5] = 3,
    "tree 1, node 5 must have a right child between 6 and 7",
  ],
  ["a child in the next tree", (forest) => forest.right[0] = 4, "tree 0, node 0 must have a right child"],
  ["a child in the tree before", (forest) => forest.left[3] = 1, "tree 1, node 3 must have a left child"],
  ["a child after the end", (forest) => forest.right[5] = 8, "tree 1, node 5 must have a right child"],
  ["an inner node without children", (forest) => forest.left[0] = -1, "current value is -1"],
  [
    "a child twice",
    (forest) => forest.right[5] = 6,
    "tree 1, node 5 must have a right child without another parent",
  ],
  ["a child of two nodes", (forest) => forest.left[3] = 6, "tree 1, node 4 must have a parent"],
  ["a node without a parent", (forest) => {
    forest.feature[5] = forest.left[5] = forest.right[5] = -1;
  }, "tree 1, node 6 must have a parent"],
  ["a leaf with a left child", (forest) => forest.left[4] = 5, "tree 1, node 4 must have left child -1"],
  ["a leaf with a right child", (forest) => forest.right[4] = 5, "tree 1, node 4 must have right child -1"],
  [
    "a column too far",
    (forest) => forest.feature[3] = 2,
    "tree 1, node 3 must split on a feature between 0 and 1",
  ],
  ["a column of -2", (forest) => forest.feature[0] = -2, "tree 0, node 0 must split on a feature"],
  [
    "a threshold that is NaN",
    (forest) => forest.threshold[5] = NaN,
    "tree 1, node 5 must have a finite threshold",
  ],
  ["an infinite threshold", (forest) => forest.threshold[0] = -Infinity, "current value is -Infinity"],
  [
    "a leaf without samples",
    (forest) => forest.nSamples[1] = 0,
    "nSamples of at least 1: current value is 0",
  ],
  [
    "negative samples",
    (forest) => forest.nSamples[0] = -4,
    "tree 0, node 0 must have nSamples of at least 1",
  ],
  [
    "samples that appear on the way",
    (forest) => forest.nSamples[3] = 3,
    "children's sum of 4: current value is 3",
  ],
];

for (const [name, breakIt, message] of broken) {
  Deno.test(`checkForest() refuses ${name}`, () => {
    const forest = twoTrees();
    breakIt(forest);
    assertThrows(() => checkForest(forest), RangeError, message);
  });
}

Deno.test("checkForest() refuses or accepts any change of one number, and never runs in a circle", () => {
  const random = randomNumbers(5);
  for (let i = 0; i < 5000; i++) {
    const forest = twoTrees();
    const arrays = [forest.treeStart, forest.feature, forest.left, forest.right, forest.nSamples];
    const array = arrays[Math.floor(random() * arrays.length)];
    array[Math.floor(random() * array.length)] = Math.floor(random() * 14) - 3;
    let refusal: unknown;
    try {
      checkForest(forest);
    } catch (error) {
      refusal = error;
    }
    if (refusal) {
      assertThrows(
        () => {
          throw refusal;
        },
        RangeError,
        "Cannot use the forest as",
      );
    } else if (countReached(forest) !== forest.feature.length) throw new Error(`case ${i} must be refused`);
  }
});

/** Nodes that walks from the roots reach, each counted as often as it is reached, and no more than 100. */
function countReached(forest: Forest): number {
  const open = [...forest.treeStart.subarray(0, -1)];
  let reached = 0;
  while (open.length > 0 && reached < 100) {
    const node = open.pop()!;
    reached++;
    if (forest.feature[node] >= 0) open.push(forest.left[node], forest.right[node]);
  }
  return reached;
}
