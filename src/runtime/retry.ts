/** How {@link retry} goes on after a failure. */
export interface RetryOptions {
  /** No attempt begins later than this after the first, in milliseconds; 30,000 by default. */
  deadlineMs?: number;
  /** Longest wait before the second attempt, in milliseconds; it doubles with each further one; 50 by default. */
  baseDelayMs?: number;
  /** Longest wait before any attempt, in milliseconds; 5,000 by default. */
  maxDelayMs?: number;
  /** Ends the wait between attempts; the last error is thrown then. */
  signal?: AbortSignal;
  /** Least wait after this error, in milliseconds, whatever the longest one is; 0 by default. */
  leastDelayMs?(error: unknown): number;
  /** Whether another attempt may succeed after this error. */
  retriable(error: unknown): boolean;
  /** Told of each failure that is followed by another attempt, the first being attempt 1. */
  onRetry?(error: unknown, attempt: number): void;
}

/**
 * Runs an attempt again and again until it succeeds, may not be repeated, or the deadline has passed.
 *
 * Between attempts it waits for a time drawn evenly from 0 to the bound that doubles with each attempt (full jitter,
 * so that many clients of a server that comes back do not come back at once). An attempt has to bound its own time: the
 * whole takes at most the deadline and one attempt.
 *
 * @param attempt Gets its number, from 1.
 * @throws The last error as it is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { retry } from "./retry.ts";
 *
 * const flaky = (attempt: number) => attempt < 3 ? Promise.reject(new Error("down")) : Promise.resolve(attempt);
 * assertEquals(await retry(flaky, { retriable: () => true, baseDelayMs: 1 }), 3);
 * ```
 */
export async function retry<T>(
  attempt: (number: number) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const { deadlineMs = 30_000, baseDelayMs = 50, maxDelayMs = 5_000, signal } = options;
  const deadline = performance.now() + deadlineMs;
  for (let number = 1;; number++) {
    try {
      return await attempt(number);
    } catch (error) {
      const jitteredMs = Math.random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (number - 1));
      const delayMs = (options.leastDelayMs?.(error) ?? 0) + jitteredMs;
      const late = performance.now() + delayMs > deadline;
      if (late || signal?.aborted || !options.retriable(error)) throw error;
      options.onRetry?.(error, number);
      await pause(delayMs, signal);
      if (signal?.aborted) throw error;
    }
  }
}

/** Waits, or less where the signal aborts. */
export function pause(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, delayMs);
    signal?.addEventListener("abort", end);
  });
}
