/**
 * What every broker adapter must do, as tests that anyone can run against an adapter of their own.
 *
 * @module
 */
import { assert, assertEquals } from "../../testing/assert.ts";
import { patience } from "../../testing/patience.ts";
import { until } from "../../testing/until.ts";
import type { Broker, BrokerEvent, ProducedRecord, Subscription } from "../broker.ts";
import { keyOf, valueOf } from "../record_batch.ts";

/** How to run the suite. */
export interface BrokerContractOptions {
  /** Opens the broker; called several times in one test, each time for the same stream. */
  open(): Promise<Broker>;
  skip?: string;
  /** Time for a group to settle, in milliseconds (default 30,000). */
  deadlineMs?: number;
}

const text = (bytes: Uint8Array | null) => bytes === null ? null : new TextDecoder().decode(bytes);
let topics = 0;
const newTopic = () => `contract-${Date.now().toString(36)}-${topics++}`;

/** Registers the suite under a name. */
export function brokerContract(adapter: string, options: BrokerContractOptions): void {
  const test = (name: string, fn: () => Promise<void>) =>
    Deno.test({
      name: `${adapter}: ${name}${options.skip ? ` (skipped: ${options.skip})` : ""}`,
      ignore: options.skip !== undefined,
      sanitizeResources: false,
      sanitizeOps: false,
      fn,
    });
  const deadlineMs = options.deadlineMs ?? 30_000;

  /** Follows a subscription until the events satisfy the caller. */
  async function follow(
    subscription: Subscription,
    enough: (event: BrokerEvent) => boolean | Promise<boolean>,
  ) {
    const ended = AbortSignal.timeout(patience(deadlineMs));
    for await (const event of subscription) {
      if (await enough(event)) return;
      assert(!ended.aborted, "the subscription must yield what was awaited in time");
    }
  }

  test("keeps values, keys, headers and times as they were produced", async () => {
    await using broker = await options.open();
    const topic = newTopic();
    await broker.ensureTopic(topic);
    await broker.ensureTopic(topic, { partitions: 9 });
    assertEquals(await broker.partitions(topic), 1);
    const records: ProducedRecord[] = [
      {
        key: "k",
        value: "ß€😀",
        headers: { reason: "wrong-field", text: "ü" },
        timestampMs: 1_600_000_000_123,
      },
      // 100 days later, and before the first one.
      { key: new Uint8Array([0xff, 0]), value: new Uint8Array([0xc3, 0x28]), timestampMs: 1_608_640_000_456 },
      { key: "old", value: "", timestampMs: 1_000_000_000_789 },
      { key: null, value: null },
      { key: "big", value: "x".repeat(900_000) },
    ];
    const producedAtMs = Date.now();
    await broker.produce(topic, records);
    await broker.produce(topic, []);
    const [{ startOffset, endOffset }] = await broker.offsets(topic);
    assertEquals([startOffset, endOffset], [0, 5]);
    const read: { offset: number; timeMs: number; key: Uint8Array | null; value: Uint8Array | null }[] = [];
    for await (const batch of broker.read(topic, 0, { fromOffset: 0 })) {
      for (let i = 0; i < batch.count; i++) {
        if (batch.offsets[i] === 0) {
          const { reason, text } = batch.headers(i);
          assertEquals({ reason, text }, { reason: "wrong-field", text: "ü" });
        }
        read.push({
          offset: batch.offsets[i],
          timeMs: batch.timestampMs[i],
          key: keyOf(batch, i),
          value: valueOf(batch, i),
        });
      }
    }
    assertEquals(read.map(({ offset }) => offset), [0, 1, 2, 3, 4]);
    assertEquals(read.slice(0, 3).map(({ timeMs }) => timeMs), [
      1_600_000_000_123,
      1_608_640_000_456,
      1_000_000_000_789,
    ]);
    for (const { timeMs } of read.slice(3)) assert(Math.abs(timeMs - producedAtMs) < 600_000);
    assertEquals(text(read[0].value), "ß€😀");
    assertEquals([...read[1].key!], [0xff, 0]);
    assertEquals([...read[1].value!], [0xc3, 0x28]);
    assertEquals([text(read[2].key), text(read[2].value)], ["old", ""]);
    assertEquals([read[3].key, read[3].value], [null, null]);
    assertEquals(read[4].value!.length, 900_000);
  });

  test("reads any stretch of offsets, whatever the batches", async () => {
    await using broker = await options.open();
    const topic = newTopic();
    await broker.ensureTopic(topic);
    for (let from = 0; from < 1000; from += 250) {
      await broker.produce(
        topic,
        Array.from({ length: 250 }, (_, i) => ({ key: null, value: `${from + i}` })),
      );
    }
    for (const [fromOffset, toOffset] of [[0, 1000], [1, 2], [249, 251], [500, 500], [999, 5000]]) {
      const seen: number[] = [];
      for await (const batch of broker.read(topic, 0, { fromOffset, toOffset, maxBatchRecords: 100 })) {
        for (let i = 0; i < batch.count; i++) seen.push(Number(text(valueOf(batch, i))));
      }
      const length = Math.max(0, Math.min(toOffset, 1000) - fromOffset);
      assertEquals(seen, Array.from({ length }, (_, i) => fromOffset + i));
    }
  });

  test("keeps the records of a key in one partition and in order, and is the same stream when opened again", async () => {
    const topic = newTopic();
    const first = await options.open();
    const id = await first.id();
    await first.ensureTopic(topic, { partitions: 3 });
    await first.produce(topic, Array.from({ length: 600 }, (_, i) => ({ key: `k${i % 40}`, value: `${i}` })));
    await first[Symbol.asyncDispose]();
    await using broker = await options.open();
    assertEquals(await broker.id(), id);
    const home = new Map<string, number>();
    const last = new Map<string, number>();
    const used = new Set<number>();
    for (let partition = 0; partition < 3; partition++) {
      for await (const batch of broker.read(topic, partition, { fromOffset: 0 })) {
        for (let i = 0; i < batch.count; i++) {
          const key = text(keyOf(batch, i))!;
          const value = Number(text(valueOf(batch, i)));
          assertEquals(home.get(key) ?? partition, partition);
          assert((last.get(key) ?? -1) < value);
          home.set(key, partition);
          last.set(key, value);
          used.add(partition);
        }
      }
    }
    assertEquals([home.size, used.size], [40, 3]);
  });

  test("subscribe() assigns, reads from where it was sought, says when it is idle, and ends on the signal", async () => {
    await using broker = await options.open();
    const topic = newTopic();
    await broker.ensureTopic(topic);
    await broker.produce(topic, Array.from({ length: 500 }, (_, i) => ({ key: null, value: `${i}` })));
    const ending = new AbortController();
    await using subscription = await broker.subscribe(topic, `${topic}-group`, {
      signal: ending.signal,
      maxBatchRecords: 64,
    });
    const seen: number[] = [];
    let producedMore = false;
    for await (const event of subscription) {
      if (event.type === "assigned") {
        assertEquals(event.partitions, [0]);
        subscription.seek(0, 100);
      } else if (event.type === "batch") {
        assert(event.batch.count <= 64);
        for (const offset of event.batch.offsets) seen.push(offset);
        if (seen.length === 600 - 100) ending.abort();
      } else if (event.type === "idle" && !producedMore && seen.length === 400) {
        producedMore = true;
        assertEquals((await subscription.lag()).map(({ endOffset, position }) => endOffset - position), [0]);
        await broker.produce(topic, Array.from({ length: 100 }, () => ({ key: null, value: "more" })));
      }
    }
    assertEquals(seen, Array.from({ length: 500 }, (_, i) => 100 + i));
    await subscription.commitOffset(0, 600);
  });

  test("pause() and resume() hold a partition back without losing its place", async () => {
    await using broker = await options.open();
    const topic = newTopic();
    await broker.ensureTopic(topic, { partitions: 2 });
    const records = Array.from({ length: 400 }, (_, i) => ({ key: `k${i}`, value: `${i}` }));
    await broker.produce(topic, records);
    await using subscription = await broker.subscribe(topic, `${topic}-group`, { maxBatchRecords: 10 });
    const seen = new Map<number, number>([[0, 0], [1, 0]]);
    const ends = new Map((await broker.offsets(topic)).map((each) => [each.partition, each.endOffset]));
    let resumed = false;
    await follow(subscription, (event) => {
      if (event.type === "assigned") {
        for (const partition of event.partitions) subscription.seek(partition, 0);
        subscription.pause([1]);
      } else if (event.type === "batch") {
        const { partition, offsets, nextOffset } = event.batch;
        if (partition === 1) assert(resumed, "a paused partition must yield nothing");
        assertEquals(offsets[0], seen.get(partition));
        seen.set(partition, nextOffset);
        if (!resumed && seen.get(0) === ends.get(0)) {
          resumed = true;
          subscription.resume([1]);
        }
      }
      return seen.get(0) === ends.get(0) && seen.get(1) === ends.get(1);
    });
  });

  test("members of a group share the partitions, and take over those of a member that left", async () => {
    await using broker = await options.open();
    await using second = await options.open();
    const topic = newTopic();
    await broker.ensureTopic(topic, { partitions: 4 });
    const held = [new Set<number>(), new Set<number>()];
    const ends = [new AbortController(), new AbortController()];
    const subscriptions = [
      await broker.subscribe(topic, `${topic}-group`, { signal: ends[0].signal, sessionTimeoutMs: 6000 }),
      await second.subscribe(topic, `${topic}-group`, { signal: ends[1].signal, sessionTimeoutMs: 6000 }),
    ];
    const loops = subscriptions.map(async (subscription, member) => {
      for await (const event of subscription) {
        if (event.type === "assigned") event.partitions.forEach((partition) => held[member].add(partition));
        if (event.type === "revoked") event.partitions.forEach((partition) => held[member].delete(partition));
      }
      await subscription[Symbol.asyncDispose]();
    });
    await until(
      () => held[0].size === 2 && held[1].size === 2 && new Set([...held[0], ...held[1]]).size === 4,
      {
        timeoutMs: deadlineMs,
        what: "two members with two partitions each",
      },
    );
    ends[0].abort();
    await loops[0];
    await until(() => held[1].size === 4, { timeoutMs: deadlineMs, what: "one member with all partitions" });
    ends[1].abort();
    await loops[1];
  });

  test("a slow caller is not flooded: read-ahead is bounded", async () => {
    await using broker = await options.open();
    const topic = newTopic();
    await broker.ensureTopic(topic);
    await broker.produce(topic, Array.from({ length: 5000 }, (_, i) => ({ key: null, value: `${i}` })));
    await using subscription = await broker.subscribe(topic, `${topic}-group`, { maxBatchRecords: 100 });
    let next = 0;
    let wentBack = false;
    await follow(subscription, async (event) => {
      if (event.type === "assigned") subscription.seek(0, 0);
      if (event.type === "batch") {
        assertEquals(event.batch.offsets[0], next);
        next = event.batch.nextOffset;
        await new Promise((resolve) => setTimeout(resolve, 1));
        // Going back drops what was read ahead.
        if (next === 1000 && !wentBack) {
          wentBack = true;
          subscription.seek(0, next = 500);
        }
      }
      return next >= 5000;
    });
  });
}
