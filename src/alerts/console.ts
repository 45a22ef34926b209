/**
 * Alerts as lines for a person at a terminal.
 *
 * @module
 */
import type { Alert, AlertChannel, AlertSink } from "./alerts.ts";
import { alertMessage } from "./message.ts";

/** Lines on standard output. The budget of alerts a minute is its bound. */
export const consoleChannel: AlertChannel = {
  name: "console",
  isForPeople: true,
  open: ({ publicUrl }) => Promise.resolve(openConsole({ publicUrl, linesPerSecond: Infinity })),
};

/** How the console shows alerts. */
export interface ConsoleOptions {
  /** Most lines a second; what is over is counted and said in one line (default 10). */
  linesPerSecond?: number;
  /** Address of the page; where it is given, a line ends with the link to its transaction. */
  publicUrl?: string;
  /** Where the lines go; standard output by default. */
  write?(line: string): void;
  /** The time in milliseconds; `performance.now` by default. */
  nowMs?(): number;
}

/**
 * Opens the console as a listener.
 *
 * An attack flags thousands of transactions at once, so there is a bound on the lines of a second; every alert is in
 * the ledger all the same.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { openConsole } from "./console.ts";
 *
 * const lines: string[] = [];
 * await using console = openConsole({ write: (line) => lines.push(line) });
 * await console.send([]);
 * assertEquals(lines, []);
 * ```
 */
export function openConsole(options: ConsoleOptions = {}): AlertSink {
  const { linesPerSecond = 10, publicUrl, write = (line) => console.log(line) } = options;
  const { nowMs = () => performance.now() } = options;
  let second = -Infinity;
  let lines = 0;
  let untold = 0;
  const tellRest = () => {
    if (untold > 0) write(`… and ${untold} more flagged`);
    untold = 0;
  };
  const send = (alerts: readonly Alert[]): Promise<void> => {
    for (const alert of alerts) {
      if (nowMs() - second >= 1000) {
        tellRest();
        second = nowMs();
        lines = 0;
      }
      if (lines < linesPerSecond) {
        lines++;
        const { text, url } = alertMessage(alert, publicUrl);
        write(url === undefined ? text : `${text}  ${url}`);
      } else untold++;
    }
    return Promise.resolve();
  };
  return {
    send,
    [Symbol.asyncDispose]() {
      tellRest();
      return Promise.resolve();
    },
  };
}
