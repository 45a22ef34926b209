export interface PartitionPosition {
  nextOffset: number;
  /** Offset of the last flagged transaction that is in a recorded cut of objects, -1 before the first. */
  cutOffset: number;
}

/**
 * Works out how long flagged transactions wait, from their commit to the cut of their object.
 *
 * A cut is recorded when the one before it is stored, so while the object store is away the wait grows.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../src/testing/assert.ts";
 * import { ObjectLatency } from "./object_latency.ts";
 *
 * const latency = new ObjectLatency();
 * latency.observe(0, new Map([[0, { nextOffset: 100, cutOffset: -1 }]]));
 * latency.observe(1000, new Map([[0, { nextOffset: 900, cutOffset: 80 }]]));
 * assertEquals(latency.observe(1500, new Map([[0, { nextOffset: 900, cutOffset: 850 }]])), 500);
 * ```
 */
export class ObjectLatency {
  readonly #seen = new Map<number, { atMs: number; nextOffset: number }[]>();

  /**
   * Takes a look at all partitions into account.
   *
   * @returns Longest time since what was cut last was committed, milliseconds; 0 before the first cut.
   */
  observe(atMs: number, positions: ReadonlyMap<number, PartitionPosition>): number {
    let longest = 0;
    for (const [partition, { nextOffset, cutOffset }] of positions) {
      const seen = this.#seen.get(partition) ?? [];
      this.#seen.set(partition, seen);
      if (seen.at(-1)?.nextOffset !== nextOffset) seen.push({ atMs, nextOffset });
      if (cutOffset < 0) continue;
      // What was committed before the last cut is of no use any more.
      while (seen.length > 1 && seen[0].nextOffset <= cutOffset) seen.shift();
      longest = Math.max(longest, atMs - seen[0].atMs);
    }
    return longest;
  }
}
