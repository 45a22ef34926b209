/** Callers that are remembered; the least recent one is forgotten first. */
const MOST_CALLERS = 10_000;

/**
 * A token bucket for each caller.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { RateLimit } from "./rate_limit.ts";
 *
 * let now = 0;
 * const limit = new RateLimit({ perSecond: 1, burst: 2 }, () => now);
 * assertEquals([limit.take("a"), limit.take("a"), limit.take("a"), limit.take("b")], [true, true, false, true]);
 * now = 1000;
 * assertEquals(limit.take("a"), true);
 * ```
 */
export class RateLimit {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #nowMs: () => number;
  readonly #buckets = new Map<string, { left: number; atMs: number }>();

  constructor(
    { perSecond, burst }: { perSecond: number; burst: number },
    nowMs: () => number = () => performance.now(),
  ) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#nowMs = nowMs;
  }

  /** Takes one request from the caller's bucket; false if it is empty. */
  take(caller: string): boolean {
    const now = this.#nowMs();
    const known = this.#buckets.get(caller);
    const left = known === undefined
      ? this.#burst
      : Math.min(this.#burst, known.left + (now - known.atMs) * this.#perMs);
    this.#buckets.delete(caller);
    if (this.#buckets.size >= MOST_CALLERS) this.#buckets.delete(this.#buckets.keys().next().value!);
    this.#buckets.set(caller, { left: left >= 1 ? left - 1 : left, atMs: now });
    return left >= 1;
  }
}
