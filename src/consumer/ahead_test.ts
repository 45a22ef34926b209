import { openSqliteBroker } from "../broker/sqlite/broker.ts";
import type { ProducedRecord } from "../broker/broker.ts";
import { allFlagged } from "../ledger/all_flagged.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { ServiceOptions } from "../service.ts";
import { assert, assertEquals } from "../testing/assert.ts";
import { makeEmbeddedRun, openEmbedded } from "../testing/embedded_run.ts";
import { createTelemetry } from "../runtime/telemetry.ts";
import { simulate } from "../simulate/simulate.ts";
import { produceEvents } from "../simulate/produce.ts";

const topics = { topic: "transactions", labelTopic: "labels" };
const ids = { transaction_id: "stranger", customer_id: "stranger", terminal_id: "stranger" };
const FAR = "9999-01-01T00:00:00Z";
const transaction = { ...ids, amount: 5, timestamp: FAR };
const label = { ...ids, timestamp: "2026-01-01T00:00:00Z", is_fraud: false, labelled_at: FAR };

async function flagsOf(ledger: Ledger): Promise<string[]> {
  return await Array.fromAsync(
    allFlagged(ledger, "transactions", 0),
    ({ transactionId, anomalyScore }) => `${transactionId} ${anomalyScore}`,
  );
}

/** Flags of the same simulated transactions behind a stranger's records, in a folder with a model. */
async function flagsBehind(
  folder: string,
  strangers: Partial<Record<"transactions" | "labels", readonly ProducedRecord[]>>,
  options: ServiceOptions = {},
) {
  for await (const { name } of Deno.readDir(folder)) {
    if (name !== "model") await Deno.remove(`${folder}/${name}`, { recursive: true });
  }
  {
    await using broker = openSqliteBroker(`${folder}/stream.db`);
    for (const topic of ["transactions", "labels"] as const) {
      await broker.ensureTopic(topic);
      const records = strangers[topic] ?? [];
      if (records.length > 0) await broker.produce(topic, records);
    }
    const events = simulate({ randomSeed: 1, start: Date.UTC(2026, 0, 1), count: 6000, nCustomers: 100 });
    await produceEvents(broker, events, topics);
  }
  const lines: string[] = [];
  const telemetry = createTelemetry({ write: (line) => lines.push(line) });
  await using service = await openEmbedded(folder, { telemetry, ...options });
  // In small batches, as labels of a batch come before all of it.
  await service.run({ untilEmpty: true, maxBatchRecords: 500 });
  const { ledger } = service.parts;
  const letters = await ledger.deadLettersAfter("transactions", 0, -1, 10);
  return { flags: await flagsOf(ledger), letters: letters.map(({ reason }) => reason), lines, telemetry };
}

Deno.test("runConsumer() is not blinded by a stranger's transaction or labels of the year 9999", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await makeEmbeddedRun(folder, { count: 1 });
    const alone = (await flagsBehind(folder, {})).flags;
    const ofTransactions = [{ key: "x", value: JSON.stringify(transaction) }];
    const ofLabels = Array(33_000).fill({ key: "x", value: JSON.stringify(label) });
    for (const strangers of [{ transactions: ofTransactions }, { labels: ofLabels }]) {
      const unbounded = await flagsBehind(folder, strangers, { maxAheadMs: Infinity });
      assert(unbounded.flags.join() !== alone.join(), "without the bound they change nothing");
      const bounded = await flagsBehind(folder, strangers);
      assertEquals(bounded.flags, alone);
      if ("transactions" in strangers) assertEquals(bounded.letters, ["too-far-ahead"]);
      else {
        assertEquals(bounded.telemetry.counters().get("labels_refused too-far-ahead"), 33_000);
        assert(bounded.lines.some((line) => line.includes("are no labels")), bounded.lines.join("\n"));
        assert(
          unbounded.lines.some((line) => line.includes("the most that may")),
          unbounded.lines.join("\n"),
        );
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
