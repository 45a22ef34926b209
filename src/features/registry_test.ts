import { assert, assertAlmostEquals, assertEquals, assertMatch } from "../testing/assert.ts";
import { openFeatures } from "./features.ts";
import { describeFeature } from "./definition.ts";
import { featureRegistry, featureSets } from "./registry.ts";
import { testColumns, testLabel, type TestTransaction } from "./testing/stream.ts";
import { burst } from "./definitions/velocity.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** A Monday, 00:00 UTC. */
const MONDAY_MS = Date.UTC(2018, 3, 2);

/** The feature of every transaction, after labels that were offered before. */
function valuesOf(
  name: string,
  transactions: TestTransaction[],
  labels: ReturnType<typeof testLabel>[] = [],
) {
  const features = openFeatures([name]);
  labels.forEach((label) => features.offer(label));
  const out = new Float32Array(transactions.length);
  features.compute(testColumns(transactions), out);
  return [...out];
}

function lastOf(name: string, transactions: TestTransaction[], labels: ReturnType<typeof testLabel>[] = []) {
  return valuesOf(name, transactions, labels)[transactions.length - 1];
}

/** `count` transactions of 10 and 12 by turns, an hour apart, of one customer. */
function history(count: number): TestTransaction[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `t${i}`,
    amount: i % 2 === 0 ? 10 : 12,
    timestampMs: MONDAY_MS + i * HOUR_MS,
  }));
}

Deno.test("featureRegistry has a sentence in plain words and a description for every feature", () => {
  for (const [name, definition] of featureRegistry) {
    assertEquals(definition.name, name);
    assertMatch(name, /^[a-z][a-z0-9_]*$/);
    assert(definition.sentence(8.2).length > 5, name);
    assertEquals(describeFeature(definition).description, definition.description);
  }
  assertEquals(featureRegistry.get("ratio")?.sentence(8.2), "amount 8.2 times this customer's usual");
  assertEquals(featureRegistry.get("z")?.sentence(-1.25), "amount 1.3 sd below this customer's usual");
});

Deno.test("featureSets name features of the registry, none twice", () => {
  for (const names of Object.values(featureSets)) openFeatures(names);
});

Deno.test("amount is the amount", () => {
  assertEquals(valuesOf("amount", [{ id: "a", amount: 12.5 }]), [12.5]);
});

Deno.test("hour counts in UTC, before 1970 as well", () => {
  const times = [MONDAY_MS, MONDAY_MS + 23.99 * HOUR_MS, -1, -HOUR_MS - 1];
  const rows = times.map((timestampMs, i) => ({ id: `${i}`, timestampMs }));
  assertEquals(valuesOf("hour", rows), [0, 23, 23, 22]);
});

Deno.test("weekday is 0 on Mondays, before 1970 as well", () => {
  const times = [MONDAY_MS, MONDAY_MS + 6 * DAY_MS, 0, -1];
  const rows = times.map((timestampMs, i) => ({ id: `${i}`, timestampMs }));
  assertEquals(valuesOf("weekday", rows), [0, 6, 3, 2]);
});

Deno.test("z is the distance from the customer's mean in sd", () => {
  const rows = [...history(400), { id: "now", amount: 31, timestampMs: MONDAY_MS + 400 * HOUR_MS }];
  // Amounts of 10 and 12: mean 11, sd 1.
  assertAlmostEquals(lastOf("z", rows), 20, 0.3);
});

Deno.test("z of a customer not seen before leans on the spending at large", () => {
  const others = Array.from(
    { length: 500 },
    (_, i) => ({ id: `${i}`, customer: `c${i}`, amount: 40 + i % 21 }),
  );
  const usual = lastOf("z", [...others, { id: "new", customer: "new", amount: 50 }]);
  const high = lastOf("z", [...others, { id: "new", customer: "new", amount: 500 }]);
  assertAlmostEquals(usual, 0, 0.2);
  assert(high > 30, `${high}`);
});

Deno.test("z forgives one absurd amount: the mean takes it in capped", () => {
  const rows = [...history(100), { id: "absurd", amount: 1e12 }, { id: "after", amount: 15 }];
  const [absurd, after] = valuesOf("z", rows).slice(-2);
  assert(absurd > 1e9 && after > 2 && after < 6, `${absurd}, ${after}`);
});

Deno.test("ratio is the amount over the customer's mean", () => {
  assertAlmostEquals(lastOf("ratio", [...history(400), { id: "now", amount: 55 }]), 5, 0.05);
});

Deno.test("csusp14 sums what earlier z exceeded 2 by, at most 10 each, with a decay of 14 days", () => {
  const usual = history(400);
  const at = MONDAY_MS + 400 * HOUR_MS;
  const odd = [0, 1].map((i) => ({ id: `odd${i}`, amount: 500, timestampMs: at }));
  assertEquals(lastOf("csusp14", [...usual, odd[0]]), 0);
  assertAlmostEquals(lastOf("csusp14", [...usual, ...odd]), 10, 1e-6);
  const later = { id: "later", timestampMs: at + 14 * DAY_MS };
  assertAlmostEquals(lastOf("csusp14", [...usual, ...odd, later]), 20 / Math.E, 1e-5);
});

