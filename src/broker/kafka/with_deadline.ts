/**
 * The outcome of a call, or an error when it takes too long; the call itself goes on unheard.
 *
 * @param what What is waited for, for the error.
 * @throws Error after `ms` milliseconds; the caller says what it was good for.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { withDeadline } from "./with_deadline.ts";
 *
 * assertEquals(await withDeadline(Promise.resolve(1), 1000, "one"), 1);
 * ```
 */
export async function withDeadline<T>(call: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
