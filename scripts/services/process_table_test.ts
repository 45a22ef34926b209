import { assertEquals } from "../../src/testing/assert.ts";
import { parseProcessTable } from "./process_table.ts";

const STAT_TAIL = "0 -1 4194560 1 2 0 3 4 5 6 7 20 0 13 0 4711 46280704 3761";

Deno.test("parseProcessTable() reads /proc lines, whatever a program calls itself", () => {
  const table = parseProcessTable(
    [
      `12 (weed) S 1 12 12 ${STAT_TAIL}`,
      `13 (a) b) R 2 (c) T 12 12 12 ${STAT_TAIL}`,
      `14 (gone) Z 12 12 12 ${STAT_TAIL}`,
      `15 (cut off) S 12`,
      "",
    ].join("\n"),
  );
  assertEquals([...table.values()], [
    { pid: 12, parent: 1, command: "weed", paused: false, startedAt: "4711" },
    { pid: 13, parent: 12, command: "a) b) R 2 (c", paused: true, startedAt: "4711" },
  ]);
});

Deno.test("parseProcessTable() reads ps lines", () => {
  const table = parseProcessTable(
    [
      "    1     0 Ss   Mon Nov  3 09:00:47 2025 /sbin/launchd",
      "26660     1 T+   Mon Nov 23 09:37:07 2026 /usr/lib/postgresql/15/bin/postgres",
      "26661     1 Z    Mon Nov 23 09:37:07 2026 java <defunct>",
    ].join("\n"),
  );
  assertEquals([...table.values()], [
    { pid: 1, parent: 0, command: "launchd", paused: false, startedAt: "Mon Nov  3 09:00:47 2025" },
    { pid: 26660, parent: 1, command: "postgres", paused: true, startedAt: "Mon Nov 23 09:37:07 2026" },
  ]);
});
