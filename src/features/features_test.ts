import { assert, assertAlmostEquals, assertEquals, assertThrows } from "../testing/assert.ts";
import type { FeatureDefinition } from "./definition.ts";
import { type FeaturesOptions, openFeatures } from "./features.ts";
import { featureRegistry } from "./registry.ts";
import type { KeyColumns } from "./state/part.ts";
import { testColumns, testLabel, type TestTransaction, valuesOf } from "./testing/stream.ts";

const DAY_MS = 86_400_000;
const everything = [...featureRegistry.keys()];

type Step = { transaction: TestTransaction } | { label: ReturnType<typeof testLabel> };

/** A seeded stream with late, repeated and future-dated records, and labels in any order, some of them twice. */
function randomSteps(count: number, seed: number): Step[] {
  let word = seed | 1;
  const random = () => {
    word ^= word << 13;
    word ^= word >>> 17;
    word ^= word << 5;
    return (word >>> 0) / 2 ** 32;
  };
  const steps: Step[] = [];
  const made: TestTransaction[] = [];
  for (let i = 0; steps.length < count; i++) {
    const isOdd = random() < 0.02;
    const jitter = isOdd ? (random() - 0.3) * 400 * DAY_MS : random() * DAY_MS / 24;
    const transaction = random() < 0.03 && made.length > 0 ? made[Math.floor(random() * made.length)] : {
      id: `t${i}`,
      customer: `c${Math.floor(random() * 40)}`,
      terminal: `m${Math.floor(random() * 15)}`,
      amount: Math.exp(random() * (isOdd ? 30 : 4)),
      timestampMs: Date.UTC(2018, 0, 1) + i * DAY_MS / 50 + jitter,
    };
    steps.push({ transaction });
    made.push(transaction);
    while (random() < 0.5) {
      const of = made[Math.floor(random() * made.length)];
      const z = random() < 0.3 ? random() * 5 : NaN;
      steps.push({ label: testLabel(of, random() < 0.3, of.timestampMs! + random() * 14 * DAY_MS, z) });
    }
  }
  return steps;
}

/** Takes the steps in batches of at most `batch()` rows, restarting from a snapshot where `restart()` says so. */
function run(steps: Step[], options: FeaturesOptions, batch: () => number, restart: () => boolean) {
  let features = openFeatures(everything, options);
  const values: number[] = [];
  let rows: TestTransaction[] = [];
  const flush = () => {
    values.push(...valuesOf(features, rows));
    rows = [];
  };
  let size = batch();
  for (const step of steps) {
    if ("label" in step) {
      flush();
      features.offer(step.label);
    } else rows.push(step.transaction);
    if (rows.length < size) continue;
    flush();
    size = batch();
    if (!restart()) continue;
    const snapshot = features.snapshot();
    features = openFeatures(everything, options);
    features.restore(snapshot);
    assertEquals(features.snapshot(), snapshot);
  }
  flush();
  return { values: Float32Array.from(values), snapshot: features.snapshot(), features };
}

for (
  const [what, options] of [
    ["the default bounds", {}],
    ["few keys and transactions", { maxKeys: 8, maxTransactions: 30 }],
    ["presumed legitimate transactions", { presumeLegitimateAfterMs: 3 * DAY_MS, maxTransactions: 200 }],
  ] as [string, FeaturesOptions][]
) {
  Deno.test(`openFeatures() gives the same bits for any cuts and restarts, with ${what}`, () => {
    for (let seed = 1; seed <= 6; seed++) {
      const steps = randomSteps(1200, seed * 7919);
      const straight = run(steps, options, () => 1, () => false);
      assert(straight.values.every(Number.isFinite), "every value must be finite");
      let turn = seed;
      const next = () => turn = (turn * 48271) % 2147483647;
      const cut = run(steps, options, () => 1 + next() % 97, () => next() % 4 === 0);
      assertEquals(cut.values, straight.values);
      assertEquals(cut.snapshot, straight.snapshot);
      assertEquals(cut.features.evicted, straight.features.evicted);
      assertEquals(cut.features.labelsRepeated, straight.features.labelsRepeated);
    }
  });
}

