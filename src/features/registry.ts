import type { RowState } from "./state/row_state.ts";

/** A part of the state that a feature reads; the state keeps the parts that the set's features need, and no other. */
export type StatePart =
  | "spending"
  | "velocity"
  | "customer-amounts"
  | "customer-labels"
  | "terminal-labels";

/**
 * Which end of a feature is suspicious; `both` leaves the values as they are. A feature whose low end is suspicious is
 * defined as its negative.
 */
export type Side = "high" | "both";

/** What a feature is and how it is read: one entry of the registry. */
export interface FeatureDefinition {
  /** Name in manifests, reasons and tables; snake_case. */
  readonly name: string;
  /** Whose history it tells of. */
  readonly kind: "transaction" | "customer" | "terminal" | "customer-and-terminal";
  /** Time over which history counts, as `7d`; null where time does not count. */
  readonly window: string | null;
  /** Which end is suspicious. */
  readonly side: Side;
  /**
   * Values from which a high feature counts and at which it counts 1, up to 4 in proportion; the 90th and the 99.5th
   * percentile of the training rows unless told.
   */
  readonly range?: { readonly floor: number; readonly ceiling: number };
  /** Unit of the raw value. */
  readonly unit: string;
  /** What it is, in words. */
  readonly description: string;
  /** Parts of the state it reads; none for a feature of the transaction alone. */
  readonly needs: readonly StatePart[];
  /** A raw value as a reason reads it, such as "amount 8.2 times this customer's usual". */
  sentence(value: number): string;
  /** The raw value, from the row and the state before it. */
  value(row: Readonly<RowState>): number;
}

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

