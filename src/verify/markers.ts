/**
 * Offsets that never held a record for a reader, in the order in which they are read.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { Markers } from "./markers.ts";
 *
 * const markers = new Markers();
 * markers.add(3, 5);
 * assertEquals([markers.has(4), markers.countIn({ firstOffset: 4, nextOffset: 9 })], [true, 1]);
 * ```
 */
export class Markers {
  #stretches: { firstOffset: number; nextOffset: number }[] = [];

  /** Adds a stretch behind those before. */
  add(firstOffset: number, nextOffset: number): void {
    this.#stretches.push({ firstOffset, nextOffset });
  }

  has(offset: number): boolean {
    return this.#stretches.some((each) => each.firstOffset <= offset && offset < each.nextOffset);
  }

  /** How many offsets of a range they are; what lies before the range is forgotten. */
  countIn({ firstOffset, nextOffset }: { firstOffset: number; nextOffset: number }): number {
    this.#stretches = this.#stretches.filter((each) => each.nextOffset > firstOffset);
    return this.#stretches.reduce((sum, each) => {
      const common = Math.min(each.nextOffset, nextOffset) - Math.max(each.firstOffset, firstOffset);
      return sum + Math.max(0, common);
    }, 0);
  }
}
