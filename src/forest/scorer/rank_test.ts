import { assert, assertEquals } from "../../testing/assert.ts";
import { createRankTable, rankOf, roundDown } from "./rank.ts";
import { randomNumbers } from "./testing/cases.ts";

const floats = new Float32Array(1);
const bits = new Uint32Array(floats.buffer);

function anyFloat(random: () => number): number {
  do bits[0] = Math.floor(random() * 2 ** 32); while (Number.isNaN(floats[0]));
  return floats[0];
}

Deno.test("roundDown() is the greatest float32 that is not above", () => {
  const cases: [number, number][] = [
    [0.5, 0.5],
    [0.1, 0.09999999403953552],
    [-0.1, -0.10000000149011612],
    [1e-60, 0],
    [-1e-60, -1.401298464324817e-45],
    [1e300, 3.4028234663852886e38],
    [-1e300, -Infinity],
    [-Infinity, -Infinity],
  ];
  for (const [value, expected] of cases) {
    assert(roundDown(value) === expected, `${value}: ${roundDown(value)}`);
  }
});

Deno.test("roundDown() keeps every comparison with a float32", () => {
  const random = randomNumbers(1);
  for (let i = 0; i < 20_000; i++) {
    const x = anyFloat(random);
    const near = x * (1 + (random() - 0.5) * 4e-8) + (random() - 0.5) * 1e-46;
    for (const threshold of [near, x, random() * 2 - 1]) {
      if (Number.isNaN(threshold)) continue;
      assertEquals(x <= roundDown(threshold), x <= threshold, `${x} <= ${threshold}`);
    }
  }
});

Deno.test("rankOf() counts the thresholds below, whatever their distances", () => {
  const random = randomNumbers(2);
  const kinds: (() => number)[] = [
    () => random(),
    () => Math.round(random() * 10),
    () => anyFloat(random),
    () => random() * 1e-44,
    () => (random() < 0.5 ? -3e38 : 3e38) * random(),
    () => random() < 0.9 ? 1 + random() * 1e-4 : random() * 1e6,
    () => -Infinity,
  ];
  for (let i = 0; i < 300; i++) {
    const kind = kinds[i % kinds.length];
    const values = new Set(Array.from({ length: 1 + Math.floor(random() * 600) }, () => Math.fround(kind())));
    values.delete(Infinity);
    if (values.size === 0) continue;
    const sorted = Float32Array.from(values).sort();
    const table = createRankTable(sorted);
    for (
      const x of [...sorted.subarray(0, 50), anyFloat(random), kind(), -Infinity, Infinity, 0, -0].map(
        Math.fround,
      )
    ) {
      assertEquals(rankOf(table, x), sorted.filter((threshold) => threshold < x).length, `${x}`);
    }
  }
});
