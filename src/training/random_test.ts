import { assert, assertEquals, assertThrows } from "../testing/assert.ts";
import { Random } from "./random.ts";

/** The published recurrence in 64-bit big integers, from a given state. */
function reference(state: bigint[], n: number): number[] {
  const mask = 0xffffffffn;
  const rotate = (x: bigint, k: bigint) => ((x << k) | (x >> (32n - k))) & mask;
  const out: number[] = [];
  for (let i = 0; i < n; i++) {
    out.push(Number((rotate((state[1] * 5n) & mask, 7n) * 9n) & mask));
    const t = (state[1] << 9n) & mask;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= t;
    state[3] = rotate(state[3], 11n);
  }
  return out;
}

/** The seeding rule of Random, written anew over big integers. */
function seededState(seed: bigint, stream: bigint): bigint[] {
  const mask = 0xffffffffn;
  const mix = (value: bigint) => {
    let h = value & mask;
    h = ((h ^ (h >> 16n)) * 0x85ebca6bn) & mask;
    h = ((h ^ (h >> 13n)) * 0xc2b2ae35n) & mask;
    return h ^ (h >> 16n);
  };
  const low = mix((seed & mask) + 0x9e3779b9n);
  let counter = mix(mix(low ^ (seed >> 32n)) ^ mix(stream + 0x7f4a7c15n));
  return Array.from({ length: 4 }, () => mix(counter = (counter + 0x9e3779b9n) & mask));
}

Deno.test("Random.int32() is xoshiro128** of the seeded state", () => {
  for (const [seed, stream] of [[0, 0], [1, 0], [0, 1], [42, 99], [2 ** 53 - 1, 2 ** 32 - 1], [2 ** 32, 7]]) {
    const random = new Random(seed, stream);
    const got = Array.from({ length: 200 }, () => random.int32() >>> 0);
    assertEquals(got, reference(seededState(BigInt(seed), BigInt(stream)), 200), `seed ${seed}/${stream}`);
  }
});

Deno.test("Random streams and seeds differ from one another", () => {
  const firsts = new Set<number>();
  for (let seed = 0; seed < 100; seed++) {
    for (let stream = 0; stream < 100; stream++) firsts.add(new Random(seed, stream).float());
  }
  assertEquals(firsts.size, 10_000);
  assert(new Random(1).float() !== new Random(1 + 2 ** 32).float());
});

Deno.test("Random.below() is uniform by the chi-squared test", () => {
  const random = new Random(3);
  const counts = new Float64Array(10);
  for (let i = 0; i < 100_000; i++) counts[random.below(10)]++;
  const chi2 = counts.reduce((sum, c) => sum + (c - 10_000) ** 2 / 10_000, 0);
  assert(chi2 < 27.9, `9 degrees of freedom, p = 0.001: ${chi2}`);
});

Deno.test("Random.float() lies in [0, 1) with mean 1/2", () => {
  const random = new Random(5);
  let sum = 0;
  for (let i = 0; i < 100_000; i++) {
    const x = random.float();
    assert(x >= 0 && x < 1);
    sum += x;
  }
  assert(Math.abs(sum / 100_000 - 0.5) < 0.005, `${sum}`);
});

Deno.test("Random refuses a seed that is not a whole number from 0", () => {
  for (const seed of [-1, 1.5, NaN, Infinity, 2 ** 53]) {
    assertThrows(() => new Random(seed), RangeError, `current value is ${seed}`);
  }
});
