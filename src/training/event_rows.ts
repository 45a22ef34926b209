/**
 * Training rows from simulated or replayed events, by the code that the consumer runs.
 *
 * @module
 */
import { decodeBody, encodeBody } from "../broker/record_batch.ts";
import type { RowBatch } from "../forest/train_stream.ts";
import type { ReplayedEvent } from "../simulate/event.ts";
import { decodeBatch } from "../stages/decode.ts";
import { decodeLabel } from "../stages/decode_label.ts";
import type { FeatureStage } from "../stages/features.ts";
import { afterWarmUp } from "./warm_up.ts";

const BATCH_EVENTS = 4096;
const encoder = new TextEncoder();

/** How events become rows. */
export interface EventRowsOptions {
  /** Event time at the start that only fills the state, milliseconds. */
  warmUpMs: number;
  /** Told how many transactions went in. */
  onProgress?(transactions: number): void;
}

/**
 * Takes events the way of the wire, JSON and decoder included, and yields the raw features of their transactions, with
 * labels where every event says whether it is fraud.
 *
 * @param stage Its state moves on with the events.
 * @returns Batches of raw rows; transactions in the warm-up, and records that are no transactions, are left out.
 */
export async function* eventRows(
  events: Iterable<ReplayedEvent> | AsyncIterable<ReplayedEvent>,
  stage: FeatureStage,
  options: EventRowsOptions,
): AsyncGenerator<RowBatch> {
  const values: { key: null; value: string }[] = [];
  const frauds: number[] = [];
  const trim = afterWarmUp(options.warmUpMs, stage.features.nFeatures);
  let transactions = 0;

  const flush = (): RowBatch | undefined => {
    const { columns } = decodeBatch(decodeBody("events", 0, transactions, encodeBody(values, 0)));
    const { raw } = stage.apply(columns);
    const isFraud = Array.from({ length: columns.count }, (_, row) => frauds[columns.recordIndex[row]]);
    const labels = isFraud.includes(-1) ? undefined : Uint8Array.from(isFraud);
    transactions += values.length;
    values.length = frauds.length = 0;
    options.onProgress?.(transactions);
    return trim({ rows: raw, count: columns.count, labels, timestampsMs: columns.timestampMs });
  };

  for await (const event of events) {
    if (event.kind === "label") {
      stage.features.offer(decodeLabel(encoder.encode(JSON.stringify(event.label))));
      continue;
    }
    values.push({ key: null, value: JSON.stringify(event.transaction) });
    frauds.push(event.isFraud === null ? -1 : Number(event.isFraud));
    if (values.length < BATCH_EVENTS) continue;
    const batch = flush();
    if (batch !== undefined) yield batch;
  }
  const batch = flush();
  if (batch !== undefined) yield batch;
}
