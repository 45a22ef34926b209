import { assert, assertEquals } from "../../testing/assert.ts";
import { randomForest, randomNumbers, THRESHOLD_KINDS, TREE_SHAPES } from "./testing/cases.ts";
import type { Forest } from "../forest.ts";
import { leafPathLengths } from "./nodes.ts";
import { type BlockPlan, planBlocks } from "./plan.ts";
import { compileTree } from "./program.ts";
import { trainForest } from "../../training/train.ts";

const BLOCK_ROWS = 128;

function planOf(forest: Forest): BlockPlan {
  const lengths = leafPathLengths(forest);
  const programs = Array.from(
    { length: forest.treeStart.length - 1 },
    (_, tree) => compileTree(forest, tree, lengths),
  );
  return planBlocks(forest, programs, BLOCK_ROWS);
}

function assertKeepsLimits(plan: BlockPlan, trees: number): void {
  let next = 0;
  for (const { tables, segments } of plan.sections) {
    for (const { size } of tables.values()) assert(size <= 65_535, `${size} thresholds`);
    for (const { first, last, programs } of segments) {
      assertEquals(first, next, "segments must hold all trees in order");
      next = last;
      if (!programs) continue;
      assertEquals(programs.length, last - first);
      for (const { lengths } of programs) assert(lengths.length <= 65_536, `${lengths.length} leaves`);
    }
  }
  assertEquals(next, trees);
}

Deno.test("planBlocks() puts the trees that training makes into blocks", () => {
  const random = randomNumbers(32);
  for (const nFeatures of [2, 6, 30]) {
    for (const maxSamples of [256, 1024]) {
      const rows = new Float32Array(3000 * nFeatures).map(() => random() + random());
      const forest = trainForest({ rows, nFeatures }, { randomSeed: 1, maxSamples });
      const plan = planOf(forest);
      assertKeepsLimits(plan, 100);
      const inBlocks = plan.sections.flatMap((section) => section.segments)
        .reduce((sum, { first, last, programs }) => sum + (programs ? last - first : 0), 0);
      assertEquals(inBlocks, 100, `${nFeatures} features`);
      assert(plan.leastRows > 1 && plan.leastRows < BLOCK_ROWS, `${plan.leastRows} rows`);
    }
  }
});

Deno.test("planBlocks() makes a new section where thresholds become too many", () => {
  const plan = planOf(randomForest(randomNumbers(31), {
    nFeatures: 1,
    nEstimators: 300,
    leaves: 400,
    shapes: ["ragged"],
    thresholds: ["uniform"],
  }));
  assertKeepsLimits(plan, 300);
  assert(plan.sections.length > 2, `${plan.sections.length} sections`);
});

Deno.test("planBlocks() keeps its limits on forests of all shapes", () => {
  const random = randomNumbers(33);
  for (let i = 0; i < 100; i++) {
    const nEstimators = 1 + i % 50;
    const plan = planOf(randomForest(randomNumbers(31), {
      nFeatures: 1 + i % 7,
      nEstimators,
      leaves: 1 + Math.floor(random() * 300),
      shapes: TREE_SHAPES,
      thresholds: THRESHOLD_KINDS,
      samplesPerLeaf: 1 + i * 10,
    }));
    if (plan.sections.length > 0) assertKeepsLimits(plan, nEstimators);
  }
});

Deno.test("planBlocks() leaves few small trees of many columns to the walk", () => {
  const wide = planOf(randomForest(randomNumbers(31), {
    nFeatures: 1000,
    nEstimators: 9,
    leaves: 256,
    shapes: ["halving"],
    thresholds: ["uniform"],
  }));
  assertEquals(wide.sections, []);
});

Deno.test("planBlocks() leaves trees of too many leaves to the walk", () => {
  const random = randomNumbers(34);
  const forest = randomForest(random, {
    nFeatures: 1,
    nEstimators: 2,
    leaves: 70_000,
    shapes: ["left chain", "right chain"],
    thresholds: ["uniform"],
  });
  assertEquals(planOf(forest).sections, []);
});
