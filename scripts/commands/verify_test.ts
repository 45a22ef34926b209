/** Runs verify as a process: what it says and how it ends; src/verify/verify_test.ts has each fault. */
import { assert, assertEquals, assertStringIncludes } from "../../src/testing/assert.ts";
import { embeddedArgs, makeEmbeddedRun } from "../../src/testing/embedded_run.ts";
import { runDeno } from "../../src/testing/process.ts";
import { openDirectory } from "../../src/objects/directory/store.ts";
import { buildModule } from "../dev/build.ts";
import { permissionsFor } from "../cli/launch/permissions.ts";

await buildModule(new URL("../../", import.meta.url));

async function run(command: "consume" | "verify", args: string[]) {
  return await runDeno(`scripts/commands/${command}.ts`, args, {
    permissions: permissionsFor(command, args, () => undefined),
  });
}

Deno.test("verify: exit code 0 for a run in order, 1 with the fault's name for one that is not, 2 for usage", async () => {
  const folder = await Deno.makeTempDir();
  await makeEmbeddedRun(folder, { count: 2000 });
  const engines = embeddedArgs(folder, ["stream", "ledger", "objects"]);
  assertEquals((await run("consume", [...embeddedArgs(folder), "--until-empty", "--quiet"])).code, 0);

  const good = await run("verify", engines);
  assertEquals(good.code, 0, good.stderr);
  assertStringIncludes(good.stdout, "2000 committed: 2000 in the log, 0 dead letters");
  const json = await run("verify", [...engines, "--json"]);
  const found = JSON.parse(json.stdout);
  assertEquals([json.code, found.ok, found.offsets, found.problems], [0, true, 2000, []]);

  await using store = openDirectory(`${folder}/objects`);
  const [key] = await Array.fromAsync(store.list("flagged/"));
  await store.delete(key);
  const bad = await run("verify", engines);
  assertEquals(bad.code, 1);
  assertStringIncludes(bad.stdout, "object-missing: 1");
  assertStringIncludes(bad.stdout, key);
  const badJson = await run("verify", [...engines, "--json"]);
  const kinds = JSON.parse(badJson.stdout).problems.map(({ kind }: { kind: string }) => kind);
  assertEquals(badJson.code, 1);
  assert(kinds.includes("object-missing") && kinds.includes("not-in-objects"), kinds.join(", "));

  assertEquals((await run("verify", [...engines, "--absent"])).code, 2);
  await Deno.remove(folder, { recursive: true });
});
