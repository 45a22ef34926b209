import type { FeatureSetName } from "../src/features/sets.ts";
import type { Model } from "../src/forest/manifest.ts";
import { trainModel } from "../src/forest/train_model.ts";
import { duration } from "./duration.ts";
import { openTransactionSource } from "./transaction_source.ts";

const FLAG_SHARE = 0.01;
const TRANSACTIONS = 150_000;

/**
 * Trains a model of the demo on simulated transactions of another seed than the demo's own; it flags one in a hundred of
 * them.
 *
 * @param seed Seed of the demo.
 * @param features Name of the features that the forest sees.
 */
export async function trainDemoModel(seed: number, features: FeatureSetName): Promise<Model> {
  using source = await openTransactionSource({
    topic: "transactions",
    labelTopic: "labels",
    features: [features],
    count: TRANSACTIONS,
    seed: seed + 1,
    warmUp: duration("21d"),
    quiet: !Deno.stderr.isTerminal(),
  });
  const { batches, ...options } = source;
  return await trainModel(batches, {
    ...options,
    maxSamples: 1024,
    contamination: FLAG_SHARE,
    randomSeed: seed,
  });
}
