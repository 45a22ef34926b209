/** Least share of all that speaks for an anomaly at which a reason is named. */
const LEAST_SHARE = 0.15;
const MOST = 3;

/**
 * The reasons that a sentence should name: up to three that speak most for an anomaly, and nothing that hardly does.
 *
 * @param reasons Each in words, with its contribution to the path length; negative speaks for an anomaly.
 * @returns Their words, the strongest first.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { tellingReasons } from "./telling_reasons.ts";
 *
 * const reasons = [{ text: "a", contribution: -0.1 }, { text: "b", contribution: -2 }, { text: "c", contribution: 1 }];
 * assertEquals(tellingReasons(reasons), ["b"]);
 * ```
 */
export function tellingReasons(reasons: readonly { text: string; contribution: number }[]): string[] {
  const against = reasons.filter(({ contribution }) => contribution < 0)
    .sort((a, b) => a.contribution - b.contribution);
  const total = against.reduce((sum, { contribution }) => sum + contribution, 0);
  return against.filter(({ contribution }, i) => i === 0 || contribution / total >= LEAST_SHARE)
    .slice(0, MOST).map(({ text }) => text);
}