Deno.test("compute() applies labels by labelledAtMs up to the row's time, then as offered", () => {
  const features = openFeatures(["terminal_label_streak"]);
  const rows = [9, 10, 20, 30].map((timestampMs) => ({ id: `at ${timestampMs}`, timestampMs }));
  features.offer(testLabel({ id: "c" }, false, 20));
  features.offer(testLabel({ id: "b" }, true, 20));
  features.offer(testLabel({ id: "a" }, true, 10));
  features.offer(testLabel({ id: "never" }, true, 31));
  assertEquals([...valuesOf(features, rows)], [0, 1, 1, 1]);
  assertEquals([features.labelsQueued, features.labelsApplied], [1, 3]);
});

Deno.test("a label offered late changes what comes after it only", () => {
  const early = { id: "early", timestampMs: 100 };
  const features = openFeatures(["terminal_label_streak"]);
  const before = valuesOf(features, [early]);
  features.offer(testLabel({ id: "x" }, true, 50));
  assertEquals([...before, ...valuesOf(features, [{ id: "late row", timestampMs: 60 }])], [0, 1]);
});

Deno.test("a repeated transaction is read and not counted again", () => {
  const features = openFeatures(["customer_count_1h"]);
  assertEquals([...valuesOf(features, [{ id: "a" }, { id: "a" }, { id: "b" }])], [0, 1, 1]);
  assertEquals(features.transactionsRepeated, 1);
});

Deno.test("a late row lets no time pass and takes nothing back", () => {
  const features = openFeatures(["customer_count_1h"]);
  const times = [3_600_000, 0, 3_600_000];
  const rows = times.map((timestampMs, i) => ({ id: `${i}`, timestampMs }));
  assertEquals([...valuesOf(features, rows)], [0, 1, 2]);
});

Deno.test("a future-dated row stops no decay: the key's time goes back with the next row", () => {
  const features = openFeatures(["customer_count_1h"]);
  const hour = 3_600_000;
  const times = [0, 100 * 365 * DAY_MS, hour, 2 * hour];
  const rows = times.map((timestampMs, i) => ({ id: `${i}`, timestampMs }));
  const values = valuesOf(features, rows);
  assertEquals(values[1], 0);
  assertEquals(values[2], 1);
  assertAlmostEquals(values[3], 2 / Math.E, 1e-6);
});

Deno.test("presumeLegitimateAfterMs counts a transaction without a label as legitimate, a late fraud label undoes it", () => {
  const names = ["terminal_risk_7d", "terminal_label_ewma"];
  const features = openFeatures(names, { presumeLegitimateAfterMs: 10 * 3_600_000 });
  const hourly = Array.from({ length: 30 }, (_, i) => ({ id: `${i}`, timestampMs: i * 3_600_000 }));
  features.offer(testLabel(hourly[3], true, 5 * 3_600_000));
  valuesOf(features, hourly);
  const [, mixed] = valuesOf(features, [{ id: "now", timestampMs: 30 * 3_600_000 }]);
  // Labelled by then: the fraud first, then 20 that were presumed: 0 to 20 without 3.
  assertAlmostEquals(mixed, 0.4 * 0.6 ** 20, 1e-6);
  features.offer(testLabel(hourly[20], true, 30 * 3_600_000));
  const [risk, ewma] = valuesOf(features, [{ id: "then", timestampMs: 30 * 3_600_000 }]);
  assertAlmostEquals(ewma, mixed + 0.4, 1e-6);
  assert(risk > 0.05 && risk < 0.2, `${risk}`);
});

