import { openSqliteBroker } from "../broker/sqlite/broker.ts";
import { outcomeOf } from "../ledger/testing/outcomes.ts";
import { openSqliteLedger } from "../ledger/sqlite/ledger.ts";
import { openDecoder } from "../decode/wasm.ts";
import { openFeatureStage } from "../features/stage.ts";
import { assert, assertEquals, assertRejects } from "../testing/assert.ts";
import { transactionFeatures } from "../training/rows/transaction_features.ts";
import { LabelTopic } from "./label_topic.ts";
import { PartitionState } from "./state.ts";

const RECORD = {
  key: "c",
  value:
    `{"transaction_id":"a","customer_id":"c","terminal_id":"t","amount":5,"timestamp":"2026-01-01T00:00:00Z"}`,
};
const LABEL =
  `{"transaction_id":"a","customer_id":"c","terminal_id":"t","timestamp":"2026-01-01T00:00:00Z","is_fraud":true,"labelled_at":"2026-01-08T00:00:00Z"}`;

Deno.test("PartitionState does not touch the label topic where no feature learns from labels", async () => {
  const folder = await Deno.makeTempDir();
  {
    await using broker = openSqliteBroker(`${folder}/stream.db`);
    await using ledger = openSqliteLedger(`${folder}/ledger.db`);
    await broker.ensureTopic("transactions");
    await broker.produce("transactions", [RECORD]);
    // Committed under a model that did learn from labels.
    const { epoch } = await ledger.claim("transactions", 0, { owner: "a", streamId: "s" });
    await ledger.commit({ ...outcomeOf("transactions", [0, 1], epoch), labelOffsets: [7] });
    const claim = await ledger.claim("transactions", 0, { owner: "b", streamId: "s" });
    const decoder = await openDecoder();
    const refusing = {
      ...broker,
      read: broker.read.bind(broker),
      partitions: () => Promise.reject(new Error("the label topic was asked for")),
    };
    const source = {
      broker: refusing,
      ledger,
      decoder,
      topic: "transactions",
      partition: 0,
      labels: new LabelTopic({ broker: refusing, decoder, labelTopic: "labels" }),
    };
    const stageOf = (set: string) =>
      openFeatureStage({ kind: "transactions", features: transactionFeatures([set]).features });

    const stage = stageOf("no-labels");
    const state = (await PartitionState.restore(stage, source, claim))!;
    for await (const batch of broker.read("transactions", 0, { fromOffset: 0 })) {
      await state.readLabels(decoder.decodeBatch(batch).columns);
    }
    assertEquals([state.labelOffsets, stage.features.keys], [[], 2]);

    await assertRejects(
      () => PartitionState.restore(stageOf("streaming"), source, claim),
      Error,
      "the label topic was asked for",
    );
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("PartitionState makes its state anew in a few reads, however many batches were committed", async () => {
  const folder = await Deno.makeTempDir();
  {
    await using broker = openSqliteBroker(`${folder}/stream.db`);
    await using ledger = openSqliteLedger(`${folder}/ledger.db`);
    const batches = 300;
    for (const topic of ["transactions", "labels"]) await broker.ensureTopic(topic);
    await broker.produce("transactions", Array(2 * batches).fill(RECORD));
    await broker.produce("labels", Array(batches).fill({ key: "c", value: LABEL }));
    const { epoch } = await ledger.claim("transactions", 0, { owner: "a", streamId: "s" });
    for (let i = 0; i < batches; i++) {
      const outcome = outcomeOf("transactions", [2 * i, 2 * i + 2], epoch);
      await ledger.commit({ ...outcome, labelOffsets: [i] });
    }
    const claim = await ledger.claim("transactions", 0, { owner: "b", streamId: "s" });
    let calls = 0;
    const counting = new Proxy(broker, {
      get(_, name) {
        const value = Reflect.get(broker, name);
        if (typeof value !== "function") return value;
        return (...args: unknown[]) => {
          calls++;
          return value.apply(broker, args);
        };
      },
    });
    const features = transactionFeatures(["streaming"]).features;
    const stage = openFeatureStage({ kind: "transactions", features });
    const decoder = await openDecoder();
    await using labels = new LabelTopic({ broker: counting, decoder, labelTopic: "labels" });
    let replayed = 0;
    const state = (await PartitionState.restore(
      stage,
      { broker: counting, ledger, decoder, topic: "transactions", partition: 0, labels },
      claim,
      { onReplay: (_, records) => replayed = records },
    ))!;
    assertEquals([replayed, state.labelOffsets], [2 * batches, [batches - 1]]);
    assert(calls < 20, `${calls} calls`);
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("an answer that stands behind labels of later dates counts from its own date on, and after a restart bit for bit", async () => {
  const folder = await Deno.makeTempDir();
  {
    await using broker = openSqliteBroker(`${folder}/stream.db`);
    await using ledger = openSqliteLedger(`${folder}/ledger.db`);
    const day = (n: number) => new Date(Date.UTC(2026, 0, n)).toISOString();
    const transaction = (n: number) => ({
      key: "c",
      value: JSON.stringify({
        ...{ transaction_id: `x${n}`, customer_id: "c", terminal_id: "t", amount: 5, timestamp: day(n) },
      }),
    });
    const label = (of: number, on: number) => ({
      key: "c",
      value: JSON.stringify({
        ...{ transaction_id: `x${of}`, customer_id: "c", terminal_id: "t", timestamp: day(of) },
        ...{ is_fraud: true, labelled_at: day(on) },
      }),
    });
    for (const topic of ["transactions", "labels"]) await broker.ensureTopic(topic);
    await broker.produce("transactions", [1, 2, 3, 4, 9, 20].map(transaction));
    // The simulator's labels of a week later, and then the answer of day 3.
    await broker.produce("labels", [label(1, 8), label(2, 9), label(1, 3)]);
    const decoder = await openDecoder();
    const features = transactionFeatures(["streaming"]).features;
    const risk = features.findIndex(({ name }) => name === "terminal_risk_7d");
    await using labels = new LabelTopic({ broker, decoder, labelTopic: "labels" });
    const source = { broker, ledger, decoder, topic: "transactions", partition: 0, labels };
    /** Features of each transaction, where the state is lost after these offsets. */
    const run = async (lostAfter: number[]) => {
      const rows: number[][] = [];
      const claim = () => ledger.claim("transactions", 0, { owner: "a", streamId: "s" });
      const open = async (claimed: Awaited<ReturnType<typeof claim>>) => {
        const stage = openFeatureStage({ kind: "transactions", features });
        return { stage, state: (await PartitionState.restore(stage, source, claimed))! };
      };
      let claimed = await claim();
      let { stage, state } = await open(claimed);
      for (let offset = 0; offset < 6; offset++) {
        for await (
          const batch of broker.read("transactions", 0, { fromOffset: offset, toOffset: offset + 1 })
        ) {
          const { columns } = decoder.decodeBatch(batch);
          await state.readLabels(columns);
          rows.push([...stage.apply(columns).raw]);
        }
        const outcome = outcomeOf("transactions", [offset, offset + 1], claimed.epoch);
        if (lostAfter.length > 0) await ledger.commit({ ...outcome, labelOffsets: state.labelOffsets });
        if (!lostAfter.includes(offset)) continue;
        claimed = await claim();
        ({ stage, state } = await open(claimed));
      }
      return rows;
    };
    const uninterrupted = await run([]);
    const risks = uninterrupted.map((row) => row[risk]);
    assertEquals(risks.slice(0, 2), [risks[0], risks[0]]);
    assert(risks[2] > risks[0], `the answer of day 3 is not seen on day 3: ${risks}`);
    assertEquals(await run([0, 1, 2, 3, 4]), uninterrupted);
  }
  await Deno.remove(folder, { recursive: true });
});
