/**
 * A binary heap: the first item by an order comes out first.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { Heap } from "./heap.ts";
 *
 * const heap = new Heap<number>((a, b) => a < b);
 * for (const number of [3, 1, 2]) heap.push(number);
 * assertEquals([heap.pop(), heap.first, heap.length], [1, 2, 2]);
 * ```
 */
export class Heap<T> {
  readonly #isBefore: (a: T, b: T) => boolean;
  readonly #items: T[] = [];

  /** Makes an empty heap with a strict order. */
  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get length(): number {
    return this.#items.length;
  }

  /** The item that comes out next; undefined if there is none. */
  get first(): T | undefined {
    return this.#items[0];
  }

  /** All items, in no order. */
  get items(): readonly T[] {
    return this.#items;
  }

  push(item: T): void {
    const items = this.#items;
    let hole = items.push(item) - 1;
    while (hole > 0) {
      const parent = hole - 1 >> 1;
      if (!this.#isBefore(item, items[parent])) break;
      items[hole] = items[parent];
      hole = parent;
    }
    items[hole] = item;
  }

  /** Takes the first item out; there must be one. */
  pop(): T {
    const items = this.#items;
    const [first] = items;
    const last = items.pop() as T;
    if (items.length === 0) return first;
    let hole = 0;
    for (let child = 1; child < items.length; child = 2 * hole + 1) {
      if (child + 1 < items.length && this.#isBefore(items[child + 1], items[child])) child++;
      if (!this.#isBefore(items[child], last)) break;
      items[hole] = items[child];
      hole = child;
    }
    items[hole] = last;
    return first;
  }
}