Deno.test("customer_count_1h and customer_amount_1h decay over an hour", () => {
  const rows = [
    { id: "a", amount: 30 },
    { id: "b", amount: 50 },
    { id: "elsewhere", customer: "other", amount: 70 },
    { id: "c", amount: 1, timestampMs: HOUR_MS },
  ];
  assertAlmostEquals(lastOf("customer_count_1h", rows), 2 / Math.E, 1e-6);
  assertAlmostEquals(lastOf("customer_amount_1h", rows), 80 / Math.E, 1e-5);
});

Deno.test("terminal_count_1h counts all customers of the terminal", () => {
  const rows = [
    { id: "a", customer: "1" },
    { id: "b", customer: "2" },
    { id: "elsewhere", terminal: "other" },
    { id: "c", customer: "3", timestampMs: HOUR_MS },
  ];
  assertAlmostEquals(lastOf("terminal_count_1h", rows), 2 / Math.E, 1e-6);
});

Deno.test("bursts are how far card or terminal exceed their usual, whichever is more", () => {
  const at = (i: number, more: Partial<TestTransaction>) => ({ id: `${i}`, timestampMs: MONDAY_MS, ...more });
  const card = Array.from({ length: 9 }, (_, i) => at(i, { terminal: `t${i}` }));
  const shop = Array.from({ length: 9 }, (_, i) => at(i, { customer: `c${i}` }));
  for (const [name, seconds] of [["burst_10m", 600], ["burst_1h", 3600]] as const) {
    const usual = (count: number) => count * seconds / (7 * 86_400);
    for (const rows of [card, shop]) assertAlmostEquals(lastOf(name, rows), burst(8, usual(8)), 1e-5);
    const later = at(9, { timestampMs: MONDAY_MS + 1000 * seconds, terminal: "elsewhere" });
    const left = usual(9 * Math.exp(-seconds / (7 * 86_400)));
    assertAlmostEquals(lastOf(name, [...card, later]), burst(9 / Math.E, left), 1e-5);
    assertEquals(lastOf(name, [...card, { ...later, customer: "another" }]), 0);
  }
});

Deno.test("bursts take a terminal that is always busy for what it is", () => {
  const busy = Array.from({ length: 20_000 }, (_, i) => ({
    id: `${i}`,
    customer: `c${i}`,
    timestampMs: MONDAY_MS + i * 60_000,
  }));
  const end = MONDAY_MS + 20_000 * 60_000;
  const rush = Array.from({ length: 800 }, (_, i) => ({ id: `r${i}`, customer: `r${i}`, timestampMs: end }));
  for (const name of ["burst_10m", "burst_1h"]) {
    const most = Math.max(...valuesOf(name, busy).slice(10_000));
    assert(most < featureRegistry.get(name)!.range!.floor, `its traffic is no burst: ${most}`);
    assert(lastOf(name, [...busy, ...rush]) > 2, name);
  }
});

Deno.test("customer_frauds_28d counts known frauds of a customer seen before", () => {
  const rows = [{ id: "a" }, { id: "b", timestampMs: DAY_MS }, { id: "c", timestampMs: 29 * DAY_MS }];
  const label = testLabel(rows[0], true, DAY_MS);
  assertAlmostEquals(lastOf("customer_frauds_28d", rows, [label]), 1 / Math.E, 1e-6);
  const stranger = testLabel({ id: "x", customer: "stranger" }, true, DAY_MS);
  assertEquals(lastOf("customer_frauds_28d", [...rows, { id: "d", customer: "stranger" }], [stranger]), 0);
});

Deno.test("terminal_risk_7d is the decayed share of frauds that are not put down to the card", () => {
  const seen = (z: number, isFraud: boolean, i: number) => testLabel({ id: `l${i}` }, isFraud, 0, z);
  const now = [{ id: "now", timestampMs: 0 }];
  const labels = [seen(1, true, 0), seen(9, true, 1), seen(1, false, 2)];
  // One fraud among three labels and one credited.
  assertAlmostEquals(lastOf("terminal_risk_7d", now, labels), 1 / 4, 1e-6);
  const later = [{ id: "later", timestampMs: 7 * DAY_MS }];
  assertAlmostEquals(lastOf("terminal_risk_7d", later, labels), 1 / Math.E / (3 / Math.E + 1), 1e-6);
  assertEquals(lastOf("terminal_risk_7d", [{ id: "now", terminal: "other" }], labels), 0);
});

Deno.test("terminal_label_ewma weighs the newest label 0.4", () => {
  const rows = [{ id: "now", timestampMs: 10 }];
  const labels = [true, false, true].map((isFraud, i) => testLabel({ id: `l${i}` }, isFraud, i));
  assertAlmostEquals(lastOf("terminal_label_ewma", rows, labels), 0.4 + 0.4 * 0.6 ** 2, 1e-6);
  const many = Array.from({ length: 40 }, (_, i) => testLabel({ id: `l${i}` }, true, 0));
  assertAlmostEquals(lastOf("terminal_label_ewma", rows, many), 1, 1e-6);
});

Deno.test("terminal_label_streak counts the newest fraud labels, at most 10", () => {
  const rows = [{ id: "now", timestampMs: 100 }];
  const streakOf = (labels: string) =>
    lastOf(
      "terminal_label_streak",
      rows,
      [...labels].map((l, i) => testLabel({ id: `l${i}` }, l === "F", i)),
    );
  assertEquals(["F", "LFF", "FFL", "L".repeat(40), "F".repeat(9), "F".repeat(40)].map(streakOf), [
    1,
    2,
    0,
    0,
    9,
    10,
  ]);
});
