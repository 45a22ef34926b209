/** What becomes of records that the stream deleted before they were read, and of topics that were made anew. */
import { DatabaseSync } from "node:sqlite";
import { openSqliteBroker } from "../broker/sqlite/broker.ts";
import { openSqliteLedger } from "../ledger/sqlite/ledger.ts";
import { produceEvents } from "../simulate/produce.ts";
import { simulate } from "../simulate/simulate.ts";
import { openDirectory } from "../objects/directory/store.ts";
import { createTelemetry } from "../runtime/telemetry.ts";
import { assert, assertEquals, assertRejects } from "../testing/assert.ts";
import { makeEmbeddedRun, openEmbedded } from "../testing/embedded_run.ts";
import { verify } from "../verify/verify.ts";
import type { ConsumerOptions } from "./consumer_options.ts";

const TOPIC = "transactions";

async function consume(folder: string, options: ConsumerOptions = {}) {
  const lines: string[] = [];
  const telemetry = createTelemetry({ write: (line) => lines.push(line) });
  await using service = await openEmbedded(folder, { telemetry });
  await service.run({ untilEmpty: true, maxBatchRecords: 100, ...options });
  return { lines, lost: telemetry.counters().get("records_lost") ?? 0 };
}

function change(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
}

/** Deletes a topic and makes it anew, with other records and more of them. */
async function makeAnew(folder: string, topic: string, partitions: number): Promise<void> {
  const id = `(SELECT id FROM topic WHERE name = '${topic}')`;
  change(
    `${folder}/stream.db`,
    `DELETE FROM record_batch WHERE topic_id = ${id}; DELETE FROM partition WHERE topic_id = ${id};
     DELETE FROM topic WHERE name = '${topic}'`,
  );
  await using broker = openSqliteBroker(`${folder}/stream.db`);
  for (const name of [TOPIC, "labels"]) await broker.ensureTopic(name, { partitions });
  const events = simulate({ randomSeed: 5, start: Date.UTC(2026, 3, 1), count: 4000, nCustomers: 50 });
  const other = [TOPIC, "labels"].find((each) => each !== topic)!;
  await broker.ensureTopic(`other-${other}`);
  const name = (each: string) => each === topic ? each : `other-${each}`;
  await produceEvents(broker, events, { topic: name(TOPIC), labelTopic: name("labels") });
}

async function withRun(test: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  await makeEmbeddedRun(folder, { count: 2000 });
  await test(folder);
  await Deno.remove(folder, { recursive: true });
}

Deno.test("runConsumer() records what was deleted before it was read, until somebody accepts it", async () => {
  await withRun(async (folder) => {
    const stopped = new AbortController();
    await consume(folder, {
      signal: stopped.signal,
      untilEmpty: false,
      onCommit: ({ nextOffset }) => nextOffset >= 500 && stopped.abort(),
    });
    await using ledger = openSqliteLedger(`${folder}/ledger.db`);
    const [{ nextOffset: from }] = await ledger.partitions();
    await using broker = openSqliteBroker(`${folder}/stream.db`);
    await broker.produce(TOPIC, Array.from({ length: 300 }, () => ({ key: null, value: "{}" })));
    change(
      `${folder}/stream.db`,
      `DELETE FROM record_batch WHERE base_offset < 1500 AND topic_id = (SELECT id FROM topic WHERE name = '${TOPIC}')`,
    );
    const [{ startOffset, endOffset }] = await broker.offsets(TOPIC);
    assert(from < startOffset && startOffset < endOffset, `${from} ${startOffset}`);
    const statuses: number[] = [];
    const { lines, lost } = await consume(folder, {
      statusIntervalMs: 1,
      onStatus: (status) => statuses.push(status.lost),
    });
    assertEquals(lost, startOffset - from);
    assert(
      lines.some((line) => line.includes(`${lost} offsets, ${from} to ${startOffset - 1}, were deleted`)),
    );
    assert(statuses.includes(lost), String(statuses));
    const [loss] = await ledger.losses.list(TOPIC);
    assertEquals([loss.firstOffset, loss.nextOffset, loss.acceptedBy], [from, startOffset, null]);
    const ranges = await Array.fromAsync(ledger.ranges(TOPIC, 0));
    assert(ranges.every((range) => range.nextOffset <= from || range.firstOffset >= startOffset));
    // Another run neither loses them again nor forgets them.
    assertEquals((await consume(folder)).lost, 0);
    assertEquals((await ledger.losses.list(TOPIC)).length, 1);
    const accepting = await consume(folder, { acceptGaps: "ann" });
    assert(accepting.lines.some((line) => line.includes(`ann accepted ${lost} lost offsets`)));
    assertEquals((await ledger.losses.list(TOPIC)).map((each) => each.acceptedBy), ["ann"]);
  });
});