Deno.test("a future-dated row does not let everything be presumed legitimate", () => {
  const features = openFeatures(["terminal_label_ewma"], { presumeLegitimateAfterMs: DAY_MS });
  features.offer(testLabel({ id: "fraud" }, true, 0));
  valuesOf(features, [{ id: "a", timestampMs: 0 }, { id: "odd", timestampMs: 1e13 }]);
  assertAlmostEquals(valuesOf(features, [{ id: "b", timestampMs: 3_600_000 }])[0], 0.4, 1e-6);
});

Deno.test("peek() reads as compute() does and changes nothing", () => {
  const features = openFeatures(everything);
  const rows = randomSteps(300, 5).flatMap((step) => "transaction" in step ? [step.transaction] : []);
  valuesOf(features, rows);
  const next = testColumns([{
    id: "next",
    customer: "c1",
    terminal: "m1",
    timestampMs: Date.UTC(2019, 0, 1),
  }]);
  const before = features.snapshot();
  const peeked = new Float32Array(features.nFeatures);
  features.peek(next, peeked);
  assertEquals(features.snapshot(), before);
  const computed = new Float32Array(features.nFeatures);
  features.compute(next, computed);
  assertEquals(peeked, computed);
});

Deno.test("restore() refuses what is damaged or of another state and keeps its own", () => {
  const features = openFeatures(["z", "terminal_risk_7d"]);
  valuesOf(features, [{ id: "a" }, { id: "b", amount: 20 }]);
  const own = features.snapshot();
  const of = (change: (bytes: Uint8Array) => Uint8Array) => () => features.restore(change(own.slice()));
  assertThrows(of(() => openFeatures(["z"]).snapshot()), RangeError, "must be of state");
  assertThrows(
    of(() => openFeatures(["z", "terminal_risk_7d"], { presumeLegitimateAfterMs: 1 }).snapshot()),
    RangeError,
  );
  assertThrows(of((bytes) => bytes.slice(0, -4)), RangeError, "must be whole");
  assertThrows(of((bytes) => bytes.slice(0, -3)), RangeError, "must be whole");
  assertThrows(of(() => new Uint8Array()), RangeError, "must be whole");
  for (const at of [0, 5, 9, 17, 30, own.length - 1]) {
    assertThrows(of((bytes) => (bytes[at] ^= 1, bytes)), RangeError, "Cannot restore");
  }
  assertEquals(features.snapshot(), own);
});

Deno.test("restore() into a smaller bound forgets the least recently used", () => {
  const wide = openFeatures(["customer_count_1h"]);
  const rows = ["a", "b", "c", "a"].map((customer, i) => ({ id: `${i}`, customer }));
  valuesOf(wide, rows);
  const narrow = openFeatures(["customer_count_1h"], { maxKeys: 2 });
  narrow.restore(wide.snapshot());
  assertEquals([narrow.keys, narrow.evicted], [3, 1]);
  assertEquals([...valuesOf(narrow, [{ id: "x", customer: "a" }, { id: "y", customer: "c" }])], [2, 1]);
});

Deno.test("openFeatures() refuses unknown, repeated and no features, and bounds out of range", () => {
  assertThrows(() => openFeatures(["amout"]), RangeError, '"amout"');
  assertThrows(() => openFeatures(["z", "z"]), RangeError, "none twice");
  assertThrows(() => openFeatures([]), RangeError, "at least one");
  assertThrows(() => openFeatures(["z"], { maxKeys: 0 }), RangeError, "maxKeys");
  assertThrows(() => openFeatures(["z"], { maxTransactions: 1.5 }), RangeError, "maxTransactions");
  assertThrows(
    () => openFeatures(["z"], { presumeLegitimateAfterMs: NaN }),
    RangeError,
    "presumeLegitimateAfterMs",
  );
  const columns = testColumns([{ id: "a" }, { id: "b" }]);
  assertThrows(
    () => openFeatures(["z", "ratio"]).compute(columns, new Float32Array(3)),
    RangeError,
    "4 values",
  );
});

