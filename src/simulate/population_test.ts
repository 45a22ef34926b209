import { assert, assertAlmostEquals, assertEquals } from "../testing/assert.ts";
import { Population } from "./population.ts";
import { RandomStream } from "./random.ts";

Deno.test("Population draws each customer as often as it pays", () => {
  const population = new Population(1, 20, 40);
  const random = new RandomStream(1, 1);
  const drawn = new Float64Array(20);
  const n = 100_000;
  for (let i = 0; i < n; i++) drawn[population.drawCustomer(random)]++;
  drawn.forEach((count, customer) =>
    assertAlmostEquals(count / n, population.perDay[customer] / population.totalPerDay, 0.005)
  );
});

Deno.test("Population lets a customer use terminals near it and eight online merchants, the same ones always", () => {
  const population = new Population(3, 1_000, 10_000);
  const random = new RandomStream(3, 1);
  for (const customer of [0, 17, 999]) {
    const [online, placed] = [new Set<number>(), new Set<number>()];
    const n = 20_000;
    let nOnline = 0;
    for (let i = 0; i < n; i++) {
      const terminal = population.drawTerminal(random, customer);
      assert(terminal >= 0 && terminal < 10_000);
      const isOnline = population.merchant(terminal).channel === "online";
      if (isOnline) nOnline++;
      (isOnline ? online : placed).add(terminal);
    }
    assert(online.size <= 8 && online.size > 0, `${online.size} online merchants`);
    assert(placed.size > 10 && placed.size < 130, `${placed.size} terminals within the radius`);
    assertAlmostEquals(nOnline / n, 0.25, 0.02);
  }
});

Deno.test("Population spreads purchases over the terminals within a radius evenly", () => {
  const population = new Population(5, 10, 3_000);
  const random = new RandomStream(5, 1);
  const counts = new Map<number, number>();
  for (let i = 0; i < 100_000; i++) {
    const terminal = population.drawTerminal(random, 4);
    if (population.merchant(terminal).channel !== "online") {
      counts.set(terminal, (counts.get(terminal) ?? 0) + 1);
    }
  }
  const [least, most] = [Math.min(...counts.values()), Math.max(...counts.values())];
  assert(least > most / 2, `between ${least} and ${most} purchases`);
});

Deno.test("Population keeps a customer's profile when there are more customers and terminals", () => {
  const [few, many] = [new Population(9, 50, 100), new Population(9, 5_000, 10_000)];
  assertEquals(few.meanAmount, many.meanAmount.slice(0, 50));
  assertEquals(few.perDay, many.perDay.slice(0, 50));
  for (let i = 1; i < 100; i++) assertEquals(few.merchant(i), many.merchant(i));
});

for (const [nCustomers, nTerminals] of [[1, 1], [1, 2], [3, 1], [2, 5], [1, 3_000]]) {
  Deno.test(`Population works with ${nCustomers} customers and ${nTerminals} terminals`, () => {
    for (let seed = 0; seed < 20; seed++) {
      const population = new Population(seed, nCustomers, nTerminals);
      const random = new RandomStream(seed, 1);
      assert(population.online.length > 0);
      for (let i = 0; i < 200; i++) {
        const customer = population.drawCustomer(random);
        const terminal = population.drawTerminal(random, customer);
        assert(customer < nCustomers && terminal < nTerminals);
        assert(population.merchant(terminal).merchantCategory.length === 4);
      }
    }
  });
}

Deno.test("Population draws amounts around the customer's mean, above 0 and at most 220", () => {
  const population = new Population(2, 200, 400);
  const random = new RandomStream(2, 1);
  for (let customer = 0; customer < 200; customer += 20) {
    const amounts = Array.from({ length: 5_000 }, () => population.drawAmountMinor(random, customer));
    const mean = amounts.reduce((a, b) => a + b) / amounts.length / 100;
    assert(amounts.every((amount) => Number.isInteger(amount) && amount >= 1 && amount <= 22_000));
    // Redrawing what is not above 0 lifts the mean by some hundredths.
    assertAlmostEquals(mean / population.meanAmount[customer], 1.02, 0.05);
  }
});

Deno.test("Population pays notes out of cash machines and exact amounts elsewhere", () => {
  const population = new Population(2, 200, 400);
  for (let terminal = 0; terminal < 400; terminal++) {
    const paid = population.payableMinor(terminal, 1_234);
    assertEquals(paid, population.merchant(terminal).channel === "atm" ? 1_500 : 1_234);
  }
});
