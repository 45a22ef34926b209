import { assertAlmostEquals, assertEquals } from "../testing/assert.ts";
import { applyTransforms, fitTransforms } from "./transform.ts";

Deno.test("fitTransforms() takes floor and ceiling from the 90th and 99.5th percentile of high features", () => {
  const rows = Float32Array.from({ length: 2002 }, (_, i) => i % 2 === 0 ? i / 2 : 7);
  const [high, both] = fitTransforms(rows, 1001, [{ side: "high" }, { side: "both" }]);
  assertEquals(both, undefined);
  assertAlmostEquals(high!.floor, 900, 1e-9);
  assertAlmostEquals(high!.ceiling, 995, 1e-9);
});

Deno.test("fitTransforms() scales a flat tail by its largest value, a constant feature by one", () => {
  const rare = Float32Array.from({ length: 1000 }, (_, i) => i === 500 ? 8 : 0);
  assertEquals(fitTransforms(rare, 1000, [{ side: "high" }])[0], { kind: "one-sided", floor: 0, ceiling: 8 });
  assertEquals(fitTransforms(Float32Array.of(3, 3), 2, [{ side: "high" }])[0], {
    kind: "one-sided",
    floor: 3,
    ceiling: 4,
  });
  assertEquals(fitTransforms(Float32Array.of(5), 1, [{ side: "high" }])[0], {
    kind: "one-sided",
    floor: 5,
    ceiling: 6,
  });
});

Deno.test("fitTransforms() leaves a range of the feature's own as it is", () => {
  const range = { floor: 1, ceiling: 1.125 };
  const [own, learned] = fitTransforms(Float32Array.of(5, 5, 9, 9), 2, [{ side: "high", range }, {
    side: "high",
  }]);
  assertEquals(own, { kind: "one-sided", ...range });
  assertAlmostEquals(learned!.floor, 8.6, 1e-6);
});

Deno.test("applyTransforms() clips to 0 and 4 and gives the same bits in place and row by row", () => {
  const transforms = [{ kind: "one-sided", floor: 1, ceiling: 4 } as const, undefined];
  const raw = Float32Array.of(-50, 1, 1, 2, 2.2, 3, 1e30, 4, Infinity, 5);
  const out = new Float32Array(raw.length);
  applyTransforms(raw, transforms, out);
  assertEquals([...out.filter((_, i) => i % 2 === 0)].map((value) => Math.round(value * 1000)), [
    0,
    0,
    400,
    4000,
    4000,
  ]);
  const rowByRow = raw.slice();
  for (let at = 0; at < raw.length; at += 2) {
    const row = rowByRow.subarray(at, at + 2);
    applyTransforms(row, transforms, row);
  }
  assertEquals(rowByRow, out);
});
