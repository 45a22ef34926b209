/** Two consumers in processes of their own on one embedded stream, of which one dies, or is frozen and comes back. */
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { openSqliteBroker } from "../broker/sqlite/broker.ts";
import { openSqliteLedger } from "../ledger/sqlite/ledger.ts";
import { openDirectory } from "../objects/directory/store.ts";
import { assert, assertEquals } from "../testing/assert.ts";
import { makeEmbeddedRun } from "../testing/embedded_run.ts";
import { type RunningProcess, startDeno } from "../testing/process.ts";
import { verify } from "../verify/verify.ts";
import { isDrained } from "./drained.ts";

const SESSION_TIMEOUT_MS = 1000;
const TOPIC = "transactions";

/** A consumer with a short session time-out that runs until it is told to end. */
function consumerScript(folder: string): string {
  const from = (path: string) => JSON.stringify(new URL(`../${path}`, import.meta.url).href);
  return `
    import { openEmbedded } from ${from("testing/embedded_run.ts")};
    import { createTelemetry } from ${from("runtime/telemetry.ts")};
    const ending = new AbortController();
    Deno.addSignalListener("SIGTERM", () => ending.abort());
    await using service = await openEmbedded(${JSON.stringify(folder)}, { telemetry: createTelemetry() });
    await service.run({
      signal: ending.signal, sessionTimeoutMs: ${SESSION_TIMEOUT_MS}, maxBatchRecords: 20, flushRows: 15,
      flushIntervalMs: 300, onCommit: ({ partition }) => console.log("committed", partition),
    });
    Deno.exit(0);
  `;
}

interface Run {
  start(): RunningProcess;
  committed(): number;
  /** Records in the stream. */
  records(): Promise<number>;
  /** Waits until both have committed something; as long as they have not, there is always something to do. */
  untilBothCommit(one: RunningProcess, other: RunningProcess): Promise<void>;
  /** Waits until all is committed and relayed, and verifies it. */
  finish(): Promise<void>;
  /** Whether somebody is in the midst of a write. */
  isLocked(): boolean;
  /** Produces the first records once more. */
  produceMore(): Promise<void>;
}

async function withGroup(count: number, use: (run: Run) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const consumers: RunningProcess[] = [];
  try {
    const faults = ["not JSON", null];
    await makeEmbeddedRun(folder, { count, partitions: 4, faults, faultEvery: 50 });
    await Deno.writeTextFile(`${folder}/consume.ts`, consumerScript(folder));
    await using broker = openSqliteBroker(`${folder}/stream.db`);
    await using ledger = openSqliteLedger(`${folder}/ledger.db`);
    await using store = openDirectory(`${folder}/objects`);
    const database = new DatabaseSync(`${folder}/ledger.db`, { readOnly: true });
    using _ = { [Symbol.dispose]: () => database.close() };
    const first = await broker.offsets(TOPIC);
    const run: Run = {
      start() {
        const permissions = [`--allow-read=${folder},build`, `--allow-write=${folder}`];
        const consumer = startDeno(new URL(`file://${folder}/consume.ts`), [], { permissions });
        consumers.push(consumer);
        return consumer;
      },
      committed: () =>
        Number(database.prepare("SELECT sum(next_offset) AS n FROM partition_owner").get()?.n ?? 0),
      records: async () => (await broker.offsets(TOPIC)).reduce((sum, { endOffset }) => sum + endOffset, 0),
      async untilBothCommit(one, other) {
        const haveBoth = async () => {
          if (run.committed() === await run.records()) await run.produceMore();
          return partitionsOf(one).size > 0 && partitionsOf(other).size > 0;
        };
        await one.until(haveBoth, { what: "both commit" });
        await run.produceMore();
      },
      isLocked: () =>
        ["ledger", "stream"].some((name) => {
          using database = new DatabaseSync(`${folder}/${name}.db`);
          try {
            database.exec("BEGIN IMMEDIATE; ROLLBACK");
            return false;
          } catch (error) {
            if (/locked/.test((error as Error).message)) return true;
            throw error;
          }
        }),
      async produceMore() {
        for (const { partition, endOffset } of first) {
          for await (const batch of broker.read(TOPIC, partition, { fromOffset: 0, toOffset: endOffset })) {
            const slice = (start: number, end: number) => start < 0 ? null : batch.bytes.slice(start, end);
            await broker.produce(
              TOPIC,
              Array.from({ length: batch.count }, (_, i) => ({
                key: slice(batch.keyStart[i], batch.keyEnd[i]),
                value: slice(batch.valueStart[i], batch.valueEnd[i]),
              })),
            );
          }
        }
      },
      async finish() {
        const expected = await run.records();
        const living = consumers.filter(({ hasEnded }) => !hasEnded);
        await living[0].until(() => isDrained(TOPIC, { broker, ledger }), {
          what: "the end",
        });
        for (const consumer of living) {
          consumer.kill("SIGTERM");
          const { code, stderr } = await consumer.ended();
          assertEquals(code, 0, stderr);
        }
        const found = await verify({ broker, ledger, store, topic: TOPIC });
        assertEquals(found.problems, []);
        assertEquals([found.offsets, found.committed], [expected, expected]);
        assertEquals(found.logged + found.deadLetters, expected);
        assert(found.flagged > 20, `${found.flagged} flagged`);
      },
    };
    await use(run);
  } finally {
    for (const consumer of consumers) await consumer[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  }
}

const partitionsOf = (consumer: RunningProcess) =>
  new Set([...consumer.stdout.matchAll(/committed (\d)/g)].map(([, partition]) => partition));

Deno.test("runConsumer() of two processes: what one that is killed had is taken over by the other", async () => {
  await withGroup(8000, async (run) => {
    const one = run.start();
    const other = run.start();
    await run.untilBothCommit(one, other);
    other.kill("SIGKILL");
    await other.ended();
    await run.produceMore();
    await run.finish();
    assertEquals(partitionsOf(one).size, 4);
  });
});

Deno.test("runConsumer() of two processes: one that is frozen past its session and wakes doubles nothing", async () => {
  await withGroup(8000, async (run) => {
    const one = run.start();
    const zombie = run.start();
    await run.untilBothCommit(one, zombie);
    // Not in the midst of a write, which would hold everybody up: the lock is the file's.
    do {
      zombie.kill("SIGCONT");
      await pause(1);
      zombie.kill("SIGSTOP");
      await pause(5);
    } while (run.isLocked());
    await run.produceMore();
    await one.until(() => partitionsOf(one).size === 4, { what: "the other has every partition" });
    // Woken in the middle of the other's work, with a batch in hand.
    zombie.kill("SIGCONT");
    await run.produceMore();
    await run.finish();
  });
});
