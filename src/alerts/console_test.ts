import { assertEquals } from "../testing/assert.ts";
import { alertOf, alertsContract } from "./contract.ts";
import { openConsole } from "./console.ts";

alertsContract("console", {
  open() {
    const lines: string[] = [];
    const received = () => Promise.resolve(lines.map((line) => /\((t\d+)\)/.exec(line)![1]));
    return Promise.resolve({ sink: openConsole({ write: (line) => lines.push(line) }), received });
  },
});

Deno.test("openConsole() bounds the lines of a second and counts the rest", async () => {
  const lines: string[] = [];
  let now = 0;
  const sink = openConsole({ linesPerSecond: 2, write: (line) => lines.push(line), nowMs: () => now });
  await sink.send([1, 2, 3, 4, 5].map(alertOf));
  assertEquals(lines.length, 2);
  now = 1500;
  await sink.send([alertOf(6)]);
  assertEquals(lines[2], "… and 3 more flagged");
  assertEquals(lines.length, 4);
  await sink[Symbol.asyncDispose]();
  assertEquals(lines.length, 4);
});
