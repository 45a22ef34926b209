/** Exit codes of a process that a signal ends, as shells have them. */
const CODES = { SIGINT: 130, SIGTERM: 143 };

/**
 * Cleans up on Ctrl-C or SIGTERM and then ends the process at once: for work that has no good half.
 *
 * @param cleanUp What to do before the end; it must not wait for anything.
 */
export function onInterrupt(cleanUp: () => void): Disposable {
  const listeners = Object.entries(CODES).map(([signal, code]) => {
    const end = () => {
      cleanUp();
      Deno.exit(code);
    };
    Deno.addSignalListener(signal as Deno.Signal, end);
    return () => Deno.removeSignalListener(signal as Deno.Signal, end);
  });
  return { [Symbol.dispose]: () => listeners.forEach((stop) => stop()) };
}
