/**
 * A module to run before a program (`--preload`): on SIGUSR2 the program's clock is set back by 26 hours.
 *
 * Only the clock of the calendar moves, as where a person or a time server sets it: `Date`, and what is built on it.
 * Timers and `performance.now` go on, since the kernel's monotonic clock does. Each signal sets it back once more.
 *
 * @module
 */

const BACK_MS = 26 * 3_600_000;
const TrueDate = Date;
let shiftMs = 0;

/** `Date` with a clock that can be moved. */
class SettableDate extends TrueDate {
  /** Without arguments: the moved clock's time. */
  constructor(...args: [] | [number | string | Date]) {
    super(...(args.length === 0 ? [SettableDate.now()] : args) as [number]);
  }

  /** Milliseconds since 1970 by the moved clock. */
  static override now(): number {
    return TrueDate.now() - shiftMs;
  }
}

globalThis.Date = new Proxy(SettableDate, {
  // Date() as a function gives text.
  apply: () => new SettableDate().toString(),
}) as unknown as DateConstructor;

Deno.addSignalListener("SIGUSR2", () => {
  shiftMs += BACK_MS;
  console.error(`clock: set back to ${new Date().toISOString()}`);
});
