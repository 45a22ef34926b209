import { assert, assertAlmostEquals, assertEquals } from "../testing/assert.ts";
import { openFeatures } from "./features.ts";
import { testLabel, valuesOf } from "./testing/stream.ts";

const DAY_MS = 86_400_000;

Deno.test("two labels of one transaction leave one truth, the later one, in the place of the first", () => {
  const names = ["terminal_risk_7d", "terminal_label_ewma", "terminal_label_streak", "customer_frauds_28d"];
  const sale = { id: "sale", timestampMs: 0 };
  const other = { id: "other", timestampMs: 0 };
  const now = { id: "now", timestampMs: 5 * DAY_MS };
  const stateAfter = (labels: ReturnType<typeof testLabel>[]) => {
    const features = openFeatures(names);
    valuesOf(features, [sale, other]);
    labels.forEach((label) => features.offer(label));
    return { values: valuesOf(features, [now]), repeated: features.labelsRepeated };
  };
  for (const truth of [true, false]) {
    const once = [testLabel(sale, truth, DAY_MS), testLabel(other, true, 2 * DAY_MS)];
    const twice = [
      testLabel(sale, !truth, DAY_MS),
      testLabel(other, true, 2 * DAY_MS),
      testLabel(sale, truth, 4 * DAY_MS),
    ];
    const { values, repeated } = stateAfter(twice);
    stateAfter(once).values.forEach((value, i) => assertAlmostEquals(values[i], value, 1e-6, names[i]));
    assertEquals(repeated, 1);
    assertEquals(stateAfter([...once, testLabel(sale, truth, 3 * DAY_MS)]).values, stateAfter(once).values);
  }
});

Deno.test("a label that became known before the one that holds changes nothing, also after a snapshot", () => {
  const names = ["terminal_risk_7d", "terminal_label_ewma", "customer_frauds_28d"];
  const sale = { id: "sale", timestampMs: 0 };
  const [first, second] = [testLabel(sale, true, DAY_MS), testLabel(sale, false, DAY_MS + 1000)];
  const straight = openFeatures(names);
  let repeated = openFeatures(names);
  for (const features of [straight, repeated]) {
    features.offer(first);
    features.offer(second);
    valuesOf(features, [sale, { id: "then", timestampMs: 2 * DAY_MS }]);
  }
  const other = openFeatures(names);
  other.restore(repeated.snapshot());
  repeated = other;
  repeated.offer(first);
  repeated.offer(testLabel(sale, true, 0));
  const now = [{ id: "now", timestampMs: 3 * DAY_MS }];
  assertEquals(valuesOf(repeated, now), valuesOf(straight, now));
  assertEquals([repeated.labelsApplied, repeated.labelsRepeated], [4, 3]);
  repeated.offer(testLabel(sale, true, 3 * DAY_MS));
  assert(valuesOf(repeated, [{ id: "later", timestampMs: 3 * DAY_MS }])[0] > 0);
});

Deno.test("a fraud is put down to the card by the z that the state remembers, where the label has none", () => {
  const usual = Array.from({ length: 50 }, (_, i) => ({ id: `${i}`, amount: 10 + i % 3 }));
  const [odd, plain] = [{ id: "odd", amount: 300 }, { id: "plain", amount: 11 }];
  const riskAfter = (label: ReturnType<typeof testLabel>) => {
    const features = openFeatures(["terminal_risk_7d"]);
    valuesOf(features, [...usual, odd, plain]);
    features.offer(label);
    return { risk: valuesOf(features, [{ id: "now" }])[0], unattributed: features.labelsUnattributed };
  };
  assertEquals(riskAfter(testLabel(odd, true)), { risk: 0, unattributed: 0 });
  assertEquals(riskAfter(testLabel(plain, true)), { risk: 0.5, unattributed: 0 });
  assertEquals(riskAfter(testLabel({ id: "of another partition" }, true)), { risk: 0.5, unattributed: 1 });
  assertEquals(riskAfter(testLabel({ id: "of another partition" }, true, 0, 9)), {
    risk: 0,
    unattributed: 0,
  });
});
