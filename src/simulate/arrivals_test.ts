import { assert, assertAlmostEquals } from "../testing/assert.ts";
import { Arrivals } from "./arrivals.ts";
import { RandomStream } from "./random.ts";

const DAY_MS = 86_400_000;

function times(startMs: number, perDay: number, untilDays: number): number[] {
  const arrivals = new Arrivals(new RandomStream(1, 0), startMs, perDay);
  const taken: number[] = [];
  for (let t = arrivals.next(); t < startMs + untilDays * DAY_MS; t = arrivals.next()) taken.push(t);
  return taken;
}

for (const startMs of [0, Date.UTC(2026, 0, 1, 15, 59, 59, 999), -5 * DAY_MS - 1]) {
  Deno.test(`Arrivals come in order, at the asked rate, from ${startMs} on`, () => {
    const taken = times(startMs, 2_000, 50);
    assert(taken.every((t, i) => t >= (taken[i - 1] ?? startMs)));
    assertAlmostEquals(taken.length / 50, 2_000, 40);
  });
}

Deno.test("Arrivals are normal around noon: two thirds within 20,000 s of it, few at night", () => {
  const ofDay = times(0, 5_000, 40).map((t) => t % DAY_MS - DAY_MS / 2);
  const mean = ofDay.reduce((a, b) => a + b) / ofDay.length;
  assertAlmostEquals(mean, 0, 300_000);
  const share = (within: number) => ofDay.filter((t) => Math.abs(t) < within).length / ofDay.length;
  // A normal of sd 20,000 s, cut 43,200 s from its middle: 0.683 / 0.969.
  assertAlmostEquals(share(20_000_000), 0.704, 0.01);
  assert(share(12 * 3_600_000 - 3 * 3_600_000) > 0.88);
});

Deno.test("Arrivals counted by day vary as a Poisson number does", () => {
  const counts = new Float64Array(400);
  for (const t of times(0, 30, 400)) counts[Math.floor(t / DAY_MS)]++;
  const mean = counts.reduce((a, b) => a + b) / counts.length;
  const variance = counts.reduce((a, b) => a + (b - mean) ** 2, 0) / counts.length;
  assertAlmostEquals(variance / mean, 1, 0.25);
});
