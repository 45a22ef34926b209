/**
 * The named sets of features that `train` offers for transactions.
 *
 * `basic` needs no state and finds little; it is what a first version does.
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
  basic: ["amount", "hour", "weekday"],
} as const satisfies Record<string, readonly string[]>;
