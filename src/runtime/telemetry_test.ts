import { assert, assertEquals, assertMatch } from "../testing/assert.ts";
import { createTelemetry } from "./telemetry.ts";

function started(level: "debug" | "info" | "warn" | "error") {
  const lines: string[] = [];
  const clock = { ms: 0 };
  const telemetry = createTelemetry({ level, write: (line) => lines.push(line), nowMs: () => clock.ms });
  return { lines, clock, telemetry };
}

Deno.test("createTelemetry() writes at its level and above", () => {
  const { lines, telemetry } = started("warn");
  for (const level of ["debug", "info", "warn", "error"] as const) telemetry.log(level, `a ${level} line`);
  assertEquals(lines, ["warn: a warn line", "error: a error line"]);
});

Deno.test("createTelemetry() says of trouble when it begins, every 30 seconds, and when it is over", () => {
  const { lines, clock, telemetry } = started("info");
  for (; clock.ms < 65_000; clock.ms += 1000) telemetry.trouble("objects", "503");
  assertEquals(lines.length, 3);
  assertMatch(lines[0], /objects: 503; trying again/);
  assertMatch(lines[1], /still trying after 30 s/);
  assertMatch(lines[2], /still trying after 60 s/);
  telemetry.recovered("objects");
  telemetry.recovered("objects");
  assertEquals(lines.length, 4);
  assertMatch(lines[3], /works again after 65.0 s and 65 failed attempts/);
  // The next trouble is a new one, and another's is its own.
  telemetry.trouble("objects", "503");
  telemetry.trouble("ledger", "locked");
  assertEquals(lines.length, 6);
});

Deno.test("trouble() that is a state does not speak of attempts", () => {
  const { lines, clock, telemetry } = started("info");
  for (; clock.ms < 35_000; clock.ms += 1000) telemetry.trouble("health", "nothing moves", true);
  telemetry.recovered("health");
  assertEquals(lines, [
    "warn: health: nothing moves",
    "warn: health: still so after 30 s: nothing moves",
    "warn: health: well again after 35.0 s",
  ]);
});

Deno.test("createTelemetry() counts by name", () => {
  const { telemetry } = started("info");
  assertEquals([telemetry.count("records", 5), telemetry.count("records"), telemetry.count("flagged", 0)], [
    5,
    6,
    0,
  ]);
  assertEquals([...telemetry.counters()], [["records", 6], ["flagged", 0]]);
});

Deno.test("failing() names what has failed for so long, until it works or nobody tries any more", () => {
  const { lines, clock, telemetry } = started("info");
  const names = () => telemetry.failing(60_000).map(({ what, ageMs, message }) => [what, ageMs, message]);
  telemetry.trouble("objects", "503", false, 0);
  clock.ms = 30_000;
  telemetry.trouble("objects", "504", false, 1);
  telemetry.trouble("drift", "a state", true);
  assertEquals(names(), []);
  clock.ms = 100_000;
  assertEquals(names(), [["objects", 100_000, "504"]]);
  // One of two relays works again: the other does not.
  telemetry.recovered("objects", 1);
  telemetry.recovered("objects", 2);
  assertEquals(names().length, 1);
  telemetry.recovered("objects", 0, true);
  assertEquals(names(), []);
  assert(!lines.some((line) => line.includes("works again")), lines.join());
});
