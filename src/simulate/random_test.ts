import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "../testing/assert.ts";
import { entityUniform, RandomStream } from "./random.ts";

const N = 100_000;
const SEEDS = [0, 1, 42, 2 ** 31, 2 ** 32 - 1];

function moments(draw: () => number) {
  let [sum, squares] = [0, 0];
  for (let i = 0; i < N; i++) {
    const x = draw();
    sum += x;
    squares += x * x;
  }
  const mean = sum / N;
  return { mean, variance: squares / N - mean * mean };
}

Deno.test("RandomStream draws have the mean and variance of their distribution, for small and large seeds", () => {
  for (const seed of SEEDS) {
    const random = new RandomStream(seed, 0);
    const uniform = moments(() => random.uniform());
    assertAlmostEquals(uniform.mean, 1 / 2, 0.005);
    assertAlmostEquals(uniform.variance, 1 / 12, 0.002);
    const normal = moments(() => random.normal());
    assertAlmostEquals(normal.mean, 0, 0.02);
    assertAlmostEquals(normal.variance, 1, 0.02);
    const exponential = moments(() => random.exponential());
    assertAlmostEquals(exponential.mean, 1, 0.02);
    assertAlmostEquals(exponential.variance, 1, 0.05);
  }
});

Deno.test("RandomStream.exponential() has the exponential's tail", () => {
  const random = new RandomStream(3, 0);
  const draws = Array.from({ length: N }, () => random.exponential());
  for (const x of [0.1, 0.5, 1, 2, 4]) {
    assertAlmostEquals(draws.filter((draw) => draw > x).length / N, Math.exp(-x), 0.006);
  }
});

Deno.test("RandomStream.integer() reaches every value below its bound and no other", () => {
  const random = new RandomStream(5, 1);
  const seen = new Set(Array.from({ length: 10_000 }, () => random.integer(7)));
  assertEquals([...seen].sort(), [0, 1, 2, 3, 4, 5, 6]);
});

Deno.test("RandomStream is another one for each stream and seed, and the same for the same", () => {
  const take = (seed: number, stream: number) => {
    const random = new RandomStream(seed, stream);
    return Array.from({ length: 8 }, () => random.uniform());
  };
  assertEquals(take(9, 2), take(9, 2));
  assertNotEquals(take(9, 2), take(9, 1));
  assertNotEquals(take(9, 2), take(8, 2));
});

Deno.test("entityUniform() is spread evenly over entities and unrelated between attributes", () => {
  for (const seed of SEEDS) {
    let entity = 0;
    const { mean, variance } = moments(() => entityUniform(seed, 3, entity++));
    assertAlmostEquals(mean, 1 / 2, 0.005);
    assertAlmostEquals(variance, 1 / 12, 0.002);
    entity = 0;
    const product = moments(() =>
      (entityUniform(seed, 1, entity) - .5) * (entityUniform(seed, 2, entity++) - .5)
    );
    assert(Math.abs(product.mean) < 0.002, `attributes are correlated: ${product.mean}`);
  }
});
