/**
 * Training rows from what a stream holds, by the code that the consumer runs.
 *
 * @module
 */
import type { Broker } from "../../broker/broker.ts";
import { LabelFeed } from "../../consumer/label_feed.ts";
import { LabelTopic } from "../../consumer/label_topic.ts";
import type { RowBatch } from "../train_stream.ts";
import { type DecoderOptions, openDecoder } from "../../decode/wasm.ts";
import type { FeatureStage } from "../../features/stage.ts";
import { readTruths } from "./label_truths.ts";
import { afterWarmUp } from "./warm_up.ts";

/** How a stream becomes rows. */
export interface StreamRowsOptions {
  topic: string;
  labelTopic: string;
  /** Event time at the start of each partition that only fills the state, milliseconds. */
  warmUpMs: number;
  /** Most that an event time may lie after its record's own time (default: one day). */
  maxAheadMs?: number;
  /** Makes the decoder of records that are not written as the project's own. */
  decodeWith?: DecoderOptions["decodeWith"];
  /** Told how many records were read. */
  onProgress?(records: number): void;
}

/**
 * Reads every partition from its start to its present end, with the labels that were known at the time, and yields raw
 * features; records that are no transactions are left out. The labels of the rows are what is known of them by the end,
 * whenever it became known: they serve the comparison with the flags, and no feature.
 *
 * @param openStage Makes the feature stage of one partition, with an empty state.
 */
export async function* streamRows(
  broker: Broker,
  openStage: () => FeatureStage,
  options: StreamRowsOptions,
): AsyncGenerator<RowBatch> {
  const { topic, labelTopic } = options;
  const decoder = await openDecoder(options);
  const truths = await readTruths(broker, decoder, labelTopic);
  await using labelsOfAll = new LabelTopic({ broker, decoder, labelTopic });
  let records = 0;
  for (const { partition, startOffset, endOffset } of await broker.offsets(topic)) {
    const stage = openStage();
    const labels = new LabelFeed(labelsOfAll, []);
    const trim = afterWarmUp(options.warmUpMs, stage.features.nFeatures);
    for await (
      const batch of broker.read(topic, partition, { fromOffset: startOffset, toOffset: endOffset })
    ) {
      await decoder.prepare?.(batch);
      const { columns } = decoder.decodeBatch(batch);
      if (stage.features.usesLabels) await labels.readFor(columns, stage.features);
      const { raw } = stage.apply(columns);
      options.onProgress?.(records += batch.count);
      const { count, timestampMs: timestampsMs, customerKey: cardKeys, amount: amounts } = columns;
      const known = truths.of(columns.transactionKey, count);
      const rest = trim({ rows: raw, count, labels: known, timestampsMs, cardKeys, amounts });
      if (rest !== undefined) yield rest;
    }
  }
}
