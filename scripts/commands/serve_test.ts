/** Runs serve, token and deno serve as processes: who may ask, from where, and until when. */
import { assert, assertEquals, assertStringIncludes } from "../../src/testing/assert.ts";
import { embeddedArgs, makeEmbeddedRun } from "../../src/testing/embedded_run.ts";
import type { RunningProcess } from "../../src/testing/process.ts";
import { buildModule } from "../dev/build.ts";
import { startCommand, TRANSACTION } from "../cli/testing/command.ts";

await buildModule(new URL("../../", import.meta.url));

async function ended(command: "serve" | "token" | "consume", ...args: string[]) {
  await using process = startCommand(command, ...args);
  return await process.ended();
}

async function urlOf(process: RunningProcess): Promise<string> {
  return await process.until(() => /serving (http:\S+)/.exec(process.stderr)?.[1], {
    timeoutMs: 60_000,
  }) as string;
}

function ask(url: string, token?: string): Promise<Response> {
  const headers = { "content-type": "application/json", ...token && { authorization: `Bearer ${token}` } };
  return fetch(new URL("v1/score", url), { method: "POST", headers, body: TRANSACTION });
}

async function statusOf(...asked: Parameters<typeof ask>): Promise<number> {
  const response = await ask(...asked);
  await response.body?.cancel();
  return response.status;
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await makeEmbeddedRun(folder, { count: 1000 });
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("serve: tokens are kept as hashes, count by their scopes, and end when they are taken away", async () => {
  await inFolder(async (folder) => {
    const file = `${folder}/tokens.json`;
    const made = async (name: string, scopes: string) =>
      (await ended("token", "--file", file, "--name", name, "--scopes", scopes)).stdout.trim();
    const [writer, reader] = [await made("writer", "read,write"), await made("reader", "read")];
    const kept = await Deno.readTextFile(file);
    assert(writer.length > 40 && !kept.includes(writer) && !kept.includes(reader));
    assertEquals((await Deno.stat(file)).mode! & 0o777, 0o600);
    const twice = await ended("token", "--file", file, "--name", "writer");
    assertEquals([twice.code, twice.stdout], [2, ""]);
    await using service = startCommand(
      "serve",
      "--http",
      "127.0.0.1:0",
      "--tokens",
      file,
      "--model",
      `${folder}/model`,
    );
    const url = await urlOf(service);
    assertEquals([await statusOf(url), await statusOf(url, reader), await statusOf(url, writer)], [
      401,
      403,
      200,
    ]);
    const removed = await ended("token", "--file", file, "--name", "writer", "--remove");
    assertEquals([removed.code, removed.stderr], [0, `token writer is no longer in ${file}\n`]);
    await service.until(async () => await statusOf(url, writer) === 401, { what: "the end of the token" });
    service.kill("SIGTERM");
    assertEquals((await service.ended()).code, 0);
  });
});

Deno.test("serve: a state of its own learns what it scores, the ledger's is the stream's", async () => {
  await inFolder(async (folder) => {
    const model = ["--model", `${folder}/model`];
    const stateOf = async (url: string) => (await (await ask(url)).json()).verdicts[0].state;
    await using own = startCommand("serve", "--http", "127.0.0.1:0", ...model);
    assertEquals(await stateOf(await urlOf(own)), "own");
    await using stateless = startCommand("serve", "--http", "localhost:0", "--stateless", ...model);
    assertEquals(await stateOf(await urlOf(stateless)), "cold");
    const { code, stderr } = await ended(
      "consume",
      ...embeddedArgs(folder),
      "--alerts",
      "none",
      "--until-empty",
    );
    assertEquals(code, 0, stderr);
    const ledger = ["--ledger", `sqlite:${folder}/ledger.db`];
    await using beside = startCommand("serve", "--http", "127.0.0.1:0", ...model, ...ledger);
    const url = await urlOf(beside);
    const flagged = await (await fetch(new URL("v1/flagged", url))).json();
    assert(flagged.flagged.length > 0);
    assertEquals(await stateOf(url), "snapshot");
    const { states: [state] } = await (await fetch(new URL("readyz", url))).json();
    assertEquals([state.partition, state.state, state.missing], [0, "snapshot", 0]);
    assert(state.age_s >= 0 && state.age_s < 600, `${state.age_s} s`);
    await using lacking = startCommand("serve", "--http", "127.0.0.1:0", ...model, ...ledger, "--topic", "x");
    assertEquals(await stateOf(await urlOf(lacking)), "cold");
    assert(lacking.stderr.includes("warn: feature state of x: "), lacking.stderr);
  });
});

Deno.test("serve and consume: beyond this machine only with tokens, and at an address", async () => {
  for (const command of ["serve", "consume"] as const) {
    for (const address of ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"]) {
      const { code, stderr } = await ended(command, "--http", address);
      assertEquals(code, 2, stderr);
      assertStringIncludes(stderr, "--tokens must name a file of tokens");
    }
    for (
      const address of ["8080", "127.0.0.1", "http://127.0.0.1:80", "127.0.0.1:99999", "fraud.example:80"]
    ) {
      const { code, stderr } = await ended(command, "--http", address);
      assertEquals(code, 2, stderr);
      assertStringIncludes(stderr, "127.0.0.1:8080");
    }
    const { code, stderr } = await ended(command, "--http", "127.0.0.1:0", "--tokens", "absent.json");
    assertEquals(code, 1, stderr);
    assertStringIncludes(stderr, "absent.json must be a file that `deno task token` makes");
  }
});

Deno.test("deno serve: the command in the guide answers this machine", async () => {
  const guide = await Deno.readTextFile(
    new URL("../../.github/docs/guide/http-and-page.md", import.meta.url),
  );
  const command = /^deno serve (--host[\s\S]*?serve_fetch\.ts)$/m.exec(guide)![1].split(/[\s\\]+/);
  const port = (() => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    return listener.addr.port;
  })();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["serve", "--no-prompt", "--port", String(port), ...command],
    cwd: new URL("../../", import.meta.url),
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    let verdicts: unknown[] | undefined;
    for (
      const deadline = performance.now() + 60_000;
      verdicts === undefined && performance.now() < deadline;
    ) {
      await ask(`http://127.0.0.1:${port}/`).then(
        async (response) => verdicts = (await response.json()).verdicts,
        () => new Promise((resolve) => setTimeout(resolve, 50)), // it does not listen yet
      );
    }
    assertEquals(verdicts?.length, 1);
  } finally {
    // It ends by itself: nothing of ours keeps it alive.
    child.kill("SIGTERM");
    const late = setTimeout(() => child.kill("SIGKILL"), 30_000);
    const { signal } = await child.status;
    clearTimeout(late);
    assert(signal !== "SIGKILL", "it must end on SIGTERM");
  }
});
