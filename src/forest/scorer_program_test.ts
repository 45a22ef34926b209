import { assert, assertEquals } from "../testing/assert.ts";
import type { Forest } from "./forest.ts";
import { roundDown } from "./rank.ts";
import { randomForest, randomNumbers, randomRows, THRESHOLD_KINDS, TREE_SHAPES } from "./scorer_cases.ts";
import { leafPathLengths } from "./scorer_nodes.ts";
import { compileTree, type TreeProgram } from "./scorer_program.ts";

/** Runs a program on one row by its definition. */
function run(program: TreeProgram, forest: Forest, lengths: Float64Array, row: Float32Array): number {
  const slots = new Float64Array(program.slots).fill(NaN);
  const valueOf = (operand: number) => operand < 0 ? lengths[-1 - operand] : slots[operand];
  program.nodes.forEach((node, i) => {
    const goesLeft = row[forest.feature[node]] <= roundDown(forest.threshold[node]);
    slots[program.slot[i]] = valueOf(goesLeft ? program.left[i] : program.right[i]);
  });
  return valueOf(program.result);
}

function walk(forest: Forest, tree: number, lengths: Float64Array, row: Float32Array): number {
  let node = forest.treeStart[tree];
  while (forest.feature[node] >= 0) {
    const goesLeft = row[forest.feature[node]] <= forest.threshold[node];
    node = goesLeft ? forest.left[node] : forest.right[node];
  }
  return lengths[node];
}

Deno.test("compileTree() ends in the path length of the row's leaf, with few slots", () => {
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
    const leaves = (forest.feature.length + 1) / 2;
    assert(program.slots <= Math.log2(leaves) + 1, `${program.slots} slots for ${leaves} leaves`);
    const rows = randomRows(random, forest, 8);
    for (let row = 0; row < 8; row++) {
      const values = rows.subarray(row * forest.nFeatures, (row + 1) * forest.nFeatures);
      assertEquals(run(program, forest, lengths, values), walk(forest, 0, lengths, values));
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
  const { nodes, slots } = compileTree(forest, 0, leafPathLengths(forest));
  assertEquals({ nodes, slots }, { nodes: [0], slots: 1 });
});
