import { assert, assertEquals } from "../../../src/testing/assert.ts";
import { startDeno } from "../../../src/testing/process.ts";

Deno.test("fault_clock.ts sets the calendar back on SIGUSR2, and no timer", async () => {
  const preload = new URL("./clock.ts", import.meta.url);
  const script = new URL(
    "data:text/javascript," + encodeURIComponent(
      `const timer = setInterval(() => console.log(Date.now(), new Date().getTime(), performance.now()), 10);
       setTimeout(() => clearInterval(timer), 60000);`,
    ),
  );
  await using process = startDeno(script, [], { permissions: [`--preload=${preload.href}`] });
  await process.until(() => process.stdout.includes("\n"));
  process.kill("SIGUSR2");
  await process.until(() => process.stderr.includes("clock: set back"));
  const lines = process.stdout.split("\n").length;
  await process.until(() => process.stdout.split("\n").length > lines + 2);
  const shown = process.stdout.trimEnd().split("\n").slice(0, -1).map((line) => line.split(" ").map(Number));
  const [first, last] = [shown[0], shown[shown.length - 1]];
  assertEquals(Math.round((last[0] - first[0]) / 3_600_000), -26);
  assert(Math.abs(last[0] - last[1]) <= 1000, "Date.now() and new Date() show the same clock");
  assert(last[2] > first[2]);
});
