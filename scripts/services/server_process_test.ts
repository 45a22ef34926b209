import { assert, assertEquals } from "../../src/testing/assert.ts";
import { readProcessTable } from "./process_table.ts";
import { ServerProcess } from "./server_process.ts";

const mayRun = (await Deno.permissions.query({ name: "run", command: "sh" })).state === "granted" &&
  Deno.build.os !== "windows";
const test = (name: string, fn: (folder: string) => Promise<void>) =>
  Deno.test({
    name: mayRun ? name : `${name} (skipped: needs a Unix shell and --allow-run=sh)`,
    ignore: !mayRun,
    async fn() {
      const folder = await Deno.makeTempDir();
      try {
        await fn(folder);
      } finally {
        await new ServerProcess(`${folder}/pid`).kill();
        await Deno.remove(folder, { recursive: true });
      }
    },
  });

/** A server that has a child, ends on SIGTERM unless told to ignore it, and writes a line when it is up. */
const server = (trap: string) => ({
  command: ["sh", "-c", `${trap}; sleep 300 & echo up; while :; do wait; done`],
});

async function logHas(folder: string, text: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await readLog(folder)).includes(text)) {
    if (performance.now() > deadline) throw new Error(`the log must have "${text}" within 10 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The log so far; the server may not have made it yet. */
async function readLog(folder: string): Promise<string> {
  try {
    return await Deno.readTextFile(`${folder}/log`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}

test("ServerProcess starts, finds, freezes, wakes and stops a server with its children", async (folder) => {
  const first = new ServerProcess(`${folder}/pid`);
  const { pid } = await first.start(server("trap 'kill $!; exit 0' TERM"), `${folder}/log`);
  await logHas(folder, "up");
  const other = new ServerProcess(`${folder}/pid`); // as another process would see it
  assertEquals((await other.find())?.pid, pid);
  const children = async () =>
    [...(await readProcessTable()).values()].filter(({ parent }) => parent === pid);
  assertEquals((await children()).length, 1);
  assertEquals(await other.pause(), true);
  assertEquals((await other.find())?.paused, true);
  assert((await children()).every(({ paused }) => paused), "children are frozen too");
  assertEquals(await other.resume(), true);
  assertEquals((await other.find())?.paused, false);
  await other.pause(); // a frozen server must still be stoppable
  const [child] = await children();
  assertEquals(await other.stop({ signal: "SIGTERM", deadlineMs: 10_000 }), "stopped");
  assertEquals(await first.find(), undefined);
  assertEquals((await readProcessTable()).has(child.pid), false, "no child is left");
  assertEquals(await first.stop({ signal: "SIGTERM", deadlineMs: 10_000 }), "not running");
});

test("ServerProcess kills a server that does not stop, with its children", async (folder) => {
  const process = new ServerProcess(`${folder}/pid`);
  const { pid } = await process.start(server("trap '' TERM"), `${folder}/log`);
  await logHas(folder, "up");
  const [child] = [...(await readProcessTable()).values()].filter(({ parent }) => parent === pid);
  assertEquals(await process.stop({ signal: "SIGTERM", deadlineMs: 300 }), "killed");
  const table = await readProcessTable();
  assertEquals([table.has(pid), table.has(child.pid)], [false, false]);
});

test("ServerProcess takes a stale or broken pid file for no server, and never signals a stranger", async (folder) => {
  const stranger = new ServerProcess(`${folder}/stranger`);
  const { pid } = await stranger.start(server("trap '' TERM"), `${folder}/log`);
  try {
    const process = new ServerProcess(`${folder}/pid`);
    for (
      const text of [
        "",
        "12",
        "{",
        `{"pid":${pid},"startedAt":"long ago"}`,
        '{"pid":-1,"startedAt":"1"}',
        "null",
      ]
    ) {
      await Deno.writeTextFile(`${folder}/pid`, text);
      assertEquals(await process.find(), undefined, text);
      assertEquals(await process.kill(), false, text);
    }
    assertEquals((await stranger.find())?.pid, pid);
  } finally {
    await stranger.kill();
  }
});

test("ServerProcess gives a server nothing but PATH, HOME and its own environment", async (folder) => {
  const process = new ServerProcess(`${folder}/pid`);
  await process.start(
    { command: ["sh", "-c", "env; echo up; sleep 300"], env: { OWN: "1" } },
    `${folder}/log`,
  );
  await logHas(folder, "up");
  const log = await Deno.readTextFile(`${folder}/log`);
  const names = [...log.matchAll(/^([A-Za-z_]+)=/gm)].map(([, name]) => name);
  const allowed = ["PATH", "HOME", "LANG", "LC_ALL", "OWN", "PWD", "OLDPWD", "SHLVL", "_"];
  assertEquals(names.filter((name) => !allowed.includes(name)), []);
  assert(names.includes("OWN"));
});
