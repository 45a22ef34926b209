/** Trainer, replay, consumer and HTTP compute the same features and scores of the same transactions, bit for bit. */
import { Judge } from "../../pipeline/judge.ts";
import type { SimulatedTransaction } from "../../simulate/events/event.ts";
import { simulate } from "../../simulate/simulate.ts";
import { type FeatureStage, openFeatureStage } from "../../features/stage.ts";
import { assert, assertEquals } from "../../testing/assert.ts";
import { eventBatches } from "../../training/rows/event_rows.ts";
import { streamRows } from "../../training/rows/stream_rows.ts";
import { openTestingApp } from "../testing/app.ts";

const app = await openTestingApp();
globalThis.addEventListener("unload", () => void app[Symbol.asyncDispose]());
const { manifest, forest } = app.model;
const nFeatures = manifest.features.length;
/** What the consumer of the testing app read. */
const events = [...simulate({ randomSeed: 1, start: Date.UTC(2026, 0, 1), count: 3000, nCustomers: 100 })];
const ids = events.flatMap((event) => event.kind === "transaction" ? [event.transaction.transaction_id] : []);

/** Raw features and scores by the code of the trainer and of the replay of files. */
async function byTrainer(more: SimulatedTransaction[] = []) {
  using judge = await Judge.open({ manifest, forest, sha256: "" });
  const raw: number[] = [];
  const scores: number[] = [];
  const last = more.map((transaction) => ({
    kind: "transaction" as const,
    transaction,
    isFraud: null,
    scenario: null,
  }));
  // Labels that come after the last transaction are not known to it.
  const known = events.slice(0, events.findLastIndex(({ kind }) => kind === "transaction") + 1);
  const stage = openFeatureStage(manifest);
  for await (const { columns } of eventBatches([...known, ...last], (label) => stage.features.offer(label))) {
    const { features, scores: found } = judge.assess(columns, stage);
    raw.push(...features.raw);
    scores.push(...found);
  }
  return { raw, scores };
}

/** Whether the features know labels, without which the tests would say little. */
function knowsLabels(raw: number[]): boolean {
  const column = manifest.features.findIndex(({ name }) => name === "terminal_label_ewma");
  return raw.some((value, i) => i % nFeatures === column && value > 0);
}

Deno.test("trainer and training on the stream see the same features", async () => {
  const { raw } = await byTrainer();
  assert(raw.length === 3000 * nFeatures && knowsLabels(raw));
  const rows: number[] = [];
  const openStage = (): FeatureStage => openFeatureStage(manifest);
  const options = { topic: "transactions", labelTopic: "labels", warmUpMs: 0 };
  for await (const batch of streamRows(app.broker, openStage, options)) {
    rows.push(...batch.rows.subarray(0, batch.count * nFeatures));
  }
  assertEquals(rows, raw);
});

Deno.test("consumer flags what the trainer's code flags, with its features and scores", async () => {
  const { raw, scores } = await byTrainer();
  const flagged = await app.ledger.flaggedAfter("transactions", 0, -1, 3000);
  const expected = scores.flatMap((score, i) => score > manifest.threshold ? [[ids[i], score]] : []);
  assert(expected.length > 20, `${expected.length} flagged`);
  assertEquals(flagged.map(({ transactionId, anomalyScore }) => [transactionId, anomalyScore]), expected);
  for (const { transactionId, verdict } of flagged) {
    const at = ids.indexOf(transactionId) * nFeatures;
    const values = new Map(
      JSON.parse(verdict).reasons.map((
        reason: { feature: string; value: number },
      ) => [reason.feature, reason.value]),
    );
    assertEquals(manifest.features.map(({ name }) => values.get(name)), raw.slice(at, at + nFeatures));
  }
});

Deno.test("HTTP scores the next transaction as the trainer's code does", async () => {
  const last = events.findLast(({ kind }) => kind === "transaction");
  assert(last?.kind === "transaction");
  for (const amount of [0.5, 40, 900]) {
    const transaction = { ...last.transaction, transaction_id: `next-${amount}`, amount };
    const { raw, scores } = await byTrainer([transaction]);
    const body = JSON.stringify(transaction);
    const headers = { "content-type": "application/json" };
    const answer = await (await app.ask("/v1/score", { method: "POST", body, headers })).json();
    const [verdict] = answer.verdicts;
    assertEquals([verdict.state, verdict.anomaly_score], ["live", scores[3000]]);
    const values = new Map(
      verdict.reasons.map((reason: { feature: string; value: number }) => [reason.feature, reason.value]),
    );
    assertEquals(manifest.features.map(({ name }) => values.get(name)), raw.slice(3000 * nFeatures));
  }
});
