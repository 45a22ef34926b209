import type { Broker } from "../broker/broker.ts";
import { openSqliteBroker } from "../broker/sqlite/broker.ts";
import { DeliveryError } from "../runtime/delivery_error.ts";
import type { Label } from "../domain/label.ts";
import { openDecoder } from "../decode/wasm.ts";
import { assert, assertEquals } from "../testing/assert.ts";
import { LabelFeed } from "./label_feed.ts";
import { LabelTopic } from "./label_topic.ts";

const decoder = await openDecoder();
const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 0, 1);
const at = (day: number) => START_MS + day * DAY_MS;

function labelOf(name: string, day: number): string {
  return JSON.stringify({
    transaction_id: name,
    customer_id: "c",
    terminal_id: "t",
    timestamp: new Date(at(day - 7)).toISOString(),
    is_fraud: true,
    labelled_at: new Date(at(day)).toISOString(),
  });
}

/** A stream with a label topic, and a function that adds values to it; the key decides the partition. */
async function withLabels(partitions: number) {
  const broker = openSqliteBroker(`${Deno.makeTempDirSync()}/stream.db`);
  await broker.ensureTopic("labels", { partitions });
  const add = (...values: (string | null)[]) =>
    broker.produce("labels", values.map((value) => ({ key: "c", value })));
  return { broker, add };
}

function labelsOf(broker: Broker): LabelTopic {
  return new LabelTopic({ broker, decoder, labelTopic: "labels" });
}

/** Takes labels, and says that so many wait for their time already. */
function takerOf(labelsQueued: number) {
  const days: number[] = [];
  return {
    days,
    offer: (label: Label) => void days.push((label.labelledAtMs - START_MS) / DAY_MS),
    get labelsQueued() {
      return labelsQueued + days.length;
    },
  };
}

/** Days of the labels that are read where as many as may be wait already. */
async function read(feed: LabelFeed, untilMs: number, labelsQueued = 32_768): Promise<number[]> {
  const taker = takerOf(labelsQueued);
  await feed.readUntil(untilMs, taker);
  return taker.days;
}

Deno.test("LabelFeed reads up to the time that is asked for, and goes on there", async () => {
  const { broker, add } = await withLabels(1);
  await using _ = broker;
  await add(labelOf("a", 1), labelOf("b", 2), labelOf("c", 5));
  const feed = new LabelFeed(labelsOf(broker), []);
  assertEquals(await read(feed, at(0)), []);
  assertEquals(await read(feed, at(2)), [1, 2]);
  assertEquals(await read(feed, at(2)), []);
  assertEquals(feed.offsets, [2]);
  assertEquals(await read(feed, at(9)), [5]);
  assertEquals(feed.offsets, [3]);
});

Deno.test("LabelFeed reads on past labels of a later date, as far as they may wait", async () => {
  const { broker, add } = await withLabels(1);
  await using _ = broker;
  await add(labelOf("a", 1), labelOf("b", 9), labelOf("c", 8), labelOf("answer", 2), labelOf("d", 9));
  const open = () => new LabelFeed(labelsOf(broker), []);
  const feed = open();
  assertEquals(await read(feed, at(1), 0), [1, 9, 8, 2, 9]);
  assertEquals(feed.offsets, [5]);
  // Two more may wait, whatever their date; what is due comes in any case.
  const bounded = open();
  assertEquals(await read(bounded, at(1), 32_765), [1, 9, 8]);
  assertEquals(await read(bounded, at(2)), [2]);
  assertEquals(bounded.offsets, [4]);
});

Deno.test("LabelFeed leaves every partition of the label topic room for labels that wait", async () => {
  const broker = openSqliteBroker(`${Deno.makeTempDirSync()}/stream.db`);
  await using _ = broker;
  await broker.ensureTopic("labels", { partitions: 2 });
  const later = Array.from({ length: 40_000 }, (_, i) => ({ key: "c", value: labelOf(`l${i}`, 9) }));
  const other = ["d", "e", "f", "g"].find((key) =>
    broker.partitionOf(key, 2) !== broker.partitionOf("c", 2)
  )!;
  await broker.produce("labels", later);
  await broker.produce("labels", [{ key: other, value: labelOf("b", 9) }, {
    key: other,
    value: labelOf("answer", 2),
  }]);
  const feed = new LabelFeed(labelsOf(broker), []);
  const days = await read(feed, at(1), 0);
  assert(days.includes(2), "the answer waits behind another partition's labels");
  assert(days.length <= 32_769, `${days.length} labels wait`);
});

Deno.test("LabelFeed counts and passes over what is no label", async () => {
  const { broker, add } = await withLabels(1);
  await using _ = broker;
  await add("x", labelOf("a", 1), null, "{}", labelOf("b", 2), "x");
  const feed = new LabelFeed(labelsOf(broker), []);
  assertEquals(await read(feed, at(9)), [1, 2]);
  assertEquals([feed.faults, feed.offsets], [4, [6]]);
});

Deno.test("LabelFeed.readTo() gives the labels that a batch had seen, whatever has come since", async () => {
  const { broker, add } = await withLabels(3);
  await using _ = broker;
  await add(labelOf("a", 1), "x", labelOf("b", 2));
  const first = new LabelFeed(labelsOf(broker), []);
  const days = await read(first, at(3));
  const seen = [...first.offsets];
  await add(labelOf("late", 1));
  const again = takerOf(0);
  const second = new LabelFeed(labelsOf(broker), []);
  await second.readTo(seen, again);
  assertEquals([again.days, second.offsets], [days, seen]);
  assertEquals(await read(second, at(3)), [1]);
});

Deno.test("LabelFeed waits for a topic that is not there yet", async () => {
  await using broker = openSqliteBroker(`${Deno.makeTempDirSync()}/stream.db`);
  const feed = new LabelFeed(labelsOf(broker), []);
  assertEquals(await read(feed, at(9)), []);
  assertEquals(feed.offsets, []);
});

Deno.test("LabelFeed gives each label once though the stream fails at every third call", async () => {
  const { broker, add } = await withLabels(2);
  await using _ = broker;
  await add(...[1, 2, 3, 4, 5].map((day) => labelOf(`l${day}`, day)));
  let calls = 0;
  const fail = () => {
    if (++calls % 3 === 2) throw new DeliveryError("Cannot read as it is away", { retriable: true });
  };
  const failing = new Proxy(broker, {
    get(_, name) {
      if (name === "read") {
        return async function* (...args: Parameters<Broker["read"]>) {
          fail();
          for await (const batch of broker.read(args[0], args[1], { ...args[2], maxBatchRecords: 1 })) {
            yield batch;
            fail();
          }
        };
      }
      const value = Reflect.get(broker, name);
      return typeof value !== "function" ? value : async (...args: unknown[]) => {
        fail();
        return await value.apply(broker, args);
      };
    },
  });
  const feed = new LabelFeed(labelsOf(failing), []);
  assertEquals(await read(feed, at(3)), [1, 2, 3]);
  assertEquals(await read(feed, at(9)), [4, 5]);
  assert(calls > 8, `${calls} calls`);
});
