import type { Broker, PartitionOffsets, ProducedRecord } from "../broker/broker.ts";
import { openSqliteBroker } from "../broker/sqlite/broker.ts";
import { assertEquals } from "../testing/assert.ts";
import { proveRun } from "./prove_run.ts";

const marked = (from: number, to: number, run = "r1"): ProducedRecord[] =>
  Array.from({ length: to - from }, (_, i) => ({
    key: `k${i}`,
    value: "{}",
    headers: { produce_run: `${run}/${from + i}` },
  }));

async function openTopic() {
  const broker = openSqliteBroker(`${Deno.makeTempDirSync()}/stream.db`);
  await broker.ensureTopic("t", { partitions: 3 });
  await broker.produce("t", marked(0, 50, "earlier"));
  return { broker, before: await broker.offsets("t") };
}

const withOffsets = (broker: Broker, offsets: () => Promise<PartitionOffsets[]>) =>
  ({ offsets, read: broker.read.bind(broker) }) as Partial<Broker> as Broker;

for (
  const [what, records, expected] of [
    ["each record once", marked(0, 100), { missing: 0, doubled: 0, unknown: 0 }],
    ["other runs and records beside it", [
      ...marked(0, 100),
      ...marked(0, 30, "r11"),
      { key: "k", value: "{}" },
    ], { missing: 0, doubled: 0, unknown: 0 }],
    ["records that are missing", [...marked(0, 90), ...marked(95, 100)], {
      missing: 5,
      doubled: 0,
      unknown: 0,
    }],
    ["as many missing as doubled", [...marked(0, 97), ...marked(7, 10)], {
      missing: 3,
      doubled: 3,
      unknown: 0,
    }],
    ["a number that was never produced", [...marked(0, 101)], { missing: 0, doubled: 1, unknown: 0 }],
  ] as const
) {
  Deno.test(`proveRun() counts ${what}`, async () => {
    const { broker, before } = await openTopic();
    await using _broker = broker;
    await broker.produce("t", records);
    const options = { topic: "t", run: "r1", count: 100, before, patienceMs: 0 };
    assertEquals(await proveRun(broker, options), expected);
  });
}

Deno.test("proveRun() says that it does not know where the topic was trimmed", async () => {
  const { broker, before } = await openTopic();
  await using _broker = broker;
  await broker.produce("t", marked(0, 80));
  const trimmed = withOffsets(
    broker,
    async () => (await broker.offsets("t")).map((each) => ({ ...each, startOffset: each.startOffset + 30 })),
  );
  const proof = await proveRun(trimmed, { topic: "t", run: "r1", count: 100, before });
  assertEquals([proof.missing, proof.doubled], [0, 0]);
  assertEquals(proof.unknown >= 20, true);
});

Deno.test("proveRun() waits for records that show late", async () => {
  const { broker, before } = await openTopic();
  await using _broker = broker;
  await broker.produce("t", marked(0, 60));
  let looks = 0;
  const late = withOffsets(broker, async () => {
    if (++looks === 2) await broker.produce("t", marked(60, 100));
    return await broker.offsets("t");
  });
  const proof = await proveRun(late, { topic: "t", run: "r1", count: 100, before });
  assertEquals(proof, { missing: 0, doubled: 0, unknown: 0 });
});
