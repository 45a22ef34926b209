import { setImmediate } from "node:timers/promises";
import type { Broker } from "../broker/broker.ts";
import { PackedRecords } from "../broker/packed_records.ts";
import { DEFAULT_MAX_AHEAD_MS } from "../domain/time.ts";
import { pause, retry } from "../runtime/retry.ts";
import type { ReplayedEvent } from "./events/event.ts";
import { addEvent, type StepJson } from "./events/json.ts";
import type { SimulatedStep } from "./simulate.ts";

/** Where and how fast events are produced. */
export interface ProduceOptions {
  topic: string;
  labelTopic: string;
  /** Transactions a second; default: as fast as the broker takes them. */
  ratePerS?: number;
  /** Seconds of event time in one second: 1 for the time that the events took. Default: no bound. */
  speed?: number;
  /** Id that each record is marked with, so that `proveRun` finds it; default: no mark. */
  run?: string;
  /** Ends the run after the records in hand are produced. */
  signal?: AbortSignal;
  /** Called after each batch. */
  onProgress?(produced: Produced): void;
}

/** Where and how fast events are produced, and how they are written. */
export interface ProduceEventsOptions extends ProduceOptions {
  /** JSON of an event; default: `JSON.stringify` of its transaction or label. */
  encode?(event: ReplayedEvent): string;
}

/** Numbers of records produced. */
export interface Produced {
  transactions: number;
  labels: number;
}

/** Most transactions, and most labels, of one call to the broker, which has to flush each to disk. */
const BATCH_RECORDS = 16_384;

/**
 * Produces every event in order: transactions keyed by customer to one topic, labels to another.
 *
 * A label that became known before a transaction is produced before it. Records of the future carry the latest time that
 * one of them names instead of the clock's, so that a consumer does not refuse them as too far ahead. Retries while the broker is not available,
 * until the signal aborts.
 *
 * @returns What was produced, also where the signal ended the run.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { openSqliteBroker } from "../broker/sqlite/broker.ts";
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
export function produceEvents(
  broker: Broker,
  events: Iterable<ReplayedEvent>,
  options: ProduceEventsOptions,
): Promise<Produced> {
  return produceAll(broker, [events], options, readingOf(options, eventMs));
}

/**
 * Produces batches of events of a file as `produceEvents` does its events, but a transaction of the future is not made to fit:
 * consumers refuse it.
 */
export function produceEventBatches(
  broker: Broker,
  batches: Iterable<Iterable<ReplayedEvent>> | AsyncIterable<Iterable<ReplayedEvent>>,
  options: ProduceEventsOptions,
): Promise<Produced> {
  const latestMs = Date.now() + DEFAULT_MAX_AHEAD_MS;
  // The file does not say when a label became known, the delay does.
  const fits = (event: ReplayedEvent) =>
    event.kind === "label" && Date.parse(event.label.timestamp) <= latestMs;
  return produceAll(
    broker,
    batches,
    options,
    readingOf(options, (event) => fits(event) ? eventMs(event) : NaN),
  );
}

/** Time of a transaction, or when a label became known, milliseconds since 1970; NaN if it is none. */
function eventMs(event: ReplayedEvent): number {
  return Date.parse(event.kind === "label" ? event.label.labelled_at : event.transaction.timestamp);
}

function readingOf(
  { encode }: ProduceEventsOptions,
  fitMs: (event: ReplayedEvent) => number,
): Reading<ReplayedEvent> {
  return {
    isLabel: (event) => event.kind === "label",
    timeMs: eventMs,
    fitMs,
    add(event, records) {
      if (encode === undefined) return addEvent(event, records);
      const { customer_id } = event.kind === "label" ? event.label : event.transaction;
      records.add(customer_id, encode(event));
    },
  };
}

/**
 * Produces the steps of a simulation as `produceEvents` does its events: the same records at lower cost.
 */
