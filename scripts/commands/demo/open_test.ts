/** Runs the demo that goes on as a process: live traffic, its page, and Ctrl-C. */
import { assertEquals, assertStringIncludes } from "../../../src/testing/assert.ts";
import { runDeno, startDeno } from "../../../src/testing/process.ts";
import { buildModule } from "../../dev/build.ts";
import { permissionsFor } from "../../cli/launch/permissions.ts";

await buildModule(new URL("../../../", import.meta.url));
const PATIENCE_MS = 120_000;

Deno.test("demo --open: live traffic around now with a page, until Ctrl-C ends it in good order", async () => {
  const dir = await Deno.makeTempDir();
  const port = freePort();
  const args = ["--open", "--http", `127.0.0.1:${port}`, "--dir", dir, "--count", "5000", "--rate", "200"];
  const startedAt = new Date().toISOString();
  {
    // No program that opens a browser is there: it says so.
    const permissions = permissionsFor("demo", args, () => undefined);
    await using demo = startDeno("scripts/commands/demo.ts", args, { permissions });
    await demo.until(() => demo.stdout.includes("The page: "), { timeoutMs: PATIENCE_MS });
    const url = /The page: (\S+)/.exec(demo.stdout)![1];
    assertEquals(url, `http://127.0.0.1:${port}/`);
    await demo.until(() => demo.stderr.includes("open the address yourself"));
    const ask = async (path: string) => await (await fetch(new URL(path, url))).json();
    assertStringIncludes(await (await fetch(url)).text(), "<title>Edgewood</title>");
    // Beyond the six weeks before now there is live traffic, and some of it is flagged.
    await demo.until(async () => {
      const { flagged: [newest] } = await ask("/v1/flagged?limit=1");
      return newest !== undefined && newest.timestamp > startedAt;
    }, { timeoutMs: PATIENCE_MS, what: "a flagged transaction of live traffic" });
    const now = await demo.until(async () => {
      const { now } = await ask("/v1/status");
      return now.records_per_s > 0 && now;
    }, { timeoutMs: PATIENCE_MS, what: "records a second" });
    assertEquals(now.dead_letters, 4);
    demo.kill("SIGINT");
    const { code, stderr } = await demo.ended({ timeoutMs: PATIENCE_MS });
    assertEquals(code, 0, stderr);
    assertStringIncludes(stderr, "4 dead letters");
  }
  const engines = ["--stream", `sqlite:${dir}/stream.db`, "--ledger", `sqlite:${dir}/ledger.db`];
  const all = [...engines, "--objects", `file:${dir}/objects`];
  const { stdout, code } = await runDeno("scripts/commands/verify.ts", [...all, "--json"], {
    permissions: permissionsFor("verify", all, () => undefined),
  });
  assertEquals(code, 0, stdout);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("demo refuses what does not go with its page", async () => {
  for (
    const args of [["--open", "--json"], ["--http", "127.0.0.1:8080"], ["--open", "--http", "0.0.0.0:8080"]]
  ) {
    const { code, stderr } = await runDeno("scripts/commands/demo.ts", args, {
      permissions: permissionsFor("demo", args, () => undefined),
    });
    assertEquals(code, 2, stderr);
    assertStringIncludes(stderr, "Cannot");
  }
});

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}
