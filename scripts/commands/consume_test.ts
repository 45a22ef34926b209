/** Runs consume as a process, ends it in every way there is, and compares what it left with a run that nobody touched. */
import { DatabaseSync } from "node:sqlite";
import { openSqliteBroker } from "../../src/broker/sqlite/broker.ts";
import { assert, assertEquals, assertStringIncludes } from "../../src/testing/assert.ts";
import { BAD_RECORDS } from "../../src/testing/bad_records.ts";
import { type CommittedState, committedState } from "../harness/committed_state.ts";
import { embeddedArgs, type EmbeddedRunOptions, makeEmbeddedRun } from "../../src/testing/embedded_run.ts";
import { type EndedProcess, type RunningProcess, startDeno } from "../../src/testing/process.ts";
import { buildModule } from "../dev/build.ts";
import { permissionsFor } from "../cli/launch/permissions.ts";

await buildModule(new URL("../../", import.meta.url));

async function withRun(options: EmbeddedRunOptions, use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await makeEmbeddedRun(folder, options);
    await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Another folder with the same stream and model, and nothing consumed. */
async function copyOf(folder: string): Promise<string> {
  const copy = `${folder}/copy`;
  await Deno.mkdir(`${copy}/model`, { recursive: true });
  for (const name of ["stream.db", "model/forest.json", "model/forest.bin"]) {
    await Deno.copyFile(`${folder}/${name}`, `${copy}/${name}`);
  }
  return copy;
}

function start(command: "consume" | "verify", folder: string, ...more: string[]): RunningProcess {
  const engines = command === "consume" ? undefined : ["stream", "ledger", "objects"] as const;
  const args = [...embeddedArgs(folder, engines && [...engines]), "--quiet", ...more];
  const permissions = permissionsFor(command, args, () => undefined);
  return startDeno(`scripts/commands/${command}.ts`, args, { permissions });
}

async function run(command: "consume" | "verify", folder: string, ...more: string[]): Promise<EndedProcess> {
  await using process = start(command, folder, ...more);
  return await process.ended();
}

async function assertVerified(folder: string): Promise<void> {
  const { code, stdout, stderr } = await run("verify", folder);
  assertEquals(code, 0, stdout + stderr);
}

/** What the ledger's next offset is; 0 before there is one. */
function nextOffset(folder: string): number {
  return sumInLedger(folder, "SELECT sum(next_offset) AS n FROM partition_owner");
}

function sumInLedger(folder: string, query: string): number {
  const database = new DatabaseSync(`${folder}/ledger.db`, { readOnly: true });
  try {
    return Number(database.prepare(query).get()?.n ?? 0);
  } finally {
    database.close();
  }
}

/** Fails on the first line that differs, and not with a comparison of all of them. */
function assertSameState(actual: CommittedState, expected: CommittedState): void {
  for (const part of Object.keys(expected) as (keyof CommittedState)[]) {
    const at = expected[part].findIndex((line, i) => actual[part][i] !== line);
    if (at >= 0) assertEquals(actual[part][at], expected[part][at], `${part}, line ${at}`);
    assertEquals(actual[part].length, expected[part].length, part);
  }
}

/** Whole numbers from 0 up to, not including, `below`, fixed by the seed (mulberry32). */
function randomBelow(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = state + 0x6d2b79f5 >>> 0;
    let mixed = Math.imul(state ^ state >>> 15, state | 1);
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61);
    return Math.floor(((mixed ^ mixed >>> 14) >>> 0) / 2 ** 32 * below);
  };
}

