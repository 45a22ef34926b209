/**
 * A small stream of real shape and a model for it, in a folder: what tests of whole runs begin with.
 *
 * @module
 */
import { openSqliteBroker } from "../broker/sqlite/broker.ts";
import { saveModel } from "../forest/save.ts";
import { trainModel } from "../training/train_model.ts";
import type { LabelMode, ReplayedEvent } from "../simulate/events/event.ts";
import { produceEvents } from "../simulate/produce.ts";
import { simulate } from "../simulate/simulate.ts";
import { openService, type Service, type ServiceOptions } from "../service.ts";
import { openFeatureStage } from "../features/stage.ts";
import { eventRows } from "../training/rows/event_rows.ts";
import { transactionFeatures } from "../training/rows/transaction_features.ts";

const DAY_MS = 86_400_000;

export interface EmbeddedRunOptions {
  /** Transactions in the stream (default 6,000). */
  count?: number;
  /** Default 100: the fewer, the more days the stream covers. */
  nCustomers?: number;
  partitions?: number;
  /** Invalid values, one after each `faultEvery` transactions. */
  faults?: readonly (string | Uint8Array | null)[];
  /** At least 1 (default 100). */
  faultEvery?: number;
  labels?: LabelMode;
  /** Feature set (default "streaming", which keeps state and reads labels). */
  features?: string;
  /** Share of transactions to flag (default 0.02). */
  contamination?: number;
}

/**
 * Makes `stream.db` with transactions and labels, and the folder `model`, in a folder.
 *
 * @param folder An existing folder without them.
 * @returns Number of records in the topic `transactions`.
 */
export async function makeEmbeddedRun(folder: string, options: EmbeddedRunOptions = {}): Promise<number> {
  await trainInto(`${folder}/model`, options);
  return await fillStream(`${folder}/stream.db`, options);
}

/** Arguments of a command that works in the folder; `names` are those of its engines. */
export function embeddedArgs(
  folder: string,
  names: readonly ("stream" | "ledger" | "objects" | "model")[] = ["stream", "ledger", "objects", "model"],
): string[] {
  const urls = {
    stream: `sqlite:${folder}/stream.db`,
    ledger: `sqlite:${folder}/ledger.db`,
    objects: `file:${folder}/objects`,
    model: `${folder}/model`,
  };
  return names.flatMap((name) => [`--${name}`, urls[name]]);
}

/** Opens the service over the folder of an embedded run. */
export function openEmbedded(folder: string, options?: ServiceOptions): Promise<Service> {
  return openService({
    stream: `sqlite:${folder}/stream.db`,
    ledger: `sqlite:${folder}/ledger.db`,
    objects: `file:${folder}/objects`,
    model: `${folder}/model`,
  }, options);
}

async function trainInto(folder: string, options: EmbeddedRunOptions): Promise<void> {
  const { features, fit } = transactionFeatures([options.features ?? "streaming"]);
  const stage = openFeatureStage({ kind: "transactions", features });
  const events = simulate({ randomSeed: 7, start: Date.UTC(2025, 10, 1), count: 6000, nCustomers: 100 });
  const model = await trainModel(eventRows(events, stage, { warmUpMs: 10 * DAY_MS }), {
    kind: "transactions",
    features,
    fit,
    nEstimators: 20,
    maxSamples: 256,
    contamination: options.contamination ?? 0.02,
    randomSeed: 1,
  });
  await saveModel(folder, model, "A model of a test.\n");
}

async function fillStream(path: string, options: EmbeddedRunOptions): Promise<number> {
  const { count = 6000, nCustomers = 100, partitions = 1, faults = [], faultEvery = 100, labels } = options;
  await using broker = openSqliteBroker(path);
  await broker.ensureTopic("transactions", { partitions });
  await broker.ensureTopic("labels");
  const pending: ReplayedEvent[] = [];
  let transactions = 0;
  let bad = 0;
  const flush = () =>
    produceEvents(broker, pending.splice(0), { topic: "transactions", labelTopic: "labels" });
  for (const event of simulate({ randomSeed: 1, start: Date.UTC(2026, 0, 1), count, nCustomers, labels })) {
    pending.push(event);
    if (event.kind === "label" || ++transactions % faultEvery !== 0 || faults.length === 0) continue;
    await flush();
    await broker.produce("transactions", [{ key: `bad-${bad}`, value: faults[bad % faults.length] }]);
    bad++;
  }
  await flush();
  return (await broker.offsets("transactions")).reduce((sum, { endOffset }) => sum + endOffset, 0);
}
