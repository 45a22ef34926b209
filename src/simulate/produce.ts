/**
 * Events of a simulation or a replay to the stream.
 *
 * @module
 */
import { setImmediate } from "node:timers/promises";
import type { Broker, ProducedRecord } from "../broker/broker.ts";
import { deliver } from "../deliver.ts";
import { pause } from "../retry.ts";
import type { ReplayedEvent, ReplayedTransactionEvent } from "./event.ts";

/** How events are produced. */
export interface ProduceOptions {
  /** Topic of the transactions. */
  topic: string;
  /** Topic of the labels. */
  labelTopic: string;
  /** Transactions a second; as fast as the broker takes them unless told. */
  ratePerS?: number;
  /** Seconds of event time in one second, as 1 for the time that the events took; no bound unless told. */
  speed?: number;
  /** Ends the run after the records in hand are produced. */
  signal?: AbortSignal;
  /** JSON of an event; `JSON.stringify` of its transaction or label unless told. */
  encode?(event: ReplayedEvent): string;
  /** Told after each batch. */
  onProgress?(produced: Produced): void;
}

/** What was produced. */
export interface Produced {
  /** Number of transactions. */
  transactions: number;
  /** Number of labels. */
  labels: number;
}

/** Most transactions that are produced at one time. */
const BATCH_RECORDS = 4096;

/**
 * Produces every event in order: transactions keyed by customer to one topic, labels to another.
 *
 * A label that became known before a transaction is produced before it. What the broker cannot take now is tried
 * again until it can, or the signal aborts.
 *
 * @returns What was produced, also where the signal ended the run.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { openSqliteBroker } from "../broker/sqlite.ts";
 * import { produceEvents } from "./produce.ts";
 * import { simulate } from "./simulate.ts";
 *
 * await using broker = openSqliteBroker(`${Deno.makeTempDirSync()}/stream.db`);
 * await broker.ensureTopic("transactions");
 * await broker.ensureTopic("labels");
 * const events = simulate({ randomSeed: 1, start: new Date("2026-01-01"), count: 100 });
 * const produced = await produceEvents(broker, events, { topic: "transactions", labelTopic: "labels" });
 * assertEquals(produced, { transactions: 100, labels: 100 });
 * ```
 */
export async function produceEvents(
  broker: Broker,
  events: Iterable<ReplayedEvent> | AsyncIterable<ReplayedEvent>,
  options: ProduceOptions,
): Promise<Produced> {
  const { topic, labelTopic, signal, encode = encodeAny } = options;
  const produced: Produced = { transactions: 0, labels: 0 };
  const transactions: ProducedRecord[] = [];
  const labels: ProducedRecord[] = [];
  const pace = paceOf(options);

  const flush = async () => {
    // Labels first: a transaction in hand may see them.
    if (labels.length > 0) await deliver(() => broker.produce(labelTopic, labels), { signal });
    if (transactions.length > 0) await deliver(() => broker.produce(topic, transactions), { signal });
    produced.labels += labels.length;
    produced.transactions += transactions.length;
    labels.length = transactions.length = 0;
    options.onProgress?.(produced);
    await setImmediate();
  };

  /** Takes an event in hand; gives a promise where it has to wait. */
  const take = (event: ReplayedEvent): Promise<void> | undefined => {
    if (event.kind === "label") {
      labels.push({ key: event.label.customer_id, value: encode(event) });
    } else {
      const waitMs = pace(event);
      if (waitMs > 0) return takeLater(event, waitMs);
      transactions.push({ key: event.transaction.customer_id, value: encode(event) });
    }
    if (transactions.length >= BATCH_RECORDS || labels.length >= BATCH_RECORDS) return flush();
  };
  const takeLater = async (event: ReplayedTransactionEvent, waitMs: number) => {
    await flush();
    await pause(waitMs, signal);
    if (!signal?.aborted) transactions.push({ key: event.transaction.customer_id, value: encode(event) });
  };

  // A promise for each event would cost as much as the simulation of it.
  if (Symbol.iterator in events) {
    for (const event of events) {
      if (signal?.aborted) break;
      const waiting = take(event);
      if (waiting !== undefined) await waiting;
    }
  } else {
    for await (const event of events) {
      if (signal?.aborted) break;
      await take(event);
    }
  }
  await flush();
  return produced;
}

function encodeAny(event: ReplayedEvent): string {
  return JSON.stringify(event.kind === "label" ? event.label : event.transaction);
}

/** How long to wait before a transaction, in milliseconds. */
function paceOf(
  { ratePerS, speed }: ProduceOptions,
): (event: ReplayedEvent & { kind: "transaction" }) => number {
  const startMs = performance.now();
  if (ratePerS !== undefined) {
    let count = 0;
    return () => startMs + count++ * 1000 / ratePerS - performance.now();
  }
  if (speed !== undefined) {
    let firstMs: number | undefined;
    return ({ transaction }) => {
      const timeMs = Date.parse(transaction.timestamp);
      if (Number.isNaN(timeMs)) return 0;
      firstMs ??= timeMs;
      return startMs + (timeMs - firstMs) / speed - performance.now();
    };
  }
  return () => 0;
}