Deno.test("consume: kill -9 at random moments leaves what an uninterrupted run leaves, bit for bit", async () => {
  const kills = 6;
  const count = 40_000;
  const seed = Number(Deno.env.get("KILL_SEED") ?? Date.now() % 1_000_000);
  console.log(`KILL_SEED=${seed}`);
  const random = randomBelow(seed);
  await withRun(
    { count, nCustomers: 300, faults: BAD_RECORDS.slice(0, 8).map(([value]) => value), faultEvery: 500 },
    async (folder) => {
      const copy = await copyOf(folder);
      const options = ["--alerts", "none", "--max-batch-records", "200", "--flush-rows", "40"];
      const whole = await run("consume", copy, "--until-empty", ...options);
      assertEquals(whole.code, 0, whole.stderr);
      // Only who is killed makes snapshots and is restored from them.
      options.push("--snapshot-records", "3000");
      const reached: number[] = [];
      for (let kill = 0; kill < kills; kill++) {
        // A group of its own need not wait for the session of the one before to run out.
        await using process = start("consume", folder, "--group", `g${kill}`, ...options);
        const target = Math.floor((kill + random(1000) / 1000) * count / kills);
        await process.until(() => nextOffset(folder) >= target, { what: `next offset ${target}` });
        // Somewhere within a commit, a cut or a write of an object.
        const momentMs = performance.now() + random(15);
        await process.until(() => performance.now() >= momentMs);
        process.kill("SIGKILL");
        assertEquals((await process.ended()).signal, "SIGKILL");
        reached.push(nextOffset(folder));
      }
      console.log(`killed at offsets ${reached.join(", ")}`);
      assert(sumInLedger(folder, "SELECT sum(next_offset) AS n FROM snapshot") > 3000, "there is a snapshot");
      const last = await run("consume", folder, "--until-empty", ...options);
      assertEquals(last.code, 0, last.stderr);
      const expected = await committedState(copy);
      assert(expected.flagged.length > 400, `${expected.flagged.length} flagged`);
      assert(expected.objects.length > 100, `${expected.objects.length} objects`);
      assertSameState(await committedState(folder), expected);
      await assertVerified(folder);
    },
  );
});

for (const signals of [["SIGINT"], ["SIGTERM"], ["SIGINT", "SIGINT"]] as const) {
  Deno.test(`consume: ${signals.join(" and ")} ends in good order, and the next run goes on`, async () => {
    await withRun({ count: 40_000 }, async (folder) => {
      const small = ["--max-batch-records", "20"];
      await using process = start("consume", folder, "--alerts", "none", ...small);
      await process.until(() => nextOffset(folder) > 500, { what: "some commits" });
      for (const signal of signals) process.kill(signal);
      const { code, signal, stderr } = await process.ended();
      assertEquals([code, signal], [0, null], stderr);
      assertStringIncludes(stderr, "finishing what is in hand");
      const reached = nextOffset(folder);
      assert(reached < 40_000, "the end came before the signal");
      // What was committed is relayed as well: nothing but what comes later is missing.
      const found = JSON.parse((await run("verify", folder, "--json")).stdout);
      assertEquals(found.problems.map(({ kind }: { kind: string }) => kind), ["not-committed"]);
      assertEquals(found.committed, reached);
      assertEquals((await run("consume", folder, "--until-empty", "--alerts", "none")).code, 0);
      await assertVerified(folder);
    });
  });
}

Deno.test("consume: --until-empty waits for the partitions of a member that was killed", async () => {
  await withRun({ count: 20_000, faults: ["x"] }, async (folder) => {
    await using killed = start("consume", folder, "--max-batch-records", "20");
    await killed.until(() => nextOffset(folder) > 200, { what: "some commits" });
    killed.kill("SIGKILL");
    await killed.ended();
    assert(nextOffset(folder) < 20_000, "the end came before the signal");
    const next = await run("consume", folder, "--until-empty");
    assertEquals(next.code, 0, next.stderr);
    await assertVerified(folder);
  });
});

Deno.test("consume: each kind of bad record is a dead letter with its bytes and its reason", async () => {
  const values = BAD_RECORDS.map(([value]) => value);
  await withRun({ count: BAD_RECORDS.length * 20, faults: values, faultEvery: 20 }, async (folder) => {
    const { code, stderr } = await run("consume", folder, "--until-empty", "--log", "none");
    assertEquals(code, 0, stderr);
    await using broker = openSqliteBroker(`${folder}/stream.db`);
    const found: [string | null, string, string][] = [];
    for await (const batch of broker.read("transactions.dead-letter", 0, { fromOffset: 0 })) {
      for (let i = 0; i < batch.count; i++) {
        const value = batch.valueStart[i] < 0
          ? null
          : batch.bytes.subarray(batch.valueStart[i], batch.valueEnd[i]).toBase64();
        const { reason, topic } = batch.headers(i);
        const key = new TextDecoder().decode(batch.bytes.subarray(batch.keyStart[i], batch.keyEnd[i]));
        found.push([value, reason, `${topic} ${key}`]);
      }
    }
    const expected = BAD_RECORDS.map(([value, reason], i) => {
      const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
      return [bytes?.toBase64() ?? null, reason, `transactions bad-${i}`];
    });
    found.forEach((each, i) => assertEquals(each, expected[i], `bad record ${i}`));
    assertEquals(found.length, BAD_RECORDS.length);
    await assertVerified(folder);
  });
});

