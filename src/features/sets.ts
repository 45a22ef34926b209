/**
 * The named sets of features that `train` offers for transactions, `streaming` the default.
 *
 * `basic` needs no state and finds little; it is what a first version does. `no-labels` learns each card's usual. The
 * others learn from labels that arrive late as well; `card-testing` adds velocity, which costs a little where nobody
 * tests stolen cards by many small amounts.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { featureSets } from "./sets.ts";
 *
 * assertEquals(featureSets.basic, ["amount", "hour", "weekday"]);
 * ```
 */
export const featureSets = {
  "basic": ["amount", "hour", "weekday"],
  "no-labels": ["amount", "z", "ratio", "csusp14"],
  "streaming": ["amount", "z", "ratio", "csusp14", "terminal_risk_7d", "terminal_label_ewma"],
  "card-testing": [
    "amount",
    "z",
    "ratio",
    "csusp14",
    "terminal_risk_7d",
    "terminal_label_ewma",
    "customer_count_1h",
    "terminal_count_1h",
  ],
} as const satisfies Record<string, readonly string[]>;

/** Name of a set in `featureSets`. */
export type FeatureSetName = keyof typeof featureSets;