Deno.test("no column of an absurd transaction is NaN", () => {
  const features = openFeatures(everything);
  const amounts = [1e300, 5e-324, 1e-9, 3e38, 0.01, NaN, Infinity];
  const rows = amounts.map((amount, i) => ({
    id: `${i}`,
    amount,
    timestampMs: i % 2 === 0 ? 8.64e15 : -8.64e15,
  }));
  const values = valuesOf(features, [...rows, ...rows.map((row) => ({ ...row, id: `again ${row.id}` }))]);
  assertEquals(values.findIndex(Number.isNaN), -1);
});

/** Counts the rows of a key, and how much time passed since the last one. */
class Visits implements KeyColumns {
  readonly words = 1;
  count = 0;
  elapsed = 0;

  read({ words }: { words: Uint32Array }, at: number, _row: unknown, elapsed: number): void {
    this.count = words[at];
    this.elapsed = this.count === 0 ? 0 : elapsed;
  }

  take({ words }: { words: Uint32Array }, at: number): void {
    words[at] = this.count + 1;
  }
}

Deno.test("a definition may bring a part of the state: for each customer, each terminal, and through snapshots", () => {
  type Columns = { customer: Visits; terminal: Visits };
  const needs = { name: "visits", open: (): Columns => ({ customer: new Visits(), terminal: new Visits() }) };
  const words = { kind: "customer", window: null, side: "high", unit: "visits", description: "" } as const;
  const of = (name: string, value: (columns: Columns) => number): FeatureDefinition<Columns> => ({
    ...words,
    name,
    needs,
    sentence: String,
    value: (_row, columns) => value(columns),
  });
  const open = () =>
    openFeatures([
      of("customer_visits", ({ customer }) => customer.count),
      of("customer_pause", ({ customer }) => customer.elapsed),
      of("terminal_visits", ({ terminal }) => terminal.count),
      "customer_frauds_28d",
    ]);
  const features = open();
  assertEquals([features.stateful, features.usesLabels], [true, true]);
  const first = [{ id: "1" }, { id: "2", terminal: "other", timestampMs: 5000 }, {
    id: "3",
    customer: "other",
  }];
  assertEquals([...valuesOf(features, first)], [0, 0, 0, 0, 1, 5, 0, 0, 0, 0, 1, 0]);
  const restored = open();
  restored.restore(features.snapshot());
  const out = new Float32Array(8);
  restored.peek(
    testColumns([{ id: "4", timestampMs: 9000 }, { id: "5", customer: "new", terminal: "new" }]),
    out,
  );
  assertEquals([...out], [2, 4, 2, 0, 0, 0, 0, 0]);
});

Deno.test("a usual amount of the training is not shifted by what strangers pay", () => {
  const pay = (who: string, count: number, amount: number): TestTransaction[] =>
    Array.from({ length: count }, (_, i) => ({
      ...{ id: `${who}${i}`, customer: `${who}${i}`, terminal: "m", amount: amount * (i % 2 + 1) },
      timestampMs: Date.UTC(2026, 0, 1) + i * 1000,
    }));
  const zAfter = (options: FeaturesOptions, before: TestTransaction[]) => {
    const features = openFeatures(["z"], options);
    valuesOf(features, before);
    const restored = openFeatures(["z"], options);
    restored.restore(features.snapshot());
    return valuesOf(restored, pay("new", 1, 600))[0];
  };
  const usualAmount = { mean: 60, spread: 1 };
  const honest = pay("honest", 2000, 60);
  const strangers = [...honest, ...pay("stranger", 6000, 600)];
  assertEquals(zAfter({ usualAmount }, []), 9);
  assertEquals(zAfter({ usualAmount }, strangers), 9);
  // Where it is learned, as in a training, they shift it.
  assert(zAfter({}, strangers) < zAfter({}, honest) / 2, `${zAfter({}, strangers)}`);
  const stateId = (options: FeaturesOptions) => openFeatures(["z"], options).stateId;
  assert(stateId({ usualAmount }) !== stateId({ usualAmount: { mean: 61, spread: 1 } }));
});
