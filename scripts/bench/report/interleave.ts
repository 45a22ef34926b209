import { type Spread, spreadOf } from "./spread.ts";

/** How contenders take turns. */
export interface InterleaveOptions {
  /** Rounds that count, at least 1. */
  rounds: number;
  /** Rounds before them that do not (default 1). */
  warmUps?: number;
  /** Told before each run, for progress. */
  onRun?(round: number, contender: number): void;
}

/**
 * Runs each contender once a round, in turn, so that a slow minute of the machine falls on all of them.
 *
 * The turn goes backwards in every second round: nobody always runs after the same neighbour.
 *
 * @param contenders Each runs once and returns its figure.
 * @returns The spread of each contender, in their order.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../../src/testing/assert.ts";
 * import { interleave } from "./interleave.ts";
 *
 * let runs = 0;
 * const [a, b] = await interleave([() => ++runs, () => -(++runs)], { rounds: 2, warmUps: 0 });
 * assertEquals([a.values, b.values], [[1, 4], [-2, -3]]);
 * ```
 */
export async function interleave(
  contenders: readonly (() => number | Promise<number>)[],
  { rounds, warmUps = 1, onRun }: InterleaveOptions,
): Promise<Spread[]> {
  const values = contenders.map(() => [] as number[]);
  for (let round = -warmUps; round < rounds; round++) {
    const turn = contenders.map((_, i) => i);
    if (Math.abs(round) % 2 === 1) turn.reverse();
    for (const i of turn) {
      onRun?.(round, i);
      const value = await contenders[i]();
      if (round >= 0) values[i].push(value);
    }
  }
  return values.map(spreadOf);
}
