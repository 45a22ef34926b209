/** Runs a small demo as a process, and looks whether its figures are those of its ledger. */
import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals, assertStringIncludes } from "../../src/testing/assert.ts";
import type { ScenarioCatch } from "../../src/evaluate/detection.ts";
import { runDeno, startDeno } from "../../src/testing/process.ts";
import { buildModule } from "../dev/build.ts";
import { permissionsFor } from "../cli/launch/permissions.ts";

await buildModule(new URL("../../", import.meta.url));

async function demo(...args: string[]) {
  return await runDeno("scripts/commands/demo.ts", args, {
    permissions: permissionsFor("demo", args, () => undefined),
  });
}

Deno.test("demo: its figures are the ledger's, and it begins anew in its folder", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/mine.txt`, "not the demo's");
  // What a demo before it left, be it broken, is no part of this one.
  for (const name of ["ledger.db", "stream.db-wal"]) {
    await Deno.writeTextFile(`${folder}/${name}`, "left over");
  }
  const count = 5000;
  {
    const { code, stdout, stderr } = await demo(
      "--dir",
      folder,
      "--count",
      `${count}`,
      "--rate",
      "1000000",
      "--json",
    );
    assertEquals(code, 0, stderr);
    const result = JSON.parse(stdout);
    const ledger = new DatabaseSync(`${folder}/ledger.db`, { readOnly: true });
    const counted = (sql: string) => Number(Object.values(ledger.prepare(sql).get()!)[0]);
    assertEquals(result.scored, count);
    assertEquals(result.scored, counted("SELECT count(*) FROM transaction_log"));
    assertEquals(result.flagged, counted("SELECT count(*) FROM flagged"));
    assertEquals(result.deadLetters, counted("SELECT count(*) FROM dead_letter"));
    assert(result.flagged > 0 && result.deadLetters > 0);
    const { detection, rawDetection } = result;
    // Both forests are measured on the same transactions.
    assertEquals(
      [
        rawDetection.labelled,
        rawDetection.frauds,
        rawDetection.scenarios.map(({ frauds }: ScenarioCatch) => frauds),
      ],
      [count, detection.frauds, detection.scenarios.map(({ frauds }: ScenarioCatch) => frauds)],
    );
    assertEquals([result.verification.ok, result.verification.offsets], [true, count + result.deadLetters]);
    ledger.close();
  }
  assertEquals(await Deno.readTextFile(`${folder}/mine.txt`), "not the demo's");
  const wrong = await demo("--count", "10");
  assertEquals(wrong.code, 2);
  assertStringIncludes(wrong.stderr, "1000");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("demo that is interrupted says so, and compares nothing", async () => {
  const folder = await Deno.makeTempDir();
  const args = ["--dir", folder, "--count", "5000", "--rate", "100"];
  await using process = startDeno("scripts/commands/demo.ts", args, {
    permissions: permissionsFor("demo", args, () => undefined),
  });
  await process.until(() => process.stderr.includes("demo: "), { timeoutMs: 60_000, what: "progress" });
  process.kill("SIGINT");
  const { code, stdout, stderr } = await process.ended();
  assertEquals([code, stdout], [1, ""]);
  assertStringIncludes(stderr, "demo: interrupted after");
  assertStringIncludes(stderr, "nothing is verified and nothing compared");
  await Deno.remove(folder, { recursive: true });
});
