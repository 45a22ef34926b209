import { assert, assertEquals, assertThrows } from "../testing/assert.ts";
import { Random } from "./random.ts";
import { Reservoir } from "./reservoir.ts";

function draw(n: number, capacity: number, seed: number): number[] {
  const reservoir = new Reservoir(capacity, new Random(seed));
  const slots: number[] = [];
  while (reservoir.next < n) {
    const row = reservoir.next;
    slots[reservoir.take()] = row;
  }
  return slots;
}

Deno.test("Reservoir keeps every row of a stream no longer than it is", () => {
  assertEquals(draw(5, 8, 1), [0, 1, 2, 3, 4]);
  assertEquals(draw(8, 8, 1), [0, 1, 2, 3, 4, 5, 6, 7]);
  assertEquals(draw(0, 8, 1), []);
});

Deno.test("Reservoir draws without replacement, every row with the same probability", () => {
  const [n, capacity, repeats] = [40, 8, 20_000];
  const counts = new Float64Array(n);
  for (let seed = 0; seed < repeats; seed++) {
    const rows = draw(n, capacity, seed);
    assertEquals(new Set(rows).size, capacity);
    for (const row of rows) counts[row]++;
  }
  const p = capacity / n;
  for (const [row, count] of counts.entries()) {
    const deviation = (count - repeats * p) / Math.sqrt(repeats * p * (1 - p));
    assert(
      Math.abs(deviation) < 4.5,
      `row ${row} is drawn ${count} times: ${deviation} standard deviations off`,
    );
  }
});

Deno.test("Reservoir of one slot is uniform too", () => {
  const counts = new Float64Array(5);
  for (let seed = 0; seed < 20_000; seed++) counts[draw(5, 1, seed)[0]]++;
  for (const count of counts) assert(Math.abs(count - 4000) < 255, `${counts}`);
});

Deno.test("Reservoir skips: a long stream costs few draws", () => {
  const reservoir = new Reservoir(256, new Random(9));
  let taken = 0;
  while (reservoir.next < 1e9) {
    reservoir.take();
    taken++;
  }
  const expected = 256 * (1 + Math.log(1e9 / 256));
  assert(Math.abs(taken - expected) < 6 * Math.sqrt(expected), `${taken} rows taken, ${expected} expected`);
});

Deno.test("Reservoir refuses a capacity below one", () => {
  for (const capacity of [0, -1, 1.5, NaN]) {
    assertThrows(() => new Reservoir(capacity, new Random(0)), RangeError, `current value is ${capacity}`);
  }
});
