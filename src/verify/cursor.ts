/**
 * A place in a sequence that comes in pages.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { Cursor } from "./cursor.ts";
 *
 * async function* pages() {
 *   yield [1, 2];
 *   yield [3];
 * }
 * const cursor = new Cursor(pages());
 * await cursor.peek();
 * cursor.take();
 * assertEquals(await cursor.peek(), 2);
 * ```
 */
export class Cursor<T> {
  readonly #pages: AsyncIterator<ArrayLike<T>>;
  #page: ArrayLike<T> = [];
  #at = 0;

  /** Starts before the first element. */
  constructor(pages: AsyncIterable<ArrayLike<T>>) {
    this.#pages = pages[Symbol.asyncIterator]();
  }

  /** The next element where its page is at hand, else undefined. */
  peekNow(): T | undefined {
    return this.#page[this.#at];
  }

  /** The next element, or undefined at the end. */
  async peek(): Promise<T | undefined> {
    while (this.#at >= this.#page.length) {
      const { value, done } = await this.#pages.next();
      if (done) return undefined;
      this.#page = value;
      this.#at = 0;
    }
    return this.#page[this.#at];
  }

  /** Steps over the element that was peeked at. */
  take(): void {
    this.#at++;
  }
}
