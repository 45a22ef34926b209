import type { FeatureDefinition } from "./definition.ts";
import { customerAmount1h } from "./definitions/customer_amount.ts";
import { customerFrauds28d } from "./definitions/customer_frauds.ts";
import { csusp14, ratio, z } from "./definitions/spending.ts";
import { terminalLabelEwma, terminalLabelStreak, terminalRisk7d } from "./definitions/terminal_labels.ts";
import { amount, hour, weekday } from "./definitions/transaction.ts";
import { burst10m, burst1h, customerCount1h, terminalCount1h } from "./definitions/velocity.ts";

/** The order decides where the parts of the state have their columns: add new features at the end. */
const definitions: readonly FeatureDefinition[] = [
  amount,
  hour,
  weekday,
  z,
  ratio,
  csusp14,
  customerCount1h,
  customerAmount1h,
  customerFrauds28d,
  terminalCount1h,
  burst10m,
  burst1h,
  terminalRisk7d,
  terminalLabelEwma,
  terminalLabelStreak,
];

/**
 * Every feature of a transaction that Edgewood can compute, by name.
 *
 * Trainer, consumer, HTTP and replay compute features from these definitions only.
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
 * The named sets of features that `train` offers for transactions, `streaming` the default.
 *
 * `basic` needs no state and finds little. `no-labels` learns each card's usual and sees bursts such as card testing.
 * `streaming` learns from late labels as well.
 */
export const featureSets = {
  "basic": ["amount", "hour", "weekday"],
  "no-labels": ["amount", "z", "ratio", "csusp14", "burst_10m", "burst_1h"],
  "streaming": [
    "amount",
    "z",
    "ratio",
    "csusp14",
    "terminal_risk_7d",
    "terminal_label_ewma",
    "burst_10m",
    "burst_1h",
  ],
} as const satisfies Record<string, readonly string[]>;

/** Name of a set in `featureSets`. */
export type FeatureSetName = keyof typeof featureSets;
