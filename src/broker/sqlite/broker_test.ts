import { assertEquals, assertRejects, assertThrows } from "../../testing/assert.ts";
import { until } from "../../testing/until.ts";
import { brokerContract } from "../testing/contract.ts";
import { openSqliteBroker } from "./broker.ts";
import { openSqliteBrokerThread } from "./thread.ts";

const path = `${Deno.makeTempDirSync()}/contract.db`;
brokerContract("sqlite broker", { open: () => Promise.resolve(openSqliteBroker(path)) });
brokerContract("sqlite broker with a thread", { open: () => openSqliteBrokerThread(path) });

Deno.test("openSqliteBroker() refuses a file of another purpose and an absent topic", async () => {
  const folder = Deno.makeTempDirSync();
  Deno.writeTextFileSync(
    `${folder}/text.db`,
    "this is a text that is no database, and long enough to be read as one".repeat(20),
  );
  assertThrows(() => openSqliteBroker(`${folder}/text.db`), Error, "embedded stream");
  await using broker = openSqliteBroker(`${folder}/stream.db`);
  await assertRejects(() => broker.produce("absent", [{ key: null, value: "" }]), Error, "must exist");
  assertEquals(await broker.partitions("absent"), 0);
});

/** Changes a stream behind the broker's back. */
async function change(path: string, sql: string): Promise<void> {
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

Deno.test("sqlite broker: a topic that was deleted and made anew has another id, and ends who had it open", async () => {
  const path = `${Deno.makeTempDirSync()}/stream.db`;
  const ten = Array.from({ length: 10 }, (_, i) => ({ key: null, value: `${i}` }));
  await using broker = openSqliteBroker(path);
  await broker.ensureTopic("t");
  await broker.produce("t", ten);
  const first = await broker.topicId("t");
  await using subscription = await broker.subscribe("t", "g", { sessionTimeoutMs: 1000 });
  let read = 0;
  await assertRejects(
    async () => {
      for await (const event of subscription) {
        if (event.type === "batch") read += event.batch.count;
        if (event.type !== "idle") continue;
        // Whoever makes it, and though SQLite gives it the same number.
        await change(
          path,
          `DELETE FROM record_batch; DELETE FROM partition; DELETE FROM topic;
           INSERT INTO topic (name, partitions) VALUES ('t', 1); INSERT INTO partition VALUES (1, 0, 0)`,
        );
      }
    },
    Error,
    "deleted and made anew",
  );
  assertEquals(read, 10);
  await assertRejects(() => broker.offsets("t"), Error, "deleted and made anew");
  await using second = openSqliteBroker(path);
  assertEquals(await second.topicId("t") === first, false);
});

Deno.test("sqlite broker: a subscription tells of records that were deleted before they were read", async () => {
  const path = `${Deno.makeTempDirSync()}/stream.db`;
  await using broker = openSqliteBroker(path);
  await broker.ensureTopic("t");
  for (let i = 0; i < 5; i++) {
    await broker.produce("t", Array.from({ length: 10 }, () => ({ key: null, value: "v" })));
  }
  await change(path, "DELETE FROM record_batch WHERE base_offset IN (20, 40)");
  const seen: unknown[] = [];
  await using subscription = await broker.subscribe("t", "g", { maxBatchRecords: 10 });
  for await (const event of subscription) {
    if (event.type === "batch") seen.push(event.batch.nextOffset);
    if (event.type === "lost") seen.push([event.firstOffset, event.nextOffset]);
    if (event.type === "idle") break;
  }
  assertEquals(seen, [10, 20, [20, 30], 40, [40, 50]]);
});

Deno.test("sqlite broker: a damaged page is an error that names the file, never the end of the stream", async () => {
  const path = `${Deno.makeTempDirSync()}/stream.db`;
  {
    await using broker = openSqliteBroker(path);
    await broker.ensureTopic("t");
    for (let i = 0; i < 100; i++) await broker.produce("t", [{ key: null, value: "v".repeat(3000) }]);
  }
  const bytes = Deno.readFileSync(path);
  for (let at = bytes.length >> 1; at < bytes.length; at += 4096) {
    bytes.fill(0xff, at & ~4095, (at & ~4095) + 100);
  }
  Deno.writeFileSync(path, bytes);
  await using broker = openSqliteBroker(path);
  let read = 0;
  await assertRejects(
    async () => {
      for await (const { count } of broker.read("t", 0, { fromOffset: 0 })) read += count;
    },
    Error,
    `The database file ${path} is damaged`,
  );
  await using subscription = await broker.subscribe("t", "g");
  const events: string[] = [];
  await assertRejects(
    async () => {
      for await (const { type } of subscription) events.push(type);
    },
    Error,
    `The database file ${path} is damaged`,
  );
  assertEquals([events.includes("lost"), events.includes("idle")], [false, false]);
});

Deno.test("a member that stops beating loses its partitions to the next", async () => {
  await using broker = openSqliteBroker(`${Deno.makeTempDirSync()}/stream.db`);
  await broker.ensureTopic("t", { partitions: 2 });
  // A member that is never iterated and whose time-out is short: it beats, until it is told the clock was set back.
  const { DatabaseSync } = await import("node:sqlite");
  const raw = new DatabaseSync(broker.name.slice("sqlite:".length));
  raw.prepare("INSERT INTO member VALUES ('g', 1, '0-dead', ?, 1000)").run(Date.now() + 3_600_000);
  raw.close();
  const ending = new AbortController();
  await using subscription = await broker.subscribe("t", "g", {
    signal: ending.signal,
    sessionTimeoutMs: 1000,
  });
  const held = new Set<number>();
  const loop = (async () => {
    for await (const event of subscription) {
      if (event.type === "assigned") event.partitions.forEach((partition) => held.add(partition));
    }
  })();
  await until(() => held.size === 2);
  ending.abort();
  await loop;
});
