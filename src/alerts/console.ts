import type { AlertChannel, AlertSink } from "./alerts.ts";
import { alertMessage } from "./message.ts";

/** Lines on standard output, for a person at a terminal; the budget of alerts a minute bounds them. */
export const consoleChannel: AlertChannel = {
  name: "console",
  isForPeople: true,
  open: ({ publicUrl }) => Promise.resolve(openConsole({ publicUrl })),
};

/**
 * Opens the console as a listener.
 *
 * @param options With `publicUrl`, the address of the page, a line ends with the link to its transaction; lines go to
 * standard output by default.
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
export function openConsole(options: { publicUrl?: string; write?(line: string): void } = {}): AlertSink {
  const { publicUrl, write = (line) => console.log(line) } = options;
  return {
    send(alerts) {
      for (const alert of alerts) {
        const { text, url } = alertMessage(alert, publicUrl);
        write(url === undefined ? text : `${text}  ${url}`);
      }
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
