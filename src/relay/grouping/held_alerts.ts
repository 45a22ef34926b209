/**
 * Flagged transactions that wait for a common alert.
 *
 * @module
 */
import type { AlertGroup } from "../../alerts/alerts.ts";
import { currencyCode, minorUnits } from "../../domain/currency.ts";
import { idKey } from "../../domain/hash_id.ts";
import type { FlaggedTransaction } from "../../ledger/ledger.ts";

/** Flagged transactions that wait for a common alert. */
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
  /** Keys of the customers; the first 100,000 of them. */
  customers: Customers;
  /** Sums by currency, in minor units; the first 50 currencies. */
  amounts: [currency: string | null, amountMinor: number][];
  /** There are more currencies. */
  hasMoreCurrencies?: true;
  /** Event time of the earliest, milliseconds since 1970. */
  fromMs: number;
  /** Event time of the latest, milliseconds since 1970. */
  toMs: number;
}

/** Keys of customers, 53 bits each; a list in JSON. */
export class Customers extends Set<number> {
  /** Takes ids, or keys that JSON kept; earlier versions kept ids there. */
  constructor(customers: readonly (string | number)[]) {
    super(customers.map((each) => {
      if (typeof each === "number") return each;
      const [low, high] = idKey(each);
      return (high >>> 11) * 2 ** 32 + low;
    }));
  }

  toJSON(): number[] {
    return [...this];
  }
}

const MOST_CUSTOMERS = 100_000;
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
    customers: new Customers([customerId]),
    amounts: [[currency, amountMinor]],
    fromMs: timestampMs,
    toMs: timestampMs,
  };
}

/**
 * Puts two of them together.
 *
 * @param held What is there already; undefined for nothing. The result takes over its set of customers.
 */
export function joinHeld(held: HeldAlerts | undefined, more: HeldAlerts): HeldAlerts {
  if (held === undefined) return more;
  const { highest, score } = more.score > held.score ? more : held;
  const sums = new Map(held.amounts);
  let hasMoreCurrencies = held.hasMoreCurrencies ?? more.hasMoreCurrencies;
  for (const [currency, amountMinor] of more.amounts) {
    const sum = sums.get(currency);
    if (sum !== undefined || sums.size < MOST_CURRENCIES) sums.set(currency, (sum ?? 0) + amountMinor);
    else hasMoreCurrencies = true;
  }
  const { customers } = held;
  for (const key of more.customers) {
    if (customers.size < MOST_CUSTOMERS) customers.add(key);
  }
  return {
    first: Math.min(held.first, more.first),
    last: Math.max(held.last, more.last),
    highest,
    score,
    count: held.count + more.count,
    customers,
    amounts: [...sums],
    ...hasMoreCurrencies && { hasMoreCurrencies },
    fromMs: Math.min(held.fromMs, more.fromMs),
    toMs: Math.max(held.toMs, more.toMs),
  };
}

/** Customers and sums of them as an alert has them. */
export function sumsOf(held: HeldAlerts): Omit<AlertGroup, "kind"> {
  return {
    count: held.count,
    customers: held.customers.size,
    ...held.customers.size >= MOST_CUSTOMERS && { customers_at_least: true },
    amounts: held.amounts.map(([currency, amountMinor]) => ({
      currency,
      amount: amountMinor / minorUnits(currencyCode(currency ?? undefined)),
    })),
    ...held.hasMoreCurrencies && { more_currencies: true },
    from: new Date(held.fromMs).toISOString(),
    to: new Date(held.toMs).toISOString(),
  };
}
