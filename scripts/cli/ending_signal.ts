/**
 * A signal that aborts on Ctrl-C or SIGTERM, so that work ends in good order.
 *
 * A terminal tells the whole group of processes and `deno task` passes the signal on, so one Ctrl-C may come twice within a
 * moment; only one that comes later, while the work is still ending, ends the process at once.
 *
 * @param task What is ending, for the line on standard error.
 * @returns The signal, and how to stop listening.
 */
export function endingSignal(task: string): { signal: AbortSignal } & Disposable {
  const ending = new AbortController();
  let abortedAt = 0;
  const end = () => {
    if (!ending.signal.aborted) {
      abortedAt = performance.now();
      console.error(`${task}: finishing what is in hand; Ctrl-C once more to end at once`);
      ending.abort();
    } else if (performance.now() - abortedAt > 1000) Deno.exit(130);
  };
  const signals: Deno.Signal[] = ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, end);
  return {
    signal: ending.signal,
    [Symbol.dispose]() {
      for (const signal of signals) Deno.removeSignalListener(signal, end);
    },
  };
}
