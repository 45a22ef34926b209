import { assert, assertEquals } from "../testing/assert.ts";
import { openSqliteBroker } from "../broker/sqlite/broker.ts";
import { keyOf, valueOf } from "../broker/record_batch.ts";
import { DeliveryError } from "../runtime/delivery_error.ts";
import type { Broker } from "../broker/broker.ts";
import { openDecoder } from "../decode/wasm.ts";
import { StepJson } from "./events/json.ts";
import { produceEventBatches, produceEvents, produceSteps } from "./produce.ts";
import { simulate, simulatedSteps } from "./simulate.ts";

const DAY_MS = 86_400_000;

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

Deno.test("produceEvents() writes record times that a simulation of the future fits, produceEventBatches() labels alone", async () => {
  const soon = () => simulate({ randomSeed: 1, start: Date.now() + 60 * DAY_MS, count: 50 });
  const past = () =>
    simulate({ randomSeed: 1, start: Date.now() - DAY_MS / 2, count: 5, labelDelayMs: 7 * DAY_MS });
  const decoder = await openDecoder();
  const refused = async (produce: (broker: Broker) => Promise<unknown>) => {
    await using broker = await openStream();
    await produce(broker);
    const counts = { transactions: 0, labels: 0 };
    for (const [topic, partition] of [["transactions", 0], ["transactions", 1], ["labels", 0]] as const) {
      for await (const batch of broker.read(topic, partition, { fromOffset: 0 })) {
        const decoded = topic === "labels" ? decoder.decodeLabels(batch) : decoder.decodeBatch(batch);
        counts[topic] += decoded.faults.length;
      }
    }
    return counts;
  };
  const none = { transactions: 0, labels: 0 };
  assertEquals(await refused((broker) => produceEvents(broker, soon(), topics)), none);
  const steps = simulatedSteps({ randomSeed: 1, start: Date.now() + 60 * DAY_MS, count: 50 });
  const json = new StepJson(1, 7 * DAY_MS);
  assertEquals(await refused((broker) => produceSteps(broker, steps, json, topics)), none);
  assertEquals(await refused((broker) => produceEventBatches(broker, [past()], topics)), none);
  const all = { transactions: 50, labels: 50 };
  assertEquals(await refused((broker) => produceEventBatches(broker, [soon()], topics)), all);
});
