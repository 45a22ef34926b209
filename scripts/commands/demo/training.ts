import { featureSets } from "../../../src/features/registry.ts";
import type { Model } from "../../../src/forest/manifest.ts";
import { trainModel } from "../../../src/training/train_model.ts";
import type { RowBatch } from "../../../src/training/train_stream.ts";
import { transactionFeatures } from "../../../src/training/rows/transaction_features.ts";
import { duration } from "../../cli/options/duration.ts";
import { openTransactionSource } from "../../cli/options/transaction_source.ts";

const FLAG_SHARE = 0.01;
const TRANSACTIONS = 150_000;
const ALL = [...new Set([...featureSets.streaming, ...featureSets.basic])];

/** The forests of the demo, of the same rows. */
export interface DemoModels {
  /** Sees the features that are shipped. */
  shipped: Model;
  /** Trains the one that sees amount, hour and weekday. */
  trainRaw(): Promise<Model>;
}

/**
 * Trains the models of the demo on simulated transactions of another seed than the demo's own; each flags one in a hundred of
 * them.
 *
 * @param seed Seed of the demo.
 */
export async function trainDemoModels(seed: number): Promise<DemoModels> {
  using source = await openTransactionSource({
    topic: "transactions",
    labelTopic: "labels",
    features: ALL,
    count: TRANSACTIONS,
    seed: seed + 1,
    warmUp: duration("21d"),
    quiet: !Deno.stderr.isTerminal(),
  });
  const batches = await Array.fromAsync(source.batches);
  const train = (set: "streaming" | "basic") =>
    trainModel(columnsOf(batches, featureSets[set]), {
      kind: source.kind,
      ...transactionFeatures([set]),
      maxSamples: 1024,
      contamination: FLAG_SHARE,
      randomSeed: seed,
    });
  return { shipped: await train("streaming"), trainRaw: () => train("basic") };
}

/** The same rows with some of the columns. */
async function* columnsOf(batches: readonly RowBatch[], names: readonly string[]): AsyncGenerator<RowBatch> {
  const columns = names.map((name) => ALL.indexOf(name as typeof ALL[number]));
  for (const batch of batches) {
    const rows = new Float32Array(batch.count * columns.length);
    for (let row = 0, to = 0; row < batch.count; row++) {
      for (const column of columns) rows[to++] = batch.rows[row * ALL.length + column];
    }
    yield await Promise.resolve({ ...batch, rows });
  }
}
