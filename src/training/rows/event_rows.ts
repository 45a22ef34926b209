/**
 * Features of simulated or replayed events, by the code that the consumer runs.
 *
 * @module
 */
import { decodeBody, encodeBody } from "../../broker/record_batch.ts";
import { type RowBatch, UNKNOWN_LABEL } from "../train_stream.ts";
import type { ReplayedEvent } from "../../simulate/events/event.ts";
import { openDecoder } from "../../decode/wasm.ts";
import { decodeLabel } from "../../decode/label.ts";
import type { FeatureStage } from "../../features/stage.ts";
import type { TransactionColumns } from "../../domain/transaction.ts";
import { afterWarmUp } from "./warm_up.ts";

const BATCH_EVENTS = 4096;
const encoder = new TextEncoder();

/** Transactions of events with their features and what is known of them. */
export interface EventBatch {
  /** The transactions; records that are none are left out. */
  columns: TransactionColumns;
  /** Raw features, row-major: length rows × features. */
  raw: Float32Array;
  rows: Float32Array;
  /** 1 for a fraud, 0 for none, -1 where the event does not say; one a row. */
  isFraud: Int8Array;
  /** Number of the fraud scenario, 0 for none or unknown; one a row. */
  scenario: Uint8Array;
}

/** How events become rows. */
export interface EventRowsOptions {
  /** Event time at the start that only fills the state, milliseconds. */
  warmUpMs: number;
  /** Told how many transactions went in. */
  onProgress?(transactions: number): void;
}

/**
 * Takes events the way of the wire, JSON and decoder included; labels are seen when they become known.
 *
 * @param stage Its state moves on with the events.
 */
export async function* eventBatches(
  events: Iterable<ReplayedEvent> | AsyncIterable<ReplayedEvent>,
  stage: FeatureStage,
): AsyncGenerator<EventBatch> {
  const decoder = await openDecoder();
  let truths: { isFraud: boolean | null; scenario: number | null }[] = [];
  let values: { key: null; value: string }[] = [];

  const flush = (): EventBatch => {
    const { columns } = decoder.decodeBatch(decodeBody("events", 0, 0, encodeBody(values, 0)));
    const { raw, rows } = stage.apply(columns);
    const isFraud = new Int8Array(columns.count);
    const scenario = new Uint8Array(columns.count);
    for (let row = 0; row < columns.count; row++) {
      const truth = truths[columns.recordIndex[row]];
      isFraud[row] = truth.isFraud === null ? -1 : Number(truth.isFraud);
      scenario[row] = truth.scenario ?? 0;
    }
    truths = [];
    values = [];
    return { columns, raw, rows, isFraud, scenario };
  };

  for await (const event of events) {
    if (event.kind === "label") {
      stage.features.offer(decodeLabel(encoder.encode(JSON.stringify(event.label))));
      continue;
    }
    values.push({ key: null, value: JSON.stringify(event.transaction) });
    truths.push(event);
    if (values.length >= BATCH_EVENTS) yield flush();
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
  for await (const { columns, raw, isFraud } of eventBatches(events, stage)) {
    options.onProgress?.(transactions += columns.count);
    const { count, timestampMs: timestampsMs, customerKey: cardKeys } = columns;
    const labels = Uint8Array.from(isFraud, (is) => is < 0 ? UNKNOWN_LABEL : is);
    const rest = trim({ rows: raw, count, labels, timestampsMs, cardKeys });
    if (rest !== undefined) yield rest;
  }
}
