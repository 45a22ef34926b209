/** Transactions of the test days, in any order; all arrays have one element a transaction. */
export interface ScoredTransactions {
  /** Day of the test, 0 for the first. */
  day: Uint16Array;
  /** Number of the card. */
  card: Uint32Array;
  /** Higher is more anomalous. */
  score: Float64Array;
  /** 1 for a fraud. */
  isFraud: Uint8Array;
}

/**
 * Card Precision@k of the fraud detection handbook (Le Borgne et al., chapter 4): each day, the share of the k cards with the
 * highest maximum score that have a fraud on that day.
 *
 * A card that was found on one day is left out on later days. Cards with equal scores are taken in the order of their numbers.
 *
 * @param days Number of test days.
 * @param k Cards that can be looked at in a day.
 * @returns One share a day, in [0, 1]; of k, also where there are fewer cards.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { cardPrecision } from "./card_precision.ts";
 *
 * const transactions = {
 *   day: Uint16Array.of(0, 0, 1),
 *   card: Uint32Array.of(7, 8, 7),
 *   score: Float64Array.of(0.9, 0.1, 0.8),
 *   isFraud: Uint8Array.of(1, 0, 1),
 * };
 * assertEquals(cardPrecision(transactions, 2, 1), [1, 0]); // card 7 was found on day 0 already
 * ```
 */
export function cardPrecision(transactions: ScoredTransactions, days: number, k: number): number[] {
  const { day, card, score, isFraud } = transactions;
  const byDay: Map<number, { score: number; isFraud: boolean }>[] = Array.from(
    { length: days },
    () => new Map(),
  );
  for (let i = 0; i < day.length; i++) {
    const cards = byDay[day[i]];
    const known = cards.get(card[i]);
    if (known === undefined) cards.set(card[i], { score: score[i], isFraud: isFraud[i] === 1 });
    else {
      known.score = Math.max(known.score, score[i]);
      known.isFraud ||= isFraud[i] === 1;
    }
  }
  const found = new Set<number>();
  return byDay.map((cards) => {
    const ranked = [...cards].filter(([number]) => !found.has(number))
      .sort(([a, left], [b, right]) => right.score - left.score || a - b)
      .slice(0, k);
    const caught = ranked.filter(([, { isFraud }]) => isFraud);
    for (const [number] of caught) found.add(number);
    return caught.length / k;
  });
}
