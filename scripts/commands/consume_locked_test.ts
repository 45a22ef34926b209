/** Runs consume with its page while another process holds the lock of the embedded engines, and kills it there. */
import { openSqliteBroker } from "../../src/broker/sqlite/broker.ts";
import { assert, assertEquals } from "../../src/testing/assert.ts";
import { embeddedArgs, makeEmbeddedRun } from "../../src/testing/embedded_run.ts";
import { type RunningProcess, startDeno } from "../../src/testing/process.ts";
import { buildModule } from "../dev/build.ts";
import { permissionsFor } from "../cli/launch/permissions.ts";
import { startCommand, TRANSACTION } from "../cli/testing/command.ts";

await buildModule(new URL("../../", import.meta.url));

/** Takes the write locks of ledger and stream, and keeps them until it is killed. */
const HOLDER = `
  import { DatabaseSync } from "node:sqlite";
  const held = Deno.args.map((path) => new DatabaseSync(path, { timeout: 60_000 }));
  for (const database of held) database.exec("BEGIN IMMEDIATE");
  console.log("held");
  setInterval(() => held.length, 1000);
`;
/** Many more rounds than a thread that waited for the lock, 10 s at a time, could answer by the deadline. */
const ROUNDS = 30;
const DEADLINE_MS = 90_000;

function consume(folder: string, ...more: string[]): RunningProcess {
  return startCommand("consume", ...embeddedArgs(folder), "--quiet", ...more);
}

Deno.test("consume --http answers while another process holds the lock of ledger and stream, and loses nothing", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const records = await makeEmbeddedRun(folder, { count: 3000 });
    const holder = (name: "ledger" | "stream") => {
      const script = new URL(`data:text/javascript,${encodeURIComponent(HOLDER)}`);
      return startDeno(script, [`${folder}/${name}.db`], {
        permissions: [`--allow-read=${folder}`, `--allow-write=${folder}`],
      });
    };
    const served = ["--http", "127.0.0.1:0"];
    await using first = consume(folder, ...served);
    const url = await first.until(() => /serving (http:\S+)/.exec(first.stderr)?.[1], {
      timeoutMs: 60_000,
    }) as string;
    const committed = async () => {
      const text = await (await fetch(new URL("metrics", url))).text();
      return Number(/^edgewood_records_total (\d+)$/m.exec(text)?.[1] ?? 0);
    };
    await first.until(async () => await committed() > 0, { timeoutMs: 60_000 });
    await using lock = holder("ledger");
    await lock.until(() => lock.stdout.includes("held"), { timeoutMs: 60_000 });
    {
      // So there is something to commit, whatever was committed before.
      await using broker = openSqliteBroker(`${folder}/stream.db`);
      await broker.produce("transactions", [{ key: null, value: "no transaction" }]);
    }
    await using other = holder("stream");
    await other.until(() => other.stdout.includes("held"), { timeoutMs: 60_000 });
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const ask = async (path: string, init?: RequestInit) => {
      const response = await fetch(new URL(path, url), { ...init, signal });
      await response.body?.cancel();
      return response.status;
    };
    let before = -1;
    for (let round = 0; round < ROUNDS; round++) {
      assertEquals(await ask("healthz"), 200);
      assert([200, 503].includes(await ask("readyz")));
      assertEquals(await ask("v1/flagged?limit=5"), 200);
      const body = { method: "POST", headers: { "content-type": "application/json" }, body: TRANSACTION };
      assertEquals(await ask("v1/score", body), 200);
      if (round === 0) before = await committed();
    }
    assertEquals(await committed(), before, "something was committed in spite of the lock");
    assert(before <= records, "the record behind the lock was committed");
    first.kill("SIGKILL");
    await first.ended();
    lock.kill("SIGKILL");
    await lock.ended();
    other.kill("SIGKILL");
    await other.ended();
    await using second = consume(folder, "--until-empty", ...served);
    const { code, stderr } = await second.ended({ timeoutMs: 120_000 });
    assertEquals(code, 0, stderr);
    const args = [...embeddedArgs(folder, ["stream", "ledger", "objects"]), "--quiet"];
    await using verify = startDeno("scripts/commands/verify.ts", args, {
      permissions: permissionsFor("verify", args, () => undefined),
    });
    const found = await verify.ended();
    assertEquals(found.code, 0, found.stdout + found.stderr);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
