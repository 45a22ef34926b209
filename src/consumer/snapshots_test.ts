import { DatabaseSync } from "node:sqlite";
import type { Broker } from "../broker/broker.ts";
import { createTelemetry } from "../runtime/telemetry.ts";
import { produceEvents } from "../simulate/produce.ts";
import { simulate } from "../simulate/simulate.ts";
import { assert, assertEquals, assertMatch } from "../testing/assert.ts";
import { until } from "../testing/until.ts";
import { runConsumer } from "./consumer.ts";
import type { ConsumerOptions } from "./consumer_options.ts";
import { onEmbedded, withMethod } from "./testing/embedded.ts";

Deno.test("runConsumer() keeps a snapshot at its end, and by age while it runs, however few the records are", () =>
  onEmbedded({ count: 300, partitions: 2 }, async (parts) => {
    const { broker, ledger } = parts;
    const kept = async () => {
      const ends = (await broker.offsets("transactions")).map(({ endOffset }) => endOffset);
      const snapshots = ends.map((_, partition) => ledger.queries.snapshot("transactions", partition));
      return (await Promise.all(snapshots)).map((snapshot, i) => ends[i] - (snapshot?.nextOffset ?? 0));
    };
    await runConsumer(parts, { untilEmpty: true });
    assertEquals(await kept(), [0, 0]);
    const ending = new AbortController();
    const running = runConsumer(parts, { signal: ending.signal, snapshotIntervalMs: 20 });
    const topics = { topic: "transactions", labelTopic: "labels" };
    await produceEvents(broker, simulate({ randomSeed: 5, start: Date.UTC(2026, 1, 1), count: 50 }), topics);
    assert((await kept()).some((behind) => behind > 0), "nothing was produced");
    await until(async () => (await kept()).every((behind) => behind === 0), {
      timeoutMs: 60_000,
      what: "a snapshot of all records",
    });
    ending.abort();
    await running;
  }));

Deno.test("runConsumer() keeps a snapshot before the stream deletes what a restart would need", () =>
  onEmbedded({ count: 300, partitions: 1 }, async (parts) => {
    const { ledger } = parts;
    const ending = new AbortController();
    let startOffset = 0;
    const broker = withMethod(
      parts.broker,
      "offsets",
      async (topic) => (await parts.broker.offsets(topic)).map((each) => ({ ...each, startOffset })),
    );
    // Each look is made at once, and no snapshot is due by its age.
    const running = runConsumer({ ...parts, broker }, {
      signal: ending.signal,
      snapshotIntervalMs: 3_600_000,
      lookForSnapshotsMs: 10,
    });
    const committed = async () => (await ledger.partitions())[0]?.nextOffset === 300;
    await until(committed, { timeoutMs: 60_000, what: "all commits" });
    assertEquals(await ledger.queries.snapshot("transactions", 0), undefined);
    startOffset = 5;
    const isKept = async () => (await ledger.queries.snapshot("transactions", 0))?.nextOffset === 300;
    await until(isKept, { timeoutMs: 60_000, what: "a snapshot" });
    ending.abort();
    await running;
  }));

Deno.test("runConsumer() says that its state is rebuilt in part where the stream has deleted committed records", () =>
  onEmbedded({ count: 400, faults: ["no transaction"] }, async (parts, { folder }) => {
    const lines: string[] = [];
    const telemetry = createTelemetry({ write: (line) => lines.push(line) });
    const ledger = withMethod(parts.ledger, "keepSnapshot", () => Promise.resolve());
    await runConsumer({ ...parts, ledger, telemetry }, { untilEmpty: true, maxBatchRecords: 100 });
    {
      using database = new DatabaseSync(`${folder}/stream.db`);
      database.exec(
        "DELETE FROM record_batch WHERE rowid = (SELECT min(rowid) FROM record_batch WHERE topic_id = 1)",
      );
    }
    const [{ startOffset }] = await parts.broker.offsets("transactions");
    assert(startOffset > 0);
    const missing: number[] = [];
    const run = (options: ConsumerOptions) =>
      runConsumer({ ...parts, telemetry }, {
        ...{ untilEmpty: true, onOwned: (_, state) => state && missing.push(state.missing) },
        ...options,
      });
    await run({});
    assertEquals(missing, [startOffset]);
    const said = lines.filter((line) => line.includes("is rebuilt in part"));
    assertMatch(
      said.join(),
      new RegExp(`^warn: history of transactions/0: ${startOffset} committed records`),
    );
    // The snapshot of that run knows it, too, until three weeks of events have passed.
    await run({});
    assertEquals(missing, [startOffset, startOffset]);
    const topics = { topic: "transactions", labelTopic: "labels" };
    const later = { randomSeed: 5, start: Date.UTC(2026, 3, 1), count: 50 };
    await produceEvents(parts.broker, simulate(later), topics);
    await run({});
    await run({});
    assertEquals(missing, [startOffset, startOffset, startOffset, 0]);
    assert(lines.some((line) => line.includes("history of transactions/0: well again")), lines.join("\n"));
  }));

Deno.test("runConsumer() of two members ends a replay that takes longer than the session time-out, and keeps what it has", () =>
  onEmbedded({ count: 6000, partitions: 2 }, async (parts) => {
    await runConsumer(
      { ...parts, ledger: withMethod(parts.ledger, "keepSnapshot", () => Promise.resolve()) },
      {
        untilEmpty: true,
      },
    );
    const before = await parts.ledger.claim("transactions", 0, {
      owner: "looks",
      streamId: await parts.broker.id(),
    });
    assertEquals(before.snapshot, undefined);
    const topics = { topic: "transactions", labelTopic: "labels" };
    const later = simulate({ randomSeed: 5, start: Date.UTC(2026, 3, 1), count: 200 });
    await produceEvents(parts.broker, later, topics);
    let read = 0;
    /** Each batch keeps the thread for long, as a large one does. */
    const slow = (broker: Broker) =>
      withMethod(broker, "read", async function* (topic, partition, options) {
        const isReplay = topic === "transactions" && options.toOffset !== undefined;
        const slowly = isReplay ? { ...options, maxBatchRecords: 100 } : options;
        for await (const batch of broker.read(topic, partition, slowly)) {
          if (isReplay) {
            const until = performance.now() + 40;
            while (performance.now() < until);
            read += batch.count;
          }
          yield batch;
        }
      });
    const run = () =>
      runConsumer({ ...parts, broker: slow(parts.broker) }, {
        ...{ untilEmpty: true, sessionTimeoutMs: 500, snapshotIntervalMs: 200 },
      });
    await Promise.all([run(), run()]);
    const after = await parts.ledger.claim("transactions", 0, {
      owner: "looks",
      streamId: await parts.broker.id(),
    });
    assertEquals((await parts.ledger.summary("transactions")).scored, 6200);
    // Each partition is replayed once, but for what a rebalance read twice.
    assert(read < 2 * 6000, `${read} records were replayed`);
    assert(after.epoch - before.epoch < 8, `${after.epoch - before.epoch} claims`);
  }));
