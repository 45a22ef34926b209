import { decimalAmount } from "../../domain/currency.ts";
import type { FeatureDefinition } from "../definition.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

export const amount: FeatureDefinition = {
  name: "amount",
  kind: "transaction",
  window: null,
  side: "high",
  unit: "major units",
  description: "amount of the transaction",
  sentence: (value, currency) => `amount of ${decimalAmount(String(value), currency)}`,
  value: (row) => row.amount,
};

export const hour: FeatureDefinition = {
  name: "hour",
  kind: "transaction",
  window: null,
  side: "both",
  unit: "hours UTC",
  description: "hour of the day, 0 to 23",
  sentence: (value) => `made in the hour from ${String(value).padStart(2, "0")}:00 UTC`,
  value: (row) => Math.floor(positiveRemainder(row.timestampMs, DAY_MS) / HOUR_MS),
};

export const weekday: FeatureDefinition = {
  name: "weekday",
  kind: "transaction",
  window: null,
  side: "both",
  unit: "days",
  description: "day of the week in UTC, 0 for Monday to 6 for Sunday",
  sentence: (value) => `made on a ${WEEKDAYS[value] ?? "day unknown"}`,
  // 1970-01-01 was a Thursday.
  value: (row) => positiveRemainder(Math.floor(row.timestampMs / DAY_MS) + 3, 7),
};

function positiveRemainder(dividend: number, divisor: number): number {
  const remainder = dividend % divisor;
  return remainder < 0 ? remainder + divisor : remainder;
}