Deno.test("runConsumer() records what was deleted in the midst of an embedded stream, and at its end", async () => {
  await withRun(async (folder) => {
    await using broker = openSqliteBroker(`${folder}/stream.db`);
    for (let i = 0; i < 3; i++) {
      await broker.produce(TOPIC, Array.from({ length: 10 }, () => ({ key: null, value: "{}" })));
    }
    change(`${folder}/stream.db`, "DELETE FROM record_batch WHERE base_offset IN (2000, 2020)");
    assertEquals((await consume(folder)).lost, 20);
    await using ledger = openSqliteLedger(`${folder}/ledger.db`);
    const losses = await ledger.losses.list(TOPIC);
    assertEquals(losses.map(({ firstOffset, nextOffset }) => [firstOffset, nextOffset]), [
      [2000, 2010],
      [2020, 2030],
    ]);
    await using store = openDirectory(`${folder}/objects`);
    const { problems } = await verify({ broker, ledger, store, topic: TOPIC });
    assertEquals(problems.map(({ kind, count }) => [kind, count]), [["lost", 20]]);
  });
});

for (const topic of [TOPIC, "labels"]) {
  Deno.test(`runConsumer() refuses the topic ${topic} that was deleted and made anew, longer than before`, async () => {
    await withRun(async (folder) => {
      await consume(folder);
      await consume(folder);
      await makeAnew(folder, topic, 3);
      // Also where a partition that the ledger does not know is claimed first.
      for (let tries = 0; tries < 3; tries++) {
        await assertRejects(() => consume(folder), Error, `${topic} in the ledger`);
      }
      await using ledger = openSqliteLedger(`${folder}/ledger.db`);
      assertEquals((await ledger.partitions())[0].nextOffset, 2000);
    });
  });
}

Deno.test("runConsumer() refuses labels of a topic of another name, unless none were read", async () => {
  await withRun(async (folder) => {
    await using broker = openSqliteBroker(`${folder}/stream.db`);
    for (const labelTopic of ["empty", "answers"]) await broker.ensureTopic(labelTopic);
    await consume(folder, { labelTopic: "empty" });
    await consume(folder);
    await broker.produce(TOPIC, [{ key: null, value: "{}" }]);
    await consume(folder);
    await assertRejects(() => consume(folder, { labelTopic: "answers" }), Error, "it has read labels so far");
  });
});

Deno.test("runConsumer() counts labels that were deleted before they were read", async () => {
  await withRun(async (folder) => {
    await consume(folder);
    await using broker = openSqliteBroker(`${folder}/stream.db`);
    const [{ endOffset: read }] = await broker.offsets("labels");
    const label = (id: number) => ({
      key: null,
      value: JSON.stringify({
        ...{
          transaction_id: `l${id}`,
          customer_id: "c",
          terminal_id: "t",
          timestamp: "2026-01-01T00:00:00Z",
        },
        ...{ is_fraud: true, labelled_at: "2026-01-08T00:00:00Z" },
      }),
    });
    await broker.produce("labels", Array.from({ length: 40 }, (_, i) => label(i)));
    await broker.produce("labels", [label(40)]);
    change(
      `${folder}/stream.db`,
      `DELETE FROM record_batch WHERE base_offset <= ${read} AND topic_id = (SELECT id FROM topic WHERE name = 'labels')`,
    );
    await broker.produce(TOPIC, [{ key: null, value: "{}" }]);
    const { lines } = await consume(folder);
    const said = lines.filter((line) => line.includes("labels/0: offsets"));
    assert(said.at(-1)?.includes(`to ${read + 39} were deleted`), lines.join("\n"));
  });
});
