/**
 * Features of simulated or replayed events, by the code that the consumer runs.
 *
 * @module
 */
import { decodeBody, encodeBody } from "../../broker/record_batch.ts";
import { type RowBatch, UNKNOWN_LABEL } from "../train_stream.ts";
import type { ReplayedEvent, ReplayedTransactionEvent } from "../../simulate/events/event.ts";
import { openDecoder } from "../../decode/wasm.ts";
import { decodeLabel } from "../../decode/label.ts";
import type { FeatureStage } from "../../features/stage.ts";
import type { DecodedBatch } from "../../decode/decode.ts";
import type { Label } from "../../domain/label.ts";
import { afterWarmUp } from "./warm_up.ts";

const BATCH_EVENTS = 4096;
const encoder = new TextEncoder();

/** Decoded transactions, and the events that they came from. */
export interface EventBatch extends DecodedBatch {
  /** By record; of row `r` it is `events[columns.recordIndex[r]]`. */
  events: readonly ReplayedTransactionEvent[];
}

/** How events become rows. */
export interface EventRowsOptions {
  /** Event time at the start that only fills the state, milliseconds. */
  warmUpMs: number;
  /** Told how many transactions went in. */
  onProgress?(transactions: number): void;
}

/**
 * Sends events through JSON and the decoder, as over the wire.
 *
 * @param onLabel Takes each label when it becomes known; transactions before it may be decoded later.
 */
export async function* eventBatches(
  events: Iterable<ReplayedEvent> | AsyncIterable<ReplayedEvent>,
  onLabel: (label: Label) => void,
): AsyncGenerator<EventBatch> {
  const decoder = await openDecoder();
  let waiting: ReplayedTransactionEvent[] = [];
  const flush = (): EventBatch => {
    const values = waiting.map(({ transaction }) => ({ key: null, value: JSON.stringify(transaction) }));
    const decoded = decoder.decodeBatch(decodeBody("events", 0, 0, encodeBody(values, 0)));
    const batch = { ...decoded, events: waiting };
    waiting = [];
    return batch;
  };
  for await (const event of events) {
    if (event.kind === "label") onLabel(decodeLabel(encoder.encode(JSON.stringify(event.label))));
    else if (waiting.push(event) === BATCH_EVENTS) yield flush();
  }
  yield flush();
}

/**
 * Training rows of events: raw features, with the labels that the events themselves give.
 *
 * @param stage Its state moves on with the events.
 * @returns Batches of raw rows; transactions in the warm-up, and records that are no transactions, are left out.
 */
export async function* eventRows(
  events: Iterable<ReplayedEvent> | AsyncIterable<ReplayedEvent>,
  stage: FeatureStage,
  options: EventRowsOptions,
): AsyncGenerator<RowBatch> {
  const trim = afterWarmUp(options.warmUpMs, stage.features.nFeatures);
  let transactions = 0;
  for await (const batch of eventBatches(events, (label) => stage.features.offer(label))) {
    const { count, recordIndex, timestampMs: timestampsMs, customerKey: cardKeys, amount: amounts } =
      batch.columns;
    const { raw } = stage.apply(batch.columns);
    options.onProgress?.(transactions += count);
    const labels = Uint8Array.from({ length: count }, (_, row) => {
      const { isFraud } = batch.events[recordIndex[row]];
      return isFraud === null ? UNKNOWN_LABEL : Number(isFraud);
    });
    const rest = trim({ rows: raw, count, labels, timestampsMs, cardKeys, amounts });
    if (rest !== undefined) yield rest;
  }
}
