/**
 * Flagged transactions that wait for a common alert.
 *
 * @module
 */
import { currencyCode, minorUnits } from "../../domain/currency.ts";
import type { FlaggedTransaction } from "../../ledger/ledger.ts";

/** Flagged transactions that wait for a common alert, as the ledger keeps them in JSON. */
export interface HeldAlerts {
  /** Offset of the first one; no other alert begins with it. */
  first: number;
  /** Offset of the last one. */
  last: number;
  /** Offset of the one with the highest score. */
  highest: number;
  score: number;
  /** Number of transactions, at least 1. */
  count: number;
  /** Customers, each once; the first 500 of them. */
  customers: string[];
  /** Sums by currency, in minor units; the first 50 currencies. */
  amounts: [currency: string | null, amountMinor: number][];
  /** Event time of the earliest, milliseconds since 1970. */
  fromMs: number;
  /** Event time of the latest, milliseconds since 1970. */
  toMs: number;
}

const MOST_CUSTOMERS = 500;
const MOST_CURRENCIES = 50;

/** One flagged transaction by itself. */
export function heldOf(
  { offset, anomalyScore, customerId, currency, amountMinor, timestampMs }: FlaggedTransaction,
): HeldAlerts {
  return {
    first: offset,
    last: offset,
    highest: offset,
    score: anomalyScore,
    count: 1,
    customers: [customerId],
    amounts: [[currency, amountMinor]],
    fromMs: timestampMs,
    toMs: timestampMs,
  };
}

/**
 * Puts two of them together; neither changes.
 *
 * @param held What is there already; undefined for nothing.
 */
export function joinHeld(held: HeldAlerts | undefined, more: HeldAlerts): HeldAlerts {
  if (held === undefined) return more;
  const { highest, score } = more.score > held.score ? more : held;
  const sums = new Map(held.amounts);
  for (const [currency, amountMinor] of more.amounts) {
    const sum = sums.get(currency);
    if (sum !== undefined || sums.size < MOST_CURRENCIES) sums.set(currency, (sum ?? 0) + amountMinor);
  }
  const known = held.customers;
  return {
    first: Math.min(held.first, more.first),
    last: Math.max(held.last, more.last),
    highest,
    score,
    count: held.count + more.count,
    customers: more.customers.every((each) => known.includes(each))
      ? known
      : [...new Set([...known, ...more.customers])].slice(0, MOST_CUSTOMERS),
    amounts: [...sums],
    fromMs: Math.min(held.fromMs, more.fromMs),
    toMs: Math.max(held.toMs, more.toMs),
  };
}

/** The sums in major units. */
export function amountsOf({ amounts }: HeldAlerts): { currency: string | null; amount: number }[] {
  return amounts.map(([currency, amountMinor]) => ({
    currency,
    amount: amountMinor / minorUnits(currencyCode(currency ?? undefined)),
  }));
}
