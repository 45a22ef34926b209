import { assertAlmostEquals, assertEquals } from "../../testing/assert.ts";
import { averagePathLength, type Forest } from "../forest.ts";
import { referencePathLength, referenceScore } from "./reference.ts";

/** One tree: x0 <= 0.1 → leaf of 1; else x1 <= -2 → leaf of 2, else leaf of 5. */
const forest: Forest = {
  nFeatures: 2,
  maxSamples: 8,
  treeStart: Int32Array.of(0, 5),
  feature: Int32Array.of(0, -1, 1, -1, -1),
  threshold: Float64Array.of(0.1, 0, -2, 0, 0),
  left: Int32Array.of(1, -1, 3, -1, -1),
  right: Int32Array.of(2, -1, 4, -1, -1),
  nSamples: Int32Array.of(8, 1, 7, 2, 5),
};

Deno.test("referenceScore() follows Liu, Ting & Zhou 2008", () => {
  const expected = [1, 3, 2 + averagePathLength(5)].map((length) => 2 ** -(length / averagePathLength(8)));
  const rows = Float32Array.of(0, 0, 1, -2, 1, 0);
  assertEquals(Array.from(referenceScore(forest, rows)), expected);
  assertAlmostEquals(referencePathLength(forest, rows.subarray(4)), 2 + averagePathLength(5));
});

Deno.test("referenceScore() compares float32 values with float64 thresholds, and equal ones go left", () => {
  // 0.1 as float32 is above 0.1 as float64, so it goes right; the float32 below it goes left.
  const above = Math.fround(0.1);
  const below = 0.09999999403953552;
  assertEquals(Math.fround(below), below);
  const lengths = [below, above, Infinity, -Infinity].map((x) =>
    referencePathLength(forest, Float32Array.of(x, -2))
  );
  assertEquals(lengths, [1, 3, 3, 1]);
});

Deno.test("referenceScore() is 0.5 where maxSamples is 1, and its mean over equal trees is that of one", () => {
  const root: Forest = {
    nFeatures: 1,
    maxSamples: 1,
    treeStart: Int32Array.of(0, 1, 2),
    feature: Int32Array.of(-1, -1),
    threshold: new Float64Array(2),
    left: Int32Array.of(-1, -1),
    right: Int32Array.of(-1, -1),
    nSamples: Int32Array.of(1, 1),
  };
  assertEquals(referenceScore(root, Float32Array.of(7)), Float64Array.of(0.5));
  assertEquals(referenceScore({ ...root, maxSamples: 2 }, Float32Array.of(7)), Float64Array.of(1));
});

Deno.test("referenceScore() writes to the array it is given", () => {
  const out = new Float64Array(3).fill(-1);
  assertEquals(referenceScore(forest, Float32Array.of(0, 0), out), out);
  assertEquals(out[1], -1);
});
