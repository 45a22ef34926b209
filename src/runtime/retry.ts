import { DeliveryError } from "./delivery_error.ts";

/** How {@link retry} goes on after a failure. */
export interface RetryOptions {
  /** No attempt begins later than this after the first, in milliseconds (default: none). */
  deadlineMs?: number;
  /** Longest wait before the second attempt, in milliseconds; it doubles with each further one; 50 by default. */
  baseDelayMs?: number;
  /** Longest wait before any attempt, in milliseconds, unless the error asks for more; 5,000 by default. */
  maxDelayMs?: number;
  /** Gives up, also during a wait: the last error is thrown. */
  signal?: AbortSignal;
  /** Ends the wait during which it aborts, so that the next attempt begins at once. */
  wake?: AbortSignal;
  /** Whether another attempt may succeed; by default, after a retriable `DeliveryError`. */
  retriable?(error: unknown): boolean;
  /** Called after each failure that another attempt follows; the first attempt is number 1. */
  onRetry?(error: Error, attempt: number): void;
  /** Called when an attempt succeeds after a failure. */
  onRecovered?(): void;
  /** Called when it ends with an error after an earlier failure. */
  onGivenUp?(): void;
}

/**
 * Repeats an attempt until it succeeds, fails for good, or the deadline passes.
 *
 * It waits for a random time up to a bound that doubles (full jitter, so that the clients of a server do not return all
 * at once), and at least for a `DeliveryError`'s `retryAfterMs`. An attempt must bound its own time.
 *
 * @param attempt Gets its number, from 1.
 * @throws The last error as it is.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { DeliveryError } from "./delivery_error.ts";
 * import { retry } from "./retry.ts";
 *
 * const attempt = (number: number) => {
 *   if (number < 3) throw new DeliveryError("Cannot put the object: 503", { retriable: true });
 *   return "done";
 * };
 * assertEquals(await retry(attempt, { baseDelayMs: 1 }), "done");
 * ```
 */
export async function retry<T>(
  attempt: (number: number) => Promise<T> | T,
  options: RetryOptions = {},
): Promise<T> {
  const { deadlineMs = Infinity, baseDelayMs = 50, maxDelayMs = 5_000, signal, wake } = options;
  const { retriable = (error) => error instanceof DeliveryError && error.retriable } = options;
  const deadline = performance.now() + deadlineMs;
  for (let number = 1;; number++) {
    let result;
    try {
      result = await attempt(number);
    } catch (error) {
      const jitteredMs = Math.random() * Math.min(maxDelayMs, baseDelayMs * 2 ** (number - 1));
      const delayMs = (error instanceof DeliveryError ? error.retryAfterMs : 0) + jitteredMs;
      const late = performance.now() + delayMs > deadline;
      const isLast = late || signal?.aborted || !retriable(error);
      if (!isLast) {
        options.onRetry?.(error as Error, number);
        await pause(delayMs, wakes(signal, wake));
        if (!signal?.aborted) continue;
      }
      if (!isLast || number > 1) options.onGivenUp?.();
      throw error;
    }
    if (number > 1) options.onRecovered?.();
    return result;
  }
}

function wakes(signal: AbortSignal | undefined, wake: AbortSignal | undefined): AbortSignal | undefined {
  return wake === undefined || wake.aborted ? signal : AbortSignal.any(signal ? [signal, wake] : [wake]);
}

/** Waits, until the signal aborts at most. */
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
