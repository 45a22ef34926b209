import type { RowState } from "./row_state.ts";

/** A part of the state that a feature reads; the state keeps the parts that the set's features need, and no other. */
export type StatePart =
  | "spending"
  | "suspicion"
  | "customer-velocity"
  | "terminal-velocity"
  | "terminal-labels";

/** Which end of a feature is suspicious; `both` leaves the values as they are. */
export type Side = "high" | "low" | "both";

/** What a feature is and how it is read: one entry of the registry. */
export interface FeatureDefinition {
  /** Name in manifests, reasons and tables; snake_case. */
  readonly name: string;
  /** Whose history it tells of. */
  readonly kind: "transaction" | "customer" | "terminal";
  /** Time over which history counts, as `7d`; null where time does not count. */
  readonly window: string | null;
  /** Which end is suspicious. */
  readonly side: Side;
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
];

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