Deno.test("consume: wrong usage is exit code 2, and touches nothing", async () => {
  const folder = await Deno.makeTempDir();
  for (
    const wrong of [
      ["--log", "some"],
      ["--max-batch-records", "0"],
      ["--flush-interval", "soon"],
      ["--absent"],
      ["--alerts", "pigeon"],
      ["--alerts", "webhook", "--webhook", "http://far.example"],
      ["--topic", "../../outside"],
      ["--label-topic", ""],
      ["--group", ""],
      ["--session-timeout", "200d"],
    ]
  ) {
    const { code, stderr } = await run("consume", folder, ...wrong);
    assertEquals(code, 2, `${wrong.join(" ")}: ${stderr}`);
    assertStringIncludes(stderr, "error:");
  }
  assertEquals([...Deno.readDirSync(folder)], []);
  await Deno.remove(folder, { recursive: true });
});

/** What the ledger's tables hold, but for claims. */
function ledgerRows(folder: string): unknown[] {
  const database = new DatabaseSync(`${folder}/ledger.db`);
  try {
    return ["committed_range", "transaction_log", "flagged", "dead_letter", "object_cut"].map((table) =>
      database.prepare(`SELECT * FROM ${table}`).all()
    );
  } finally {
    database.close();
  }
}

Deno.test("consume: a ledger of another stream, or ahead of its stream, is refused", async () => {
  await withRun({ count: 600 }, async (folder) => {
    const copy = await copyOf(folder);
    assertEquals((await run("consume", folder, "--until-empty")).code, 0);
    const before = ledgerRows(folder);
    const refused = async (must: string) => {
      const { code, stderr } = await run("consume", folder, "--until-empty");
      assertEquals(code, 1, stderr);
      assertStringIncludes(stderr, must);
      assertEquals(ledgerRows(folder), before);
    };
    // The same stream as it was before a part of it was lost.
    const stream = new DatabaseSync(`${folder}/stream.db`);
    stream.exec(
      "DELETE FROM record_batch WHERE topic_id = 1; UPDATE partition SET next_offset = 10 WHERE topic_id = 1",
    );
    stream.close();
    await refused("must reach the ledger's next offset 600: it ends at 10");
    // A stream that was made anew.
    for (const name of ["stream.db", "stream.db-wal", "stream.db-shm"]) {
      await Deno.remove(`${folder}/${name}`).catch(() => {});
    }
    await Deno.copyFile(`${copy}/stream.db`, `${folder}/stream.db`);
    const anew = new DatabaseSync(`${folder}/stream.db`);
    anew.exec("UPDATE stream SET id = 'another'");
    anew.close();
    await refused("must be of the stream that the ledger followed before");
  });
});

Deno.test("consume: a model that it cannot compute is refused before anything is made", async () => {
  await withRun({ count: 10 }, async (folder) => {
    const path = `${folder}/model/forest.json`;
    const manifest = JSON.parse(await Deno.readTextFile(path));
    const refused = async (change: Record<string, unknown>, must: string) => {
      await Deno.writeTextFile(path, JSON.stringify({ ...manifest, ...change }));
      const { code, stderr } = await run("consume", folder, "--until-empty");
      assertEquals(code, 1, stderr);
      assertStringIncludes(stderr, must);
      const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
      assertEquals(names, ["model", "stream.db"]);
    };
    await refused({ kind: "table" }, "table");
    const [first, ...others] = manifest.features;
    await refused({ features: [{ ...first, name: "shoe_size" }, ...others] }, "shoe_size");
    await Deno.remove(path);
    const { code, stderr } = await run("consume", folder, "--until-empty");
    assertEquals(code, 1, stderr);
    assertStringIncludes(stderr, "forest.json");
  });
});
