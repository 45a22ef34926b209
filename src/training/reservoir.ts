import type { Random } from "./random.ts";

/**
 * Uniform sample without replacement of a stream of unknown length: Algorithm L (Li 1994, "Reservoir-sampling algorithms of time
 * complexity O(n(1 + log(N/n)))", ACM TOMS 20).
 *
 * It deals in row numbers only: the caller stores row `next` in the slot that `take()` returns, and may ignore every row
 * before it. So a row that is not drawn costs nothing. Slots are filled in order until the reservoir is full; then a new row
 * replaces the one of a slot drawn at random.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { Random } from "./random.ts";
 * import { Reservoir } from "./reservoir.ts";
 *
 * const reservoir = new Reservoir(3, new Random(1));
 * const drawn = [-1, -1, -1];
 * while (reservoir.next < 1000) {
 *   const row = reservoir.next;
 *   drawn[reservoir.take()] = row;
 * }
 * assertEquals(new Set(drawn).size, 3);
 * ```
 */
export class Reservoir {
  readonly capacity: number;
  /** Number of the next row to take, counted from 0. */
  next = 0;
  readonly #random: Random;
  /** The largest of `capacity` uniform keys that the rows held so far would have. */
  #largestKey = 1;

  /**
   * An empty reservoir.
   *
   * @param capacity Number of slots, an integer from 1; throws RangeError otherwise.
   * @param random Where the draws come from.
   */
  constructor(capacity: number, random: Random) {
    if (!Number.isInteger(capacity) || capacity < 1) {
      throw new RangeError(
        `Cannot sample rows as the capacity must be an integer from 1: current value is ${capacity}`,
      );
    }
    this.capacity = capacity;
    this.#random = random;
  }

  /** Takes row `next` in: returns its slot in [0, capacity) and moves `next` on to the row after it that is drawn. */
  take(): number {
    const row = this.next;
    const filling = row < this.capacity;
    const slot = filling ? row : this.#random.below(this.capacity);
    this.next = row + 1;
    if (row >= this.capacity - 1) {
      // 1 - float() lies in (0, 1], whose logarithm is finite.
      this.#largestKey *= Math.exp(Math.log(1 - this.#random.float()) / this.capacity);
      this.next += Math.floor(Math.log(1 - this.#random.float()) / Math.log1p(-this.#largestKey));
    }
    return slot;
  }
}
