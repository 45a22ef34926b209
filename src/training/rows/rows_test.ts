import { openSqliteBroker } from "../../broker/sqlite/broker.ts";
import { type RowBatch, UNKNOWN_LABEL } from "../train_stream.ts";
import { produceEvents } from "../../simulate/produce.ts";
import { simulate } from "../../simulate/simulate.ts";
import { openFeatureStage } from "../../features/stage.ts";
import { assert, assertEquals, assertThrows } from "../../testing/assert.ts";
import { eventRows } from "./event_rows.ts";
import { streamRows } from "./stream_rows.ts";
import { transactionFeatures } from "./transaction_features.ts";
import { afterWarmUp } from "./warm_up.ts";

const DAY_MS = 86_400_000;
const { features } = transactionFeatures(["streaming"]);
const openStage = () => openFeatureStage({ kind: "transactions", features });
const events = () => simulate({ randomSeed: 3, start: Date.UTC(2026, 0, 1), count: 5000, nCustomers: 60 });

async function collect(batches: AsyncIterable<RowBatch>): Promise<{ rows: number[]; labels: number[] }> {
  const [rows, labels]: [number[], number[]] = [[], []];
  for await (const batch of batches) {
    rows.push(...batch.rows.subarray(0, batch.count * features.length));
    labels.push(...batch.labels ?? []);
  }
  return { rows, labels };
}

Deno.test("streamRows() gives the rows that eventRows() gives of the same events, bit for bit", async () => {
  const expected = await collect(eventRows(events(), openStage(), { warmUpMs: 14 * DAY_MS }));
  assert(expected.rows.length > 1000 * features.length, `${expected.rows.length} values`);
  assert(expected.labels.includes(1), "no fraud among them");
  await using broker = openSqliteBroker(`${Deno.makeTempDirSync()}/stream.db`);
  const topics = { topic: "transactions", labelTopic: "labels" };
  await broker.ensureTopic(topics.topic);
  await broker.ensureTopic(topics.labelTopic);
  await produceEvents(broker, events(), topics);
  await broker.produce(topics.topic, [{ key: null, value: "no transaction" }]);
  const actual = await collect(streamRows(broker, openStage, { ...topics, warmUpMs: 14 * DAY_MS }));
  assertEquals(actual.rows, expected.rows);
  // Every label has come by the end of the topic, so the rows' labels are the simulator's truth.
  assertEquals(actual.labels, expected.labels);
});

Deno.test("eventRows() gives labels that say so where it is not known whether an event is fraud", async () => {
  function* unlabelled() {
    for (const event of events()) if (event.kind === "transaction") yield { ...event, isFraud: null };
  }
  const { labels } = await collect(eventRows(unlabelled(), openStage(), { warmUpMs: 0 }));
  assertEquals([labels.length, new Set(labels)], [5000, new Set([UNKNOWN_LABEL])]);
});

Deno.test("transactionFeatures() takes names or the name of one set, and refuses others", () => {
  assertEquals(transactionFeatures(["amount", "hour"]).features.map(({ name }) => name), ["amount", "hour"]);
  assertEquals(transactionFeatures(["basic"]).features.length, 3);
  for (const names of [["shoe_size"], ["basic", "amount"], ["constructor"]]) {
    assertThrows(() => transactionFeatures(names), RangeError, names[0]);
  }
});

Deno.test("afterWarmUp() leaves out whole batches and the start of one", () => {
  const trim = afterWarmUp(10, 2);
  const batch = (times: number[]) => ({
    rows: Float32Array.from(times.flatMap((time) => [time, -time])),
    count: times.length,
    timestampsMs: Float64Array.from(times),
    labels: Uint8Array.from(times, (time) => time % 2),
  });
  assertEquals(trim(batch([5, 6])), undefined);
  const rest = trim(batch([14, 15, 16]));
  assertEquals([rest?.count, [...rest!.rows], [...rest!.labels!]], [2, [15, -15, 16, -16], [1, 0]]);
  assertEquals(trim(batch([3]))?.count, undefined);
});

Deno.test("openFeatureStage() presumes as the model was trained, unless told otherwise", () => {
  const model = { kind: "transactions", features, presumeLegitimateAfterMs: DAY_MS } as const;
  const stateId = openFeatureStage({ kind: "transactions", features }, { presumeLegitimateAfterMs: DAY_MS })
    .features.stateId;
  assertEquals(openFeatureStage(model).features.stateId, stateId);
  assertEquals(
    openFeatureStage(model, { maxKeys: 5, presumeLegitimateAfterMs: undefined }).features.stateId,
    stateId,
  );
  assert(openFeatureStage(model, { presumeLegitimateAfterMs: 2 * DAY_MS }).features.stateId !== stateId);
  assert(openStage().features.stateId !== stateId);
});
