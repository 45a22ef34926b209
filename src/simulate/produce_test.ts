import { assert, assertEquals } from "../testing/assert.ts";
import { openSqliteBroker } from "../broker/sqlite/broker.ts";
import { keyOf, valueOf } from "../broker/record_batch.ts";
import { DeliveryError } from "../runtime/delivery_error.ts";
import { produceEvents } from "./produce.ts";
import { simulate } from "./simulate.ts";

const start = new Date("2026-01-01T00:00:00Z");
const topics = { topic: "transactions", labelTopic: "labels" };

async function openStream() {
  const broker = openSqliteBroker(`${Deno.makeTempDirSync()}/stream.db`);
  await broker.ensureTopic("transactions", { partitions: 2 });
  await broker.ensureTopic("labels");
  return broker;
}

Deno.test("produceEvents() keys transactions by customer and produces labels too", async () => {
  await using broker = await openStream();
  const events = simulate({ randomSeed: 1, start, count: 10_000 });
  assertEquals(await produceEvents(broker, events, topics), { transactions: 10_000, labels: 10_000 });
  let count = 0;
  for (const partition of [0, 1]) {
    for await (const batch of broker.read("transactions", partition, { fromOffset: 0 })) {
      for (let i = 0; i < batch.count; i++) {
        const { customer_id } = JSON.parse(new TextDecoder().decode(valueOf(batch, i)!));
        assertEquals(new TextDecoder().decode(keyOf(batch, i)!), customer_id);
        count++;
      }
    }
  }
  assertEquals(count, 10_000);
});

Deno.test("produceEvents() keeps to the rate, and to file time", async () => {
  await using broker = await openStream();
  const events = () => simulate({ randomSeed: 1, start, count: 60, labels: "none" });
  let startedAt = performance.now();
  await produceEvents(broker, events(), { ...topics, ratePerS: 300 });
  assert(performance.now() - startedAt >= 59 / 300 * 1000);
  const times = [...events()].map((event) =>
    event.kind === "transaction" ? Date.parse(event.transaction.timestamp) : 0
  );
  const spanMs = Math.max(...times) - Math.min(...times);
  startedAt = performance.now();
  await produceEvents(broker, events(), { ...topics, speed: spanMs / 200 });
  assert(performance.now() - startedAt >= 195);
});

Deno.test("produceEvents() ends on the signal with whole records, and waits out a broker that is down", async () => {
  await using broker = await openStream();
  const ending = new AbortController();
  let failures = 3;
  const flaky = {
    ...broker,
    produce: (topic: string, records: Parameters<typeof broker.produce>[1]) =>
      failures-- > 0
        ? Promise.reject(new DeliveryError("Cannot produce: the broker is down", { retriable: true }))
        : broker.produce(topic, records),
  } as typeof broker;
  const produced = await produceEvents(flaky, simulate({ randomSeed: 1, start }), {
    ...topics,
    signal: ending.signal,
    onProgress: ({ transactions }) => transactions > 10_000 && ending.abort(),
  });
  const offsets = await broker.offsets("transactions");
  assertEquals(offsets.reduce((sum, { endOffset }) => sum + endOffset, 0), produced.transactions);
  assert(produced.transactions > 10_000);
});
