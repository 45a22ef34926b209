import { ArrayPool } from "../runtime/array_pool.ts";
import { openSqliteBroker } from "../broker/sqlite/broker.ts";
import { loadModel } from "../forest/load.ts";
import { Judge } from "../pipeline/judge.ts";
import { FencedError, type Ledger, type Outcome } from "../ledger/ledger.ts";
import { openSqliteLedger } from "../ledger/sqlite/ledger.ts";
import { createTelemetry } from "../runtime/telemetry.ts";
import { makeEmbeddedRun } from "../testing/embedded_run.ts";
import { assertEquals } from "../testing/assert.ts";
import { until } from "../testing/until.ts";
import { LabelTopic } from "./label_topic.ts";
import { settingsOf } from "./member.ts";
import { OwnedPartition } from "./partition.ts";

/** An owned partition whose commits wait for `release`, and what became of them. */
async function opened(folder: string) {
  await makeEmbeddedRun(folder, { count: 6000 });
  const broker = openSqliteBroker(`${folder}/stream.db`);
  const ledger = openSqliteLedger(`${folder}/ledger.db`);
  const model = await loadModel(`${folder}/model`);
  const judge = await Judge.open(model);
  const begun: { outcome: Outcome; release(error?: Error): void }[] = [];
  const held: Ledger = new Proxy(ledger, {
    get(target, name) {
      if (name !== "commit") {
        const value = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      }
      return (outcome: Outcome) =>
        new Promise<void>((resolve, reject) =>
          begun.push({
            outcome,
            release: (error) => error ? reject(error) : ledger.commit(outcome).then(resolve, reject),
          })
        );
    },
  });
  const labels = new LabelTopic({ broker, decoder: judge.decoder, labelTopic: "labels" });
  const partition = (await OwnedPartition.claim(
    {
      ...{ broker, ledger: held, judge, labels, owner: "a" },
      settings: settingsOf({ logMode: "none" }),
      telemetry: createTelemetry({ write() {} }),
      pool: new ArrayPool(),
      retry: () => ({}),
    },
    0,
    { onCommit() {}, onLost() {} },
  ))!;
  const batchOf = async (count: number) => {
    const options = { fromOffset: partition.nextOffset, maxBatchRecords: count };
    for await (const batch of broker.read("transactions", 0, options)) return batch;
    throw new Error("the stream is too short");
  };
  return {
    ...{ partition, begun, batchOf, ledger },
    async [Symbol.asyncDispose]() {
      judge[Symbol.dispose]();
      await labels[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
      await ledger[Symbol.asyncDispose]();
    },
  };
}

async function withFolder(test: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  await test(folder);
  await Deno.remove(folder, { recursive: true });
}

Deno.test("OwnedPartition lines small batches up behind a slow commit, up to a bound, and commits them in order", async () => {
  await withFolder(async (folder) => {
    await using bench = await opened(folder);
    const { partition, begun } = bench;
    for (let i = 0; i < 8; i++) await partition.process(await bench.batchOf(10));
    await until(() => begun.length === 1, { what: "the first commit" });
    let isIn = false;
    const ninth = partition.process(await bench.batchOf(10)).then(() => isIn = true);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assertEquals([isIn, begun.length], [false, 1]);
    for (let i = 0; i < 9; i++) {
      await until(() => begun.length === i + 1, { what: `commit ${i}` });
      begun[i].release();
    }
    await ninth;
    await partition.settle();
    assertEquals(begun.map(({ outcome }) => outcome.firstOffset), [0, 10, 20, 30, 40, 50, 60, 70, 80]);
    assertEquals((await bench.ledger.partitions())[0].nextOffset, 90);
  });
});

Deno.test("OwnedPartition has one large batch in flight while it processes the next", async () => {
  await withFolder(async (folder) => {
    await using bench = await opened(folder);
    const { partition, begun } = bench;
    await partition.process(await bench.batchOf(3000));
    let isIn = false;
    const second = partition.process(await bench.batchOf(3000)).then(() => isIn = true);
    await until(() => begun.length === 1, { what: "the first commit" });
    await new Promise((resolve) => setTimeout(resolve, 20));
    assertEquals(isIn, false);
    begun[0].release();
    await second;
    await until(() => begun.length === 2, { what: "the second commit" });
    begun[1].release();
    await partition.settle();
    assertEquals((await bench.ledger.partitions())[0].nextOffset, begun[1].outcome.nextOffset);
  });
});

Deno.test("OwnedPartition commits nothing after another owner has it", async () => {
  await withFolder(async (folder) => {
    await using bench = await opened(folder);
    const { partition, begun } = bench;
    for (let i = 0; i < 4; i++) await partition.process(await bench.batchOf(10));
    await until(() => begun.length === 1, { what: "the first commit" });
    begun[0].release(new FencedError("epoch 2"));
    await partition.settle();
    assertEquals([partition.isLost, begun.length], [true, 1]);
    await partition.process(await bench.batchOf(10));
    assertEquals([begun.length, await bench.ledger.partitions()], [1, []]);
  });
});
