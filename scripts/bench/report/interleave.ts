import { type Spread, spreadOf } from "./spread.ts";

export interface InterleaveOptions {
  /** Rounds that count, at least 1. */
  rounds: number;
  /** Rounds before them that do not (default 1). */
  warmUps?: number;
  /** Contenders' names: each turn is announced on standard error. */
  names?: readonly string[];
}

/**
 * Runs each contender once a round, in turn, so that a slow minute of the machine falls on all of them.
 *
 * Every second round goes backwards: nobody always runs after the same neighbour.
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
  options: InterleaveOptions,
): Promise<Spread[]> {
  return (await interleaveRuns(contenders, options)).map(spreadOf);
}

/** As {@link interleave}, for runs that return more than one figure: the results of each contender's rounds. */
export async function interleaveRuns<Run>(
  contenders: readonly (() => Run | Promise<Run>)[],
  { rounds, warmUps = 1, names }: InterleaveOptions,
): Promise<Run[][]> {
  const runs = contenders.map((): Run[] => []);
  for (let round = -warmUps; round < rounds; round++) {
    const turn = contenders.map((_, i) => i);
    if (Math.abs(round) % 2 === 1) turn.reverse();
    for (const i of turn) {
      if (names !== undefined) console.error(`round ${round + 1} of ${rounds}: ${names[i]}`);
      const run = await contenders[i]();
      if (round >= 0) runs[i].push(run);
    }
  }
  return runs;
}
