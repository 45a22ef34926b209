import { patience } from "./patience.ts";

/**
 * Waits until a condition holds, and throws where it does not hold in time.
 *
 * @param condition Looked at again and again; a thrown error or a falsy result means "not yet".
 * @param options `timeoutMs` is the deadline on a quiet machine (default 20,000; `patience` stretches it); `what` names the
 * condition in the error.
 * @returns What the condition returned.
 * @throws Error after the deadline, with the last error as its cause.
 *
 * @example
 * ```ts
 * import { until } from "./until.ts";
 *
 * const startedAt = Date.now();
 * await until(() => Date.now() - startedAt > 5);
 * ```
 */
export async function until<T>(
  condition: () => T | Promise<T>,
  options: { timeoutMs?: number; what?: string } = {},
): Promise<T> {
  const { timeoutMs = 20_000, what = "the condition" } = options;
  const startedAt = performance.now();
  let cause: unknown;
  for (;;) {
    try {
      const result = await condition();
      if (result) return result;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    const waitedMs = performance.now() - startedAt;
    if (waitedMs > patience(timeoutMs)) {
      throw new Error(`${what} must hold within ${Math.round(waitedMs)} ms: it does not yet`, { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
