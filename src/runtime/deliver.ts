import { DeliveryError } from "./delivery_error.ts";
import { retry } from "./retry.ts";

/** How {@link deliver} goes on, and whom it tells. */
export interface DeliverOptions {
  /** Gives up: the last error is thrown. Without it, delivery is tried for ever. */
  signal?: AbortSignal;
  /** Longest wait between two attempts, in milliseconds; 5,000 by default. */
  maxDelayMs?: number;
  /** Told of each failure that is followed by another attempt. */
  onRetry?(error: DeliveryError): void;
  /** Told when the work succeeded after a failure. */
  onRecovered?(): void;
}

/**
 * Does the work, and repeats it while it throws a retriable `DeliveryError`, however long that takes.
 *
 * It waits for a time that doubles, with jitter, and never for less than the error's `retryAfterMs`.
 *
 * @returns What the work returned.
 * @throws What the work threw, where that is not retriable or the signal says to give up.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { deliver } from "./deliver.ts";
 * import { DeliveryError } from "./delivery_error.ts";
 *
 * let calls = 0;
 * const result = await deliver(() => {
 *   if (++calls < 3) throw new DeliveryError("Cannot put the object: 503", { retriable: true });
 *   return Promise.resolve("done");
 * });
 * assertEquals([result, calls], ["done", 3]);
 * ```
 */
export async function deliver<T>(work: () => Promise<T>, options: DeliverOptions = {}): Promise<T> {
  let hasFailed = false;
  // Work that throws at once fails like work that rejects.
  const result = await retry(async () => await work(), {
    deadlineMs: Infinity,
    signal: options.signal,
    maxDelayMs: options.maxDelayMs,
    leastDelayMs: (error) => error instanceof DeliveryError ? error.retryAfterMs : 0,
    retriable: (error) => error instanceof DeliveryError && error.retriable,
    onRetry(error) {
      hasFailed = true;
      options.onRetry?.(error as DeliveryError);
    },
  });
  if (hasFailed) options.onRecovered?.();
  return result;
}
