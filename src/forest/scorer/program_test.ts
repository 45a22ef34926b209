import { assert, assertEquals } from "../../testing/assert.ts";
import type { Forest } from "../forest.ts";
import { roundDown } from "./rank.ts";
import { randomForest, randomNumbers, randomRows, THRESHOLD_KINDS, TREE_SHAPES } from "./testing/cases.ts";
import { leafPathLengths } from "./nodes.ts";
import { compileTree, type TreeProgram } from "./program.ts";

/** Runs a program on one row by its definition. */
function run({ nodes, left, right, lengths }: TreeProgram, forest: Forest, row: Float32Array): number {
  const reached = new Set([nodes.length > 0 ? 0 : -1]);
  nodes.forEach((node, i) => {
    if (!reached.delete(i)) return;
    const goesLeft = row[forest.feature[node]] <= roundDown(forest.threshold[node]);
    reached.add(goesLeft ? left[i] : right[i]);
  });
  assertEquals(reached.size, 1, "a row must end in one leaf");
  return lengths[-1 - [...reached][0]];
}

function walk(forest: Forest, tree: number, lengths: Float64Array, row: Float32Array): number {
  let node = forest.treeStart[tree];
  while (forest.feature[node] >= 0) {
    const goesLeft = row[forest.feature[node]] <= forest.threshold[node];
    node = goesLeft ? forest.left[node] : forest.right[node];
  }
  return lengths[node];
}

Deno.test("compileTree() ends in the path length of the row's leaf, parents before their children", () => {
  const random = randomNumbers(21);
  for (let i = 0; i < 600; i++) {
    const forest = randomForest(random, {
      nFeatures: 1 + i % 4,
      nEstimators: 1,
      leaves: 1 + i % 90,
      shapes: [TREE_SHAPES[i % TREE_SHAPES.length]],
      thresholds: THRESHOLD_KINDS,
      samplesPerLeaf: 1 + i % 3,
    });
    const lengths = leafPathLengths(forest);
    const program = compileTree(forest, 0, lengths);
    assertEquals(program.lengths.length, program.nodes.length + 1);
    program.nodes.forEach((_, place) => {
      for (const child of [program.left[place], program.right[place]]) {
        assert(child < 0 || child > place, `node ${place}: child ${child}`);
      }
    });
    const rows = randomRows(random, forest, 8);
    for (let row = 0; row < 8; row++) {
      const values = rows.subarray(row * forest.nFeatures, (row + 1) * forest.nFeatures);
      assertEquals(run(program, forest, values), walk(forest, 0, lengths, values));
    }
  }
});

Deno.test("compileTree() leaves out nodes that cannot change the path length", () => {
  // A root and a left child with two leaves of one sample each: the lower split does not matter.
  const forest: Forest = {
    nFeatures: 1,
    maxSamples: 3,
    treeStart: Int32Array.of(0, 5),
    feature: Int32Array.of(0, 0, -1, -1, -1),
    threshold: Float64Array.of(2, 1, 0, 0, 0),
    left: Int32Array.of(1, 3, -1, -1, -1),
    right: Int32Array.of(2, 4, -1, -1, -1),
    nSamples: Int32Array.of(3, 2, 1, 1, 1),
  };
  assertEquals(compileTree(forest, 0, leafPathLengths(forest)), {
    nodes: [0],
    left: [-1],
    right: [-2],
    lengths: [2, 1],
  });
});
