interface Waiting {
  size: number;
  enter(): void;
}

/**
 * A counting semaphore: work that does not fit waits for its turn, first come, first served.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { Semaphore } from "./semaphore.ts";
 *
 * const room = new Semaphore(10);
 * const done: string[] = [];
 * await Promise.all(["a", "b"].map((name) => room.hold(8, () => Promise.resolve(done.push(name)))));
 * assertEquals(done, ["a", "b"]);
 * ```
 */
export class Semaphore {
  readonly #size: number;
  readonly #waiting: Waiting[] = [];
  #held = 0;

  /** Makes room of a size, in whatever unit the work is measured. */
  constructor(size: number) {
    this.#size = size;
  }

  /**
   * Does the work as soon as there is room for it; what is larger than the whole room is done by itself.
   *
   * @param size How much room the work takes while it is done, 0 or more.
   * @throws What the work throws; the signal's reason where it aborts before the work has begun.
   */
  async hold<T>(size: number, work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#enter(size, signal);
    try {
      return await work();
    } finally {
      this.#held -= size;
      this.#admit();
    }
  }

  #enter(size: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const leave = () => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(signal!.reason);
        this.#admit();
      };
      const waiting: Waiting = {
        size,
        enter() {
          signal?.removeEventListener("abort", leave);
          resolve();
        },
      };
      signal?.addEventListener("abort", leave, { once: true });
      this.#waiting.push(waiting);
      this.#admit();
    });
  }

  /** Lets in whoever waits longest, while there is room. */
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
