/** Transactions to rank cards by: one element a transaction in each column. */
export interface CardTransactions {
  /** Day of the transaction; days are taken in rising order. */
  day: Int32Array;
  card: Int32Array;
  /** 1 for a fraud, 0 otherwise. */
  isFraud: Uint8Array;
}

/** How many compromised cards were among the highest ranked, day by day. */
export interface CardPrecision {
  /** Mean over the days of the share of the k cards that were compromised, in [0, 1]; 0 where there is no day. */
  mean: number;
  /** The share on each day, in the order of the days. */
  byDay: { day: number; precision: number }[];
}

/**
 * Card Precision@k: each day, the k cards with the highest maximum score of the day, and the share of k that had a
 * fraud that day; a compromised card found on one day is left out on later days.
 *
 * As in *Reproducible Machine Learning for Credit Card Fraud Detection*, chapter 4, Precision top-k metrics. Cards of
 * equal score stand in the order of their first transaction of the day.
 *
 * @param transactions Days, cards and truth, in the order of time.
 * @param scores One a transaction, higher for more suspicious.
 * @param k Cards that are looked into each day, at least 1. Throws RangeError below, and where the lengths differ.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { cardPrecision } from "./card_precision.ts";
 *
 * const transactions = {
 *   day: Int32Array.of(0, 0, 1, 1),
 *   card: Int32Array.of(7, 8, 7, 8),
 *   isFraud: Uint8Array.of(1, 0, 1, 0),
 * };
 * const { byDay } = cardPrecision(transactions, Float64Array.of(0.9, 0.1, 0.9, 0.1), 1);
 * assertEquals(byDay, [{ day: 0, precision: 1 }, { day: 1, precision: 0 }]);
 * ```
 */
export function cardPrecision(
  transactions: CardTransactions,
  scores: Float64Array | Uint8Array,
  k: number,
): CardPrecision {
  const { day, card, isFraud } = transactions;
  if (!Number.isInteger(k) || k < 1) {
    throw new RangeError(`Cannot rank cards as k must be an integer from 1: current value is ${k}`);
  }
  if (scores.length !== day.length) {
    throw new RangeError(
      `Cannot rank cards as there must be ${day.length} scores, one a transaction: current value is ${scores.length}`,
    );
  }
  const rowsByDay = Map.groupBy(day.keys(), (row) => day[row]);
  const found = new Set<number>();
  const byDay = [...rowsByDay].sort(([a], [b]) => a - b).map(([day, rows]) => {
    const cards = new Map<number, { score: number; isFraud: number }>();
    for (const row of rows) {
      if (found.has(card[row])) continue;
      const known = cards.get(card[row]);
      if (known === undefined) cards.set(card[row], { score: scores[row], isFraud: isFraud[row] });
      else {
        known.score = Math.max(known.score, scores[row]);
        known.isFraud = Math.max(known.isFraud, isFraud[row]);
      }
    }
    const first = [...cards].sort(([, a], [, b]) => b.score - a.score).slice(0, k);
    const compromised = first.filter(([, { isFraud }]) => isFraud === 1);
    for (const [number] of compromised) found.add(number);
    return { day, precision: compromised.length / k };
  });
  const sum = byDay.reduce((sum, { precision }) => sum + precision, 0);
  return { mean: byDay.length === 0 ? 0 : sum / byDay.length, byDay };
}
