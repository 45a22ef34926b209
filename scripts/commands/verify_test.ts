/** Runs verify as a process: what it says and how it ends; src/verify/verify_test.ts has each fault. */
import { DatabaseSync } from "node:sqlite";
import { openSqliteBroker } from "../../src/broker/sqlite/broker.ts";
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

Deno.test("commands that read make nothing where a name is misspelt, and name it", async () => {
  const folder = await Deno.makeTempDir();
  await makeEmbeddedRun(folder, { count: 100 });
  assertEquals((await run("consume", [...embeddedArgs(folder), "--until-empty", "--quiet"])).code, 0);
  const urls = embeddedArgs(folder, ["stream", "ledger", "objects"]);
  const misspelt = (name: string) => urls.map((value) => value.replace(`${name}.db`, `${name}-x.db`));
  const listed = () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  const before = listed();
  const model = ["--model", `${folder}/model`];
  const label = ["--transaction", "a", "--fraud"];
  const of = (args: string[], ...names: string[]) =>
    names.flatMap((name) => [name, args[args.indexOf(name) + 1]]);
  const rows: [Parameters<typeof permissionsFor>[0], string[], string][] = [
    ["verify", misspelt("stream"), "stream-x.db"],
    ["verify", misspelt("ledger"), "ledger-x.db"],
    ["label", [...of(misspelt("stream"), "--stream", "--ledger"), ...label], "stream-x.db"],
    ["label", [...of(misspelt("ledger"), "--stream", "--ledger"), ...label], "ledger-x.db"],
    ["serve", [...of(misspelt("ledger"), "--ledger"), ...model, "--http", "127.0.0.1:0"], "ledger-x.db"],
    [
      "train",
      ["--from-stream", ...of(misspelt("stream"), "--stream"), "--out", `${folder}/out`],
      "stream-x.db",
    ],
    ["token", ["--list", "--file", `${folder}/tokens-x.json`], "tokens-x.json"],
  ];
  for (const [command, args, name] of rows) {
    const { code, stderr } = await runDeno(`scripts/commands/${command}.ts`, args, {
      permissions: permissionsFor(command, args, () => undefined),
    });
    assertEquals(code, 1, `${command} ${args.join(" ")}: ${stderr}`);
    assertStringIncludes(stderr, name);
    assertEquals(listed(), before, command);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("consume and verify: exit code 1 with the count of what was lost, until --accept-gaps says who accepts it", async () => {
  const folder = await Deno.makeTempDir();
  await makeEmbeddedRun(folder, { count: 300 });
  const all = [...embeddedArgs(folder), "--until-empty", "--quiet", "--alerts", "none"];
  assertEquals((await run("consume", all)).code, 0);
  {
    await using broker = openSqliteBroker(`${folder}/stream.db`);
    for (const count of [40, 1]) {
      await broker.produce("transactions", Array.from({ length: count }, () => ({ key: null, value: "{}" })));
    }
    using database = new DatabaseSync(`${folder}/stream.db`);
    database.exec("DELETE FROM record_batch WHERE base_offset = 300");
  }
  const lost = await run("consume", all);
  assertEquals(lost.code, 1, lost.stderr);
  assertStringIncludes(lost.stderr, "LOST       40 offsets");
  const engines = embeddedArgs(folder, ["stream", "ledger", "objects"]);
  const found = await run("verify", engines);
  assertEquals(found.code, 1);
  assertStringIncludes(found.stdout, "lost: 40");
  const accepted = await run("verify", [...engines, "--accept-gaps", "Ann Example"]);
  assertEquals(accepted.code, 0, accepted.stdout);
  assertStringIncludes(accepted.stdout, "accepted by Ann Example on 20");
  assertEquals((await run("consume", all)).code, 0);
  // Without a name it is the user of this machine.
  const named = JSON.parse((await run("verify", [...engines, "--accept-gaps", "--json"])).stdout);
  assertEquals([named.ok, named.acceptedLosses[0].acceptedBy], [true, "Ann Example"]);
  await Deno.remove(folder, { recursive: true });
});