const definitions: readonly FeatureDefinition[] = [
  {
    name: "amount",
    kind: "transaction",
    window: null,
    side: "high",
    unit: "major units",
    description: "amount of the transaction",
    needs: [],
    sentence: (value) => `amount of ${value.toFixed(2)}`,
    value: (row) => row.amount,
  },
  {
    name: "hour",
    kind: "transaction",
    window: null,
    side: "both",
    unit: "hours UTC",
    description: "hour of the day, 0 to 23",
    needs: [],
    sentence: (value) => `made in the hour from ${String(value).padStart(2, "0")}:00 UTC`,
    value: (row) => Math.floor(positiveRemainder(row.timestampMs, DAY_MS) / HOUR_MS),
  },
  {
    name: "weekday",
    kind: "transaction",
    window: null,
    side: "both",
    unit: "days",
    description: "day of the week in UTC, 0 for Monday to 6 for Sunday",
    needs: [],
    sentence: (value) => `made on a ${WEEKDAYS[value] ?? "day unknown"}`,
    // 1970-01-01 was a Thursday.
    value: (row) => positiveRemainder(Math.floor(row.timestampMs / DAY_MS) + 3, 7),
  },
  {
    name: "z",
    kind: "customer",
    window: null,
    side: "high",
    unit: "sd",
    description: "amount less the customer's mean, in the customer's standard deviations",
    needs: ["spending"],
    sentence: (value) =>
      `amount ${Math.abs(value).toFixed(1)} sd ${aboveOrBelow(value)} this customer's usual`,
    value: (row) => row.z,
  },
  {
    name: "ratio",
    kind: "customer",
    window: null,
    side: "high",
    unit: "times",
    description: "amount over the customer's mean amount",
    needs: ["spending"],
    sentence: (value) => `amount ${value.toFixed(1)} times this customer's usual`,
    value: (row) => row.amount / row.customerMean,
  },
  {
    name: "csusp14",
    kind: "customer",
    window: "14d",
    side: "high",
    unit: "sd",
    description: "sum of what the customer's earlier z exceeded 2 by, at most 10 each, decayed over 14 days",
    needs: ["spending"],
    sentence: (value) => `earlier amounts of this card ${value.toFixed(1)} sd beyond its usual, of late`,
    value: (row) => row.suspicion,
  },
  {
    name: "customer_count_1h",
    kind: "customer",
    window: "1h",
    side: "high",
    unit: "transactions",
    description: "earlier transactions of the customer, decayed over 1 hour",
    needs: ["velocity"],
    sentence: (value) => `some ${value.toFixed(1)} transactions of this card in the last hour`,
    value: (row) => row.customerVelocity.hour,
  },
  {
    name: "customer_amount_1h",
    kind: "customer",
    window: "1h",
    side: "high",
    unit: "major units",
    description: "sum of the customer's earlier amounts, decayed over 1 hour",
    needs: ["customer-amounts"],
    sentence: (value) => `some ${value.toFixed(2)} spent with this card in the last hour`,
    value: (row) => row.customerAmountHour,
  },
  {
    name: "customer_frauds_28d",
    kind: "customer",
    window: "28d",
    side: "high",
    unit: "frauds",
    description: "known frauds of the customer, decayed over 28 days from when they became known",
    needs: ["customer-labels"],
    sentence: (value) => `some ${value.toFixed(1)} known frauds of this card in the last 28 days`,
    value: (row) => row.customerFrauds,
  },
  {
    name: "terminal_count_1h",
    kind: "terminal",
    window: "1h",
    side: "high",
    unit: "transactions",
    description: "earlier transactions at the terminal in the same partition, decayed over 1 hour",
    needs: ["velocity"],
    sentence: (value) => `some ${value.toFixed(1)} transactions at this terminal in the last hour`,
    value: (row) => row.terminalVelocity.hour,
  },
  {
    name: "burst_10m",
    kind: "customer-and-terminal",
    window: "10m",
    side: "high",
    range: { floor: 1, ceiling: 1.125 },
    unit: "times the usual and one",
    description:
      "by how much the earlier transactions of 10 minutes exceed twice the average of the week before, of the customer or " +
      "of the terminal in the same partition, whichever is more",
    needs: ["velocity"],
    sentence: (value) => burstSentence(value, "10 minutes"),
    value: (row) => Math.max(row.customerVelocity.tenMinutesBurst, row.terminalVelocity.tenMinutesBurst),
  },
  {
    name: "burst_1h",
    kind: "customer-and-terminal",
    window: "1h",
    side: "high",
    range: { floor: 1.5, ceiling: 1.625 },
    unit: "times the usual and one",
    description:
      "by how much the earlier transactions of 1 hour exceed twice the average of the week before, of the customer or " +
      "of the terminal in the same partition, whichever is more",
    needs: ["velocity"],
    sentence: (value) => burstSentence(value, "an hour"),
    value: (row) => Math.max(row.customerVelocity.hourBurst, row.terminalVelocity.hourBurst),
  },
  {
    name: "terminal_risk_7d",
    kind: "terminal",
    window: "7d",
    side: "high",
    unit: "share",
    description: "share of frauds not put down to the card among the terminal's labels, decayed over 7 days",
    needs: ["terminal-labels"],
    sentence: (value) => `${(value * 100).toFixed(0)}% of this terminal's latest known transactions fraud`,
    value: (row) => row.terminalRisk,
  },
  {
    name: "terminal_label_ewma",
    kind: "terminal",
    window: null,
    side: "high",
    unit: "share",
    description: "mean of the terminal's labels, fraud 1 and legitimate 0, the newest with weight 0.4",
    needs: ["terminal-labels"],
    sentence: (value) => `newest labels of this terminal ${(value * 100).toFixed(0)}% fraud`,
    value: (row) => row.terminalLabelEwma,
  },
  {
    name: "terminal_label_streak",
    kind: "terminal",
    window: null,
    side: "high",
    unit: "labels",
    description: "newest labels of the terminal that are all fraud, at most 10",
    needs: ["terminal-labels"],
    sentence: (value) => `last ${value.toFixed(0)} labels of this terminal all fraud`,
    value: (row) => row.terminalLabelStreak,
  },
];

function burstSentence(value: number, time: string): string {
  return value < 0.5
    ? `no more transactions of this card or at this terminal in ${time} than usual`
    : `transactions of this card or at this terminal in ${time} ${value.toFixed(1)} times beyond the usual`;
}

function aboveOrBelow(value: number): string {
  return value < 0 ? "below" : "above";
}

function positiveRemainder(dividend: number, divisor: number): number {
  const remainder = dividend % divisor;
  return remainder < 0 ? remainder + divisor : remainder;
}

/**
 * Every feature of a transaction that Edgewood can compute, by name.
 *
 * Trainer, consumer, HTTP and replay compute features from these definitions only. A new one is one entry above and one
 * test; it reads any field of `RowState`, and names the state parts that fill these fields.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { featureRegistry } from "./registry.ts";
 *
 * assertEquals(featureRegistry.get("amount")?.sentence(12), "amount of 12.00");
 * ```
 */
export const featureRegistry: ReadonlyMap<string, FeatureDefinition> = new Map(
  definitions.map((definition) => [definition.name, definition]),
);

/**
 * What a manifest says of a feature; a model whose words differ from the registry's was trained on another feature.
 *
 * @returns Plain JSON without the name.
 */
export function describeFeature(definition: FeatureDefinition): Record<string, string | null> {
  const { kind, window, side, unit, description } = definition;
  return { kind, window, side, unit, description };
}