export function produceSteps(
  broker: Broker,
  steps: Iterable<Readonly<SimulatedStep>>,
  json: StepJson,
  options: ProduceOptions,
): Promise<Produced> {
  return produceAll(broker, [steps], options, {
    isLabel: (step) => step.isLabel,
    timeMs: (step) => step.timestampMs,
    fitMs: (step) => step.isLabel ? step.timestampMs + json.labelDelayMs : step.timestampMs,
    add: (step, records) => json.write(step, records),
  });
}

/** The mark of a run's records of one kind: both may be in one topic, and each is numbered from 0. */
export function runOf(run: string, kind: keyof Produced): string {
  return `${run}-${kind}`;
}

/** How an event or a step is read. */
interface Reading<E> {
  isLabel(event: E): boolean;
  /** Time of a transaction, milliseconds since 1970, or NaN. */
  timeMs(event: E): number;
  /** The least record time with which a consumer takes the record, milliseconds since 1970, or NaN. */
  fitMs(event: E): number;
  add(event: E, records: PackedRecords): void;
}

async function produceAll<E>(
  broker: Broker,
  batches: Iterable<Iterable<E>> | AsyncIterable<Iterable<E>>,
  options: ProduceOptions,
  { isLabel, timeMs, fitMs, add }: Reading<E>,
): Promise<Produced> {
  const { topic, labelTopic, signal } = options;
  const produced: Produced = { transactions: 0, labels: 0 };
  const mark = (kind: keyof Produced) => options.run === undefined ? undefined : runOf(options.run, kind);
  const transactions = new PackedRecords(mark("transactions"));
  const labels = new PackedRecords(mark("labels"));
  const pace = paceOf(options, timeMs);
  // One call for as long as it takes: another would not know what the first one left in the stream.
  const persist = signal ?? new AbortController().signal;
  const send = (topic: string, records: PackedRecords) =>
    retry(() => broker.produce(topic, records, { persist }), { signal });
  const latestMs = { transactions: -Infinity, labels: -Infinity };
  const recordMs = (latest: number) => latest > Date.now() ? latest : undefined;

  const flush = async () => {
    labels.timestampMs = recordMs(latestMs.labels);
    transactions.timestampMs = recordMs(latestMs.transactions);
    // Labels first: a transaction in hand may see them.
    if (labels.length > 0) await send(labelTopic, labels);
    if (transactions.length > 0) await send(topic, transactions);
    produced.labels += labels.length;
    produced.transactions += transactions.length;
    labels.clear();
    transactions.clear();
    options.onProgress?.(produced);
    await setImmediate();
  };

  /** Takes an event in hand; a promise if it has to wait. */
  const take = (event: E): Promise<void> | undefined => {
    const which = isLabel(event) ? "labels" : "transactions";
    const ms = fitMs(event);
    if (ms > latestMs[which]) latestMs[which] = ms;
    if (which === "labels") {
      add(event, labels);
    } else {
      const waitMs = pace(event);
      if (waitMs > 0) return takeLater(event, waitMs);
      add(event, transactions);
    }
    if (transactions.length >= BATCH_RECORDS || labels.length >= BATCH_RECORDS) return flush();
  };
  const takeLater = async (event: E, waitMs: number) => {
    await flush();
    await pause(waitMs, signal);
    if (!signal?.aborted) add(event, transactions);
  };

  // A promise for each event would cost as much as the simulation of it.
  for await (const events of batches) {
    for (const event of events) {
      if (signal?.aborted) break;
      const waiting = take(event);
      if (waiting !== undefined) await waiting;
    }
    if (signal?.aborted) break;
  }
  await flush();
  return produced;
}

/** How long to wait before a transaction, in milliseconds. */
function paceOf<E>({ ratePerS, speed }: ProduceOptions, timeMs: (event: E) => number): (event: E) => number {
  const startMs = performance.now();
  if (ratePerS !== undefined) {
    let count = 0;
    return () => startMs + count++ * 1000 / ratePerS - performance.now();
  }
  if (speed !== undefined) {
    let firstMs: number | undefined;
    return (event) => {
      const ms = timeMs(event);
      if (Number.isNaN(ms)) return 0;
      firstMs ??= ms;
      return startMs + (ms - firstMs) / speed - performance.now();
    };
  }
  return () => 0;
}
