import type { Broker } from "../../../src/broker/broker.ts";
import type { LabelMode } from "../../../src/simulate/events/event.ts";
import { produceEvents } from "../../../src/simulate/produce.ts";
import { simulate } from "../../../src/simulate/simulate.ts";

/** Names of a stream's topics. */
export interface Topics {
  topic: string;
  labelTopic: string;
}

/** What a stream is filled with. */
export interface FillOptions {
  records: number;
  /** Partitions of the transactions' topic (default 1). */
  partitions?: number;
  /** Size that shorter records are padded to, bytes; as the simulator makes them unless told. */
  recordBytes?: number;
  /** Customers; so many that the records cover six weeks unless told. */
  customers?: number;
  /** Which transactions get a label (default all). */
  labels?: LabelMode;
  /** Time from a transaction to its label, milliseconds (default 7 days). */
  labelDelayMs?: number;
}

/** What a stream was filled with. */
export interface Filled {
  /** Size of a transaction's JSON on average, bytes. */
  recordBytes: number;
  labels: number;
  /** How long producing took, milliseconds, the simulation included. */
  ms: number;
}

/**
 * Fills new topics with simulated transactions, keyed by customer, and their labels.
 *
 * @param broker The stream.
 */
export async function fillStream(broker: Broker, topics: Topics, options: FillOptions): Promise<Filled> {
  const { records, partitions = 1, recordBytes, customers, labels, labelDelayMs } = options;
  await broker.ensureTopic(topics.topic, { partitions });
  await broker.ensureTopic(topics.labelTopic);
  let bytes = 0;
  const startedAt = performance.now();
  const start = Date.UTC(2026, 0, 1);
  const events = simulate({
    randomSeed: 1,
    start,
    count: records,
    nCustomers: customers,
    labels,
    labelDelayMs,
  });
  const produced = await produceEvents(broker, events, {
    ...topics,
    encode(event) {
      if (event.kind === "label") return JSON.stringify(event.label);
      const json = padded(JSON.stringify(event.transaction), recordBytes);
      bytes += json.length;
      return json;
    },
  });
  const ms = performance.now() - startedAt;
  return { recordBytes: Math.round(bytes / records), labels: produced.labels, ms };
}

/** The record with a field that pads it to a number of bytes, where it is shorter. */
function padded(json: string, recordBytes: number | undefined): string {
  const missing = (recordBytes ?? 0) - json.length - `,"padding":""`.length;
  return missing < 0 ? json : `${json.slice(0, -1)},"padding":"${"x".repeat(missing)}"}`;
}
