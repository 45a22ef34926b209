import { DeliveryError } from "../../delivery_error.ts";

/**
 * The outcome of a call, or an error when it takes too long; the call itself goes on unheard.
 *
 * @param what What is waited for, for the error.
 * @throws DeliveryError (retriable) after `ms` milliseconds.
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
    timer = setTimeout(() => {
      const message = `Cannot go on as Kafka must give ${what} within ${ms} ms: current value is no answer`;
      reject(new DeliveryError(message, { retriable: true }));
    }, ms);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
