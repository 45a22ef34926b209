import { assert, assertEquals } from "../testing/assert.ts";
import {
  type ForestCase,
  randomForest,
  randomNumbers,
  THRESHOLD_KINDS,
  TREE_SHAPES,
} from "./scorer_cases.ts";
import { leafPathLengths } from "./scorer_nodes.ts";
import { type BlockPlan, planBlocks } from "./scorer_plan.ts";
import { trainForest } from "./train.ts";

function planOf(wanted: ForestCase): BlockPlan {
  const forest = randomForest(randomNumbers(31), wanted);
  return planBlocks(forest, leafPathLengths(forest), 64);
}

function assertKeepsLimits(plan: BlockPlan, trees: number): void {
  let next = 0;
  for (const { tables, segments } of plan.sections) {
    for (const { thresholds } of tables.values()) assert(thresholds.length <= 65_535);
    for (const { first, last, group } of segments) {
      assertEquals(first, next, "segments must hold all trees in order");
      next = last;
      if (!group) continue;
      assertEquals(group.programs.length, last - first);
      assert(group.lengths.length <= 256, `${group.lengths.length} path lengths`);
      for (const ranks of group.ranks.values()) {
        for (let rank = 1; rank < ranks.length; rank++) {
          const step = ((ranks[rank] ^ 128) - (ranks[rank - 1] ^ 128)) & 255;
          assert(
            step <= 1 && (ranks[rank] ^ 128) >= (ranks[rank - 1] ^ 128),
            "ranks must rise by one at most",
          );
        }
      }
    }
  }
  assertEquals(next, trees);
}

Deno.test("planBlocks() puts the trees that training makes into blocks", () => {
  const random = randomNumbers(32);
  for (const nFeatures of [2, 6, 30]) {
    const rows = new Float32Array(3000 * nFeatures).map(() => random() + random());
    const forest = trainForest({ rows, nFeatures }, { randomSeed: 1 });
    const plan = planBlocks(forest, leafPathLengths(forest), 64);
    assertKeepsLimits(plan, 100);
    const inGroups = plan.sections.flatMap((section) => section.segments)
      .reduce((sum, { first, last, group }) => sum + (group ? last - first : 0), 0);
    assert(inGroups >= 95, `${nFeatures} features: ${inGroups} of 100 trees`);
    assert(plan.leastRows > 1 && plan.leastRows < 64, `${plan.leastRows} rows`);
  }
});

Deno.test("planBlocks() makes new groups and sections where thresholds become too many", () => {
  const plan = planOf({
    nFeatures: 1,
    nEstimators: 300,
    leaves: 40,
    shapes: ["ragged"],
    thresholds: ["uniform"],
  });
  assertKeepsLimits(plan, 300);
  assert(plan.sections.length > 1, `${plan.sections.length} sections`);
  assert(plan.sections[0].segments.length > 10, `${plan.sections[0].segments.length} groups`);
});

Deno.test("planBlocks() keeps its limits on forests of all shapes", () => {
  const random = randomNumbers(33);
  for (let i = 0; i < 100; i++) {
    const nEstimators = 1 + i % 50;
    const plan = planOf({
      nFeatures: 1 + i % 7,
      nEstimators,
      leaves: 1 + Math.floor(random() * 300),
      shapes: TREE_SHAPES,
      thresholds: THRESHOLD_KINDS,
      samplesPerLeaf: 1 + i * 10,
    });
    if (plan.sections.length > 0) assertKeepsLimits(plan, nEstimators);
  }
});

Deno.test("planBlocks() leaves large trees and many columns to the walk", () => {
  const large = planOf({
    nFeatures: 1,
    nEstimators: 3,
    leaves: 600,
    shapes: ["halving"],
    thresholds: ["uniform"],
  });
  assertEquals(large.sections, []);
  const wide = planOf({
    nFeatures: 1000,
    nEstimators: 9,
    leaves: 256,
    shapes: ["halving"],
    thresholds: ["uniform"],
  });
  assertEquals(wide.sections, []);
});
