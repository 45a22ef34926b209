import { assert, assertAlmostEquals, assertEquals, assertThrows } from "../testing/assert.ts";
import { Random } from "./random.ts";
import { flagThreshold } from "./threshold.ts";
import golden from "./testdata/threshold.json" with { type: "json" };

Deno.test("flagThreshold() is minus NumPy's percentile of the negated scores, to the last bit", () => {
  for (const { scores, contamination, offset } of golden) {
    assertEquals(flagThreshold(Float64Array.from(scores), { contamination }), -offset);
  }
});

Deno.test("flagThreshold() flags the share of distinct scores that was asked for, and never a row more", () => {
  const random = new Random(2);
  const scores = Float64Array.from({ length: 10_000 }, () => random.float());
  for (const contamination of [0.0001, 0.001, 0.01, 0.1, 0.37, 0.5]) {
    const threshold = flagThreshold(scores, { contamination });
    const flagged = scores.filter((score) => score > threshold).length;
    assert(Math.abs(flagged - contamination * 10_000) <= 1, `${flagged} flagged for ${contamination}`);
  }
});

Deno.test("flagThreshold() flags no row of equal scores and takes a single one", () => {
  assertEquals(flagThreshold(new Float64Array(50).fill(0.45), { contamination: 0.1 }), 0.45);
  assertEquals(flagThreshold(Float64Array.of(0.7), { contamination: 0.5 }), 0.7);
});

Deno.test("flagThreshold() turns alerts per day into a share of all rows, of which the scores may be a sample", () => {
  const scores = Float64Array.from({ length: 1001 }, (_, i) => i / 1001);
  const budget = { alertsPerDay: 10, coveredDays: 2.5 };
  assertAlmostEquals(flagThreshold(scores, budget), 976 / 1001, 1e-3);
  assertEquals(
    flagThreshold(scores, { ...budget, rows: 2500 }),
    flagThreshold(scores, { contamination: 0.01 }),
  );
});

Deno.test("flagThreshold() leaves the scores as they are", () => {
  const scores = Float64Array.of(0.5, 0.4, 0.6);
  flagThreshold(scores, { contamination: 0.3 });
  assertEquals(scores, Float64Array.of(0.5, 0.4, 0.6));
});

Deno.test("flagThreshold() refuses what is no budget", () => {
  const scores = Float64Array.of(0.5, 0.6);
  const cases: [Float64Array, object, string][] = [
    [new Float64Array(0), { contamination: 0.1 }, "0 scores"],
    [scores, {}, "contamination or alertsPerDay must be given"],
    [scores, { contamination: 0.1, alertsPerDay: 1 }, "not both"],
    [scores, { contamination: 0 }, "above 0 and at most 0.5: current value is 0"],
    [scores, { contamination: 0.51 }, "current value is 0.51"],
    [scores, { contamination: NaN }, "current value is NaN"],
    [scores, { alertsPerDay: 0, coveredDays: 1 }, "alertsPerDay must be above 0"],
    [scores, { alertsPerDay: 1 }, "must span some time: current value is undefined days"],
    [scores, { alertsPerDay: 1, coveredDays: 0 }, "must span some time"],
    [scores, { alertsPerDay: 2, coveredDays: 1 }, "below the 2 rows a day: current value is 2"],
  ];
  for (const [values, budget, message] of cases) {
    assertThrows(() => flagThreshold(values, budget), RangeError, message);
  }
});
