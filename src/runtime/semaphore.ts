/**
 * A counting semaphore: who finds too few units free waits, first come, first served.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { Semaphore } from "./semaphore.ts";
 *
 * const memory = new Semaphore(10);
 * const done: string[] = [];
 * await Promise.all(["a", "b"].map(async (name) => {
 *   using _held = await memory.acquire(8);
 *   done.push(name);
 * }));
 * assertEquals(done, ["a", "b"]);
 * ```
 */
export class Semaphore {
  readonly #size: number;
  readonly #waiting: { size: number; enter(): void }[] = [];
  #held = 0;

  /** @param size Number of units. */
  constructor(size: number) {
    this.#size = size;
  }

  /**
   * Takes units as soon as they are free, until the result is disposed of; more than there are, as soon as all are free.
   *
   * @param size 0 or more.
   * @throws The signal's reason if it aborts first.
   */
  acquire(size: number, signal?: AbortSignal): Promise<Disposable> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal!.reason);
        this.#admit();
      };
      const waiting = {
        size,
        enter: () => {
          signal?.removeEventListener("abort", leave);
          resolve({ [Symbol.dispose]: () => this.#release(size) });
        },
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#waiting.push(waiting);
      this.#admit();
    });
  }

  #release(size: number) {
    this.#held -= size;
    this.#admit();
  }

  #admit() {
    for (;;) {
      const [first] = this.#waiting;
      if (first === undefined || (this.#held > 0 && this.#held + first.size > this.#size)) return;
      this.#waiting.shift();
      this.#held += first.size;
      first.enter();
    }
  }
}
