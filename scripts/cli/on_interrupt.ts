/** Exit codes of a process that a signal ends, as shells have them. */
const INTERRUPTED = { SIGINT: 130, SIGTERM: 143 } as const;

/** What interrupts a process. */
type InterruptSignal = keyof typeof INTERRUPTED;

/**
 * Cleans up on Ctrl-C or SIGTERM and then ends the process at once, with a line that says so: for work that has no good half.
 *
 * Only for work that gives the event loop its turns; what never does is better ended by the signal itself.
 *
 * @param what Names the work.
 * @param cleanUp What to do before the end; it must not wait for anything. What it returns is said behind "interrupted".
 */
export function onInterrupt(what: string, cleanUp: () => string | void = () => {}): Disposable {
  const listeners = (Object.keys(INTERRUPTED) as InterruptSignal[]).map((signal) => {
    const end = () => {
      const detail = cleanUp();
      console.error(`${what}: interrupted${typeof detail === "string" ? ` ${detail}` : ""}`);
      Deno.exit(INTERRUPTED[signal]);
    };
    Deno.addSignalListener(signal, end);
    return () => Deno.removeSignalListener(signal, end);
  });
  return { [Symbol.dispose]: () => listeners.forEach((stop) => stop()) };
}
