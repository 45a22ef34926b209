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
