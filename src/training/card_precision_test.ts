import { assertAlmostEquals, assertEquals, assertThrows } from "../testing/assert.ts";
import { cardPrecision } from "./card_precision.ts";

/** Rows of [day, card, score, is fraud]. */
function precisionOf(rows: [number, number, number, 0 | 1][], k: number) {
  const transactions = {
    day: Int32Array.from(rows, ([day]) => day),
    card: Int32Array.from(rows, ([, card]) => card),
    isFraud: Uint8Array.from(rows, ([, , , isFraud]) => isFraud),
  };
  return cardPrecision(transactions, Float64Array.from(rows, ([, , score]) => score), k);
}

Deno.test("cardPrecision() ranks a card by its highest score, whichever transaction was the fraud", () => {
  const rows: [number, number, number, 0 | 1][] = [[0, 1, 0.2, 1], [0, 1, 0.9, 0], [0, 2, 0.8, 0], [
    0,
    3,
    0.7,
    1,
  ]];
  assertEquals([1, 2, 3].map((k) => precisionOf(rows, k).mean), [1, 1 / 2, 2 / 3]);
});

Deno.test("cardPrecision() divides by k, though there are fewer cards", () => {
  assertEquals(precisionOf([[0, 1, 0.5, 1]], 10).mean, 0.1);
});

Deno.test("cardPrecision() leaves a compromised card out once it was found, and only then", () => {
  const rows: [number, number, number, 0 | 1][] = [
    [4, 1, 0.9, 1],
    [4, 2, 0.1, 1],
    [5, 1, 0.9, 1],
    [5, 2, 0.8, 1],
    [7, 2, 0.9, 1],
    [7, 3, 0.1, 1],
  ];
  const { byDay, mean } = precisionOf(rows, 1);
  // Card 1 on day 4, card 2 on day 5 as it was not among the first on day 4, card 3 on day 7.
  assertEquals(byDay.map(({ day, precision }) => [day, precision]), [[4, 1], [5, 1], [7, 1]]);
  assertAlmostEquals(mean, 1);
});

Deno.test("cardPrecision() leaves a card that was looked into without a fraud among the others", () => {
  assertEquals(
    precisionOf([[0, 1, 0.9, 0], [1, 1, 0.9, 1], [1, 2, 0.8, 0]], 1).byDay.map((day) => day.precision),
    [0, 1],
  );
});

Deno.test("cardPrecision() refuses a k that is none and columns of other lengths", () => {
  assertThrows(() => precisionOf([], 0), RangeError, "current value is 0");
  assertThrows(() => precisionOf([], 1.5), RangeError, "1.5");
  const none = { day: new Int32Array(1), card: new Int32Array(1), isFraud: new Uint8Array(1) };
  assertThrows(() => cardPrecision(none, new Float64Array(2), 1), RangeError, "1 scores");
});
