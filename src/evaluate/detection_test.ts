import { trainModel } from "../training/train_model.ts";
import type { SimulatedEvent } from "../simulate/events/event.ts";
import { simulate } from "../simulate/simulate.ts";
import { openFeatureStage } from "../features/stage.ts";
import { assert, assertEquals } from "../testing/assert.ts";
import { eventRows } from "../training/rows/event_rows.ts";
import { transactionFeatures } from "../training/rows/transaction_features.ts";
import { detectEvents } from "./detection.ts";

const events =
  () => [...simulate({ randomSeed: 5, start: Date.UTC(2026, 0, 1), count: 6000, nCustomers: 60 })];

async function train(threshold: number) {
  const { features, fit } = transactionFeatures(["amount"]);
  const stage = openFeatureStage({ kind: "transactions", features });
  const options = { kind: "transactions" as const, features, fit, contamination: 0.01 };
  const model = await trainModel(eventRows(events(), stage, { warmUpMs: 0 }), options);
  return { ...model, manifest: { ...model.manifest, threshold } };
}

Deno.test("detectEvents() counts flagged ones and frauds by scenario", async () => {
  const frauds = events().filter((event) => event.kind === "transaction" && event.isFraud);
  const byScenario = Map.groupBy(
    frauds,
    (event) => (event as SimulatedEvent & { scenario: number }).scenario,
  );
  const all = await detectEvents(events(), await train(0));
  assertEquals([all.labelled, all.flagged, all.caught, all.recall], [6000, 6000, frauds.length, 1]);
  assertEquals(all.precision, frauds.length / 6000);
  assertEquals(
    all.scenarios.map(({ scenario, frauds, caught }) => [scenario, frauds, caught]),
    [...byScenario].sort(([a], [b]) => a - b).map(([scenario, { length }]) => [scenario, length, length]),
  );
  const none = await detectEvents(events(), await train(1));
  assertEquals([none.flagged, none.caught, none.recall], [0, 0, 0]);
});

Deno.test("detectEvents() flags the high amounts by amount alone", async () => {
  const { manifest } = await train(0.6);
  assert(manifest.features[0].name === "amount");
  const { scenarios, flagged } = await detectEvents(events(), await train(0.65));
  const high = scenarios.find(({ scenario }) => scenario === 1)!;
  assert(high.caught > 0 && flagged < 600, JSON.stringify({ high, flagged }));
});
