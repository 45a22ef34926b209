/**
 * The named sets of features that `train` offers for transactions, `streaming` the default.
 *
 * `basic` needs no state and finds little; it is what a first version does. `no-labels` learns each card's usual, and
 * sees bursts as of card testing. `streaming` learns from labels that arrive late as well.
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
