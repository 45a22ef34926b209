import type { Broker } from "../broker/broker.ts";
import { openSqliteBroker } from "../broker/sqlite/broker.ts";
import { randomNumbers } from "../forest/scorer/testing/cases.ts";
import { type Decoder, openDecoder } from "../decode/wasm.ts";
import { assert, assertEquals } from "../testing/assert.ts";

import { LabelFeed } from "./label_feed.ts";
import { LabelTopic } from "./label_topic.ts";

const START_MS = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;
const PIECE = 7;

/** A label topic of two partitions with a label an hour, and some records between them that are none. */
async function openTopic(hours: number) {
  const broker = openSqliteBroker(`${Deno.makeTempDirSync()}/stream.db`);
  await broker.ensureTopic("labels", { partitions: 2 });
  const records = [];
  for (let hour = 0; hour < hours; hour++) {
    if (hour % 5 === 0) records.push({ key: `c${hour % 2}`, value: "no label" });
    const value = JSON.stringify({
      transaction_id: `t${hour}`,
      customer_id: `c${hour % 17}`,
      terminal_id: "t",
      timestamp: new Date(START_MS).toISOString(),
      is_fraud: hour % 2 === 0,
      labelled_at: new Date(START_MS + hour * HOUR_MS).toISOString(),
    });
    records.push({ key: `c${hour % 17}`, value });
  }
  await broker.produce("labels", records);
  let reads = 0;
  /** In small pieces, and counted. */
  const counted: Broker = new Proxy(broker, {
    get(target, name) {
      if (name === "read") {
        return (topic: string, partition: number, options: Parameters<Broker["read"]>[2]) => {
          reads++;
          return broker.read(topic, partition, { ...options, maxBatchRecords: PIECE });
        };
      }
      const value = Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const inner = await openDecoder();
  let decoded = 0;
  const decoder: Decoder = {
    ...inner,
    decodeLabels(batch) {
      decoded += batch.count;
      return inner.decodeLabels(batch);
    },
  };
  return {
    broker: counted,
    decoder,
    records: records.length,
    counts: () => ({ reads, decoded }),
    [Symbol.asyncDispose]: () => broker[Symbol.asyncDispose](),
  };
}

/** Reads up to the hour, and nothing ahead of it. */
async function follow(feed: LabelFeed, hour: number, into: string[]) {
  await feed.readUntil(START_MS + hour * HOUR_MS, {
    offer: ({ transactionKey, labelledAtMs }) => void into.push(`${transactionKey} ${labelledAtMs}`),
    labelsQueued: Infinity,
  });
}

Deno.test("LabelTopic decodes each record once for feeds that keep step", async () => {
  const HOURS = 300;
  await using topic = await openTopic(HOURS);
  let refused = 0;
  await using labels = new LabelTopic({ ...topic, labelTopic: "labels", onRefused: () => refused++ });
  const feeds = Array.from(
    { length: 5 },
    () => ({ feed: new LabelFeed(labels, []), seen: [] as string[] }),
  );
  for (let hour = 10; hour <= HOURS; hour += 10) {
    for (const { feed, seen } of feeds) await follow(feed, hour, seen);
  }
  assertEquals(topic.counts(), { reads: 2, decoded: topic.records });
  assertEquals(refused, topic.records - HOURS);
  for (const { feed, seen } of feeds) {
    assertEquals([seen.length, feed.faults], [HOURS, topic.records - HOURS]);
    assertEquals(seen, feeds[0].seen);
  }
});

Deno.test("LabelTopic gives every feed the same labels at any pace, though it keeps next to nothing", async () => {
  const HOURS = 200;
  for (const keptRecords of [1, 20, 100_000]) {
    await using topic = await openTopic(HOURS);
    let refused = 0;
    await using labels = new LabelTopic({
      ...{ ...topic, labelTopic: "labels", keptRecords },
      onRefused: () => refused++,
    });
    const random = randomNumbers(keptRecords);
    const feeds = Array.from({ length: 7 }, () => ({
      feed: new LabelFeed(labels, []),
      hour: 0,
      seen: [] as string[],
    }));
    while (feeds.some(({ hour }) => hour < HOURS)) {
      const each = feeds[Math.floor(random() * feeds.length)];
      each.hour = Math.min(HOURS, each.hour + Math.floor(random() * 40));
      await follow(each.feed, each.hour, each.seen);
      // As after a restart: another feed goes on where this one was.
      if (random() < 0.3) each.feed = new LabelFeed(labels, each.feed.offsets);
    }
    assertEquals(refused, topic.records - HOURS);
    for (const { feed, seen } of feeds) {
      assertEquals([new Set(seen).size, seen.length], [HOURS, HOURS]);
      assertEquals(feed.offsets.reduce((sum, offset) => sum + offset), topic.records);
      assertEquals([...seen].sort(), [...feeds[0].seen].sort());
    }
    assert(topic.counts().decoded >= topic.records);
  }
});
