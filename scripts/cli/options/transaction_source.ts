import { openBroker } from "../../../src/adapters.ts";
import { type Config, readConfig } from "../../../src/config.ts";
import type { RowBatch } from "../../../src/training/train_stream.ts";
import { simulate } from "../../../src/simulate/simulate.ts";
import { openFeatureStage } from "../../../src/features/stage.ts";
import { eventRows } from "../../../src/training/rows/event_rows.ts";
import { streamRows } from "../../../src/training/rows/stream_rows.ts";
import { transactionFeatures } from "../../../src/training/rows/transaction_features.ts";
import { type Progress, startProgress } from "../progress.ts";
import { UsageError } from "../run_command.ts";
import { type DefinitionFlag, openDefinitionOf } from "./definition.ts";
import { featuresOptionsOf, type StateFlags } from "./state.ts";
import type { TrainingSource } from "../../commands/train.ts";

/** What the options of `train` say about its transactions. */
export interface TransactionSourceOptions extends Partial<Config>, StateFlags, DefinitionFlag {
  /** Train on the stream; on the simulator otherwise. */
  fromStream?: boolean;
  features?: string[];
  count: number;
  seed: number;
  /** Event time at the start that only fills the state, milliseconds. */
  warmUp: number;
  topic: string;
  labelTopic: string;
  maxAhead?: number;
  quiet?: boolean;
}

const DEFAULT_FEATURES = ["streaming"];
/** Keeps the simulation of a training apart from one of the same seed that is produced. */
const TRAINING_SEED = 0x7261_696e;
const START = new Date("2025-11-01T00:00:00Z");

/**
 * Opens the transactions to train on: those of the stream, or simulated ones.
 *
 * @throws UsageError for a feature that is none.
 */
export async function openTransactionSource(options: TransactionSourceOptions): Promise<TrainingSource> {
  const { quiet, warmUp: warmUpMs } = options;
  const { features, fit } = chosenFeatures(options.features);
  const featuresOptions = featuresOptionsOf(options);
  const { presumeLegitimateAfterMs } = featuresOptions;
  const openStage = () => openFeatureStage({ kind: "transactions", features }, featuresOptions);
  const parts = { kind: "transactions", features, fit, presumeLegitimateAfterMs } as const;
  if (!options.fromStream) {
    const randomSeed = (options.seed ^ TRAINING_SEED) >>> 0;
    const progress = startProgress("train", { total: options.count, unit: "transactions", quiet });
    const labels = presumeLegitimateAfterMs === undefined ? "all" : "frauds";
    const events = simulate({ randomSeed, start: START, count: options.count, labels });
    const onProgress = (count: number) => progress.update(count, count);
    const rows = eventRows(events, openStage(), { warmUpMs, onProgress });
    return { ...parts, batches: someOf(withEnd(rows, progress), warmUpMs), [Symbol.dispose]() {} };
  }
  const { topic, labelTopic } = options;
  const config = readConfig(options);
  const definition = await openDefinitionOf(options);
  const broker = await openBroker(config.stream, { ...config, mustExist: true });
  const total = await broker.partitions(topic) === 0 ? 0 : (await broker.offsets(topic)).reduce(
    (sum, { startOffset, endOffset }) => sum + endOffset - startOffset,
    0,
  );
  if (total === 0) {
    throw new Error(
      `Cannot train as the topic ${topic} of ${broker.name} must hold transactions: it holds none`,
    );
  }
  const progress = startProgress("train", { total, unit: "records", quiet });
  const onProgress = (count: number) => progress.update(count, count);
  const rows = streamRows(broker, openStage, {
    ...{ topic, labelTopic, warmUpMs, onProgress },
    maxAheadMs: options.maxAhead,
    decodeWith: definition?.decodeWith,
  });
  return {
    ...parts,
    batches: someOf(withEnd(rows, progress, () => broker[Symbol.asyncDispose]()), warmUpMs),
    [Symbol.dispose]() {},
  };
}

function chosenFeatures(names = DEFAULT_FEATURES): ReturnType<typeof transactionFeatures> {
  try {
    return transactionFeatures(names);
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

/** The rows; without a single one it throws, since then the warm-up took all of them. */
async function* someOf(rows: AsyncGenerator<RowBatch>, warmUpMs: number): AsyncGenerator<RowBatch> {
  let count = 0;
  for await (const batch of rows) {
    count += batch.count;
    yield batch;
  }
  if (count > 0) return;
  const days = Number((warmUpMs / 86_400_000).toFixed(2));
  throw new Error(
    `Cannot train as no transaction lies after the warm-up, which is the first ${days} days of the stream: give a ` +
      "shorter --warm-up, or more days",
  );
}

async function* withEnd(
  rows: AsyncGenerator<RowBatch>,
  progress: Progress,
  close: () => PromiseLike<void> = () => Promise.resolve(),
): AsyncGenerator<RowBatch> {
  try {
    yield* rows;
  } finally {
    progress.stop();
    await close();
  }
}
