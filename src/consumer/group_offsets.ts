import type { Subscription } from "../broker/broker.ts";

/** Least time between two commits to the broker. */
const COMMIT_EVERY_MS = 1000;

/**
 * Commits the group's offsets to the broker, at most once a second: each commit is a request (in the embedded stream a write
 * to disk), and only lag tools read them.
 */
export class GroupOffsets {
  readonly #subscription: Pick<Subscription, "commitOffset">;
  readonly #onFailure: (partition: number, error: Error) => void;
  readonly #waiting = new Map<number, number>();
  #committedAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Starts with nothing to commit.
   *
   * @param onFailure Called when a commit fails; the next one makes up for it.
   */
  constructor(
    subscription: Pick<Subscription, "commitOffset">,
    onFailure: (partition: number, error: Error) => void,
  ) {
    this.#subscription = subscription;
    this.#onFailure = onFailure;
  }

  /** Notes how far the ledger is; the broker gets it within a second. */
  committed(partition: number, nextOffset: number): void {
    this.#waiting.set(partition, nextOffset);
    const waitMs = this.#committedAt + COMMIT_EVERY_MS - performance.now();
    if (waitMs <= 0) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), waitMs);
  }

  /** Drops what waits of a partition that another member now owns. */
  forget(partition: number): void {
    this.#waiting.delete(partition);
  }

  /** Drops all that waits. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting.clear();
  }

  /** Commits all that waits; resolves when the broker has accepted or failed it. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#committedAt = performance.now();
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
