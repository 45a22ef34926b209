/**
 * How far the group is, as the broker's lag tools see it.
 *
 * @module
 */
import type { Subscription } from "../broker/broker.ts";

/** Least time between two tellings. */
const TELL_EVERY_MS = 1000;

/**
 * Tells the broker how far each partition is committed, at most once a second: each telling is a request of its own (in
 * the embedded stream a write to disk), and nothing but lag tools reads it.
 */
export class GroupOffsets {
  readonly #subscription: Pick<Subscription, "commitOffset">;
  readonly #onFailure: (partition: number, error: Error) => void;
  readonly #waiting = new Map<number, number>();
  #toldAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Has told nothing yet.
   *
   * @param onFailure Hears what was not told; the next telling makes up for it.
   */
  constructor(
    subscription: Pick<Subscription, "commitOffset">,
    onFailure: (partition: number, error: Error) => void,
  ) {
    this.#subscription = subscription;
    this.#onFailure = onFailure;
  }

  /** Notes a commit; the broker learns of it within a second. */
  committed(partition: number, nextOffset: number): void {
    this.#waiting.set(partition, nextOffset);
    const waitMs = this.#toldAt + TELL_EVERY_MS - performance.now();
    if (waitMs <= 0) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), waitMs);
  }

  /** Leaves out what waits of a partition that is another member's now. */
  forget(partition: number): void {
    this.#waiting.delete(partition);
  }

  /** Leaves out all that waits. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting.clear();
  }

  /** Tells all that waits; resolves when the broker knows it or could not be told. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#toldAt = performance.now();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    await Promise.all(
      waiting.map(([partition, nextOffset]) =>
        this.#subscription.commitOffset(partition, nextOffset)
          .catch((error) => this.#onFailure(partition, error))
      ),
    );
  }
}
