/** A call took too long. */
export class LateError extends Error {
  override readonly name = "LateError";
}

/**
 * The outcome of a call, or an error when it takes too long; the call itself continues.
 *
 * @param what What is awaited, for the error.
 */
export async function withDeadline<T>(call: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LateError(`no ${what} within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits for connections to end, at most `ms`; how they end does not matter, since they may be broken. */
export async function closed(closing: Promise<unknown>, ms: number): Promise<void> {
  await withDeadline(closing, ms, "end of the connection").catch(() => {});
}
