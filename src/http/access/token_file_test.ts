import { assert, assertEquals, assertStringIncludes } from "../../testing/assert.ts";
import { setTimeout as pause } from "node:timers/promises";
import { createTelemetry } from "../../runtime/telemetry.ts";
import { openTokenFile } from "./token_file.ts";
import { formatTokens, makeToken } from "./tokens.ts";

Deno.test("openTokenFile() refuses everybody while the file is gone or damaged, and says so", async () => {
  const path = await Deno.makeTempFile();
  const text = formatTokens([makeToken({ name: "ann", scopes: ["read"] }).kept]);
  await Deno.writeTextFile(path, text);
  const lines: string[] = [];
  const telemetry = createTelemetry({ write: (line) => lines.push(line) });
  using file = await openTokenFile(path, telemetry, 10);
  assertEquals(file.tokens.map(({ name }) => name), ["ann"]);
  const changes: [change: () => Promise<void>, names: string[], reason?: string][] = [
    [() => Deno.remove(path), [], "no such file"],
    [() => Deno.writeTextFile(path, text), ["ann"]],
    [() => Deno.writeTextFile(path, text.slice(0, -9)), [], "must be JSON"],
    [() => Deno.writeTextFile(path, text), ["ann"]],
  ];
  for (const [change, names, reason] of changes) {
    await change();
    while (file.tokens.length !== names.length) await pause(10);
    assertEquals([...telemetry.notReady.values()].length, reason === undefined ? 0 : 1);
    if (reason !== undefined) assertStringIncludes([...telemetry.notReady.values()][0], reason);
  }
  assert(lines.some((line) => line.includes("no token is valid")), lines.join("\n"));
  assert(lines.some((line) => line.includes("well again")), lines.join("\n"));
  await Deno.remove(path);
});
