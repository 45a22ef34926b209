import { assertEquals, assertThrows } from "../../testing/assert.ts";
import { type DelayedLabel, DelayedLabels } from "./delayed_labels.ts";
import { RandomStream } from "../random.ts";

function label(number: number, timestampMs: number): DelayedLabel {
  const transactionId = `"${number}"\n\u0000é`;
  return {
    transactionId,
    customerId: "c",
    terminalId: "t",
    timestampMs,
    isFraud: number % 2 === 0,
    scenario: null,
  };
}

const disorders: [string, (i: number, random: RandomStream) => number][] = [
  ["in order", (i) => i],
  ["with equal times", (i) => Math.floor(i / 5)],
  ["a little late", (i, random) => i - random.integer(50)],
  ["backwards", (i) => -i],
  ["shuffled", (_, random) => random.integer(1_000)],
  ["with one far ahead", (i) => i === 100 ? 1e9 : i],
];

for (const [name, timeOf] of disorders) {
  Deno.test(`DelayedLabels gives labels back by time, then as they came: ${name}`, () => {
    const random = new RandomStream(2, 0);
    const labels = Array.from({ length: 5_000 }, (_, i) => label(i, timeOf(i, random)));
    const delayed = new DelayedLabels();
    for (const one of labels) delayed.push(one);
    const taken = [];
    while (delayed.length > 0) {
      const { oldestMs } = delayed;
      taken.push(delayed.shift());
      assertEquals(taken.at(-1)!.timestampMs, oldestMs);
    }
    assertEquals(taken, labels.toSorted((a, b) => a.timestampMs - b.timestampMs));
    assertEquals(delayed.oldestMs, Infinity);
  });
}

Deno.test("DelayedLabels agrees with a sorted list when labels come and go", () => {
  const random = new RandomStream(4, 0);
  const delayed = new DelayedLabels();
  const expected: DelayedLabel[] = [];
  for (let i = 0; i < 20_000; i++) {
    const one = label(i, i + random.integer(200));
    delayed.push(one);
    const at = expected.findLastIndex((other) => other.timestampMs <= one.timestampMs) + 1;
    expected.splice(at, 0, one);
    while (expected.length > 0 && expected[0].timestampMs < i - 500) {
      assertEquals(delayed.shift(), expected.shift());
    }
    assertEquals(delayed.length, expected.length);
  }
});

Deno.test("DelayedLabels says so when it is empty", () => {
  assertThrows(() => new DelayedLabels().shift(), RangeError, "0 waiting");
});
