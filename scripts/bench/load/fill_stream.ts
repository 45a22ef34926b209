import { openBroker } from "../../../src/adapters.ts";
import type { Broker } from "../../../src/broker/broker.ts";
import type { LabelMode } from "../../../src/simulate/events/event.ts";
import { produceEvents } from "../../../src/simulate/produce.ts";
import { simulate } from "../../../src/simulate/simulate.ts";

export interface Topics {
  topic: string;
  labelTopic: string;
}

export interface FillOptions {
  records: number;
  partitions?: number;
  /** Pads shorter records to this size, bytes. */
  recordBytes?: number;
  /** Default: so many that the records cover six weeks. */
  customers?: number;
  labels?: LabelMode;
  /** From a transaction to its label (default 7 days). */
  labelDelayMs?: number;
}

export interface Filled {
  /** Size of a transaction's JSON on average, bytes. */
  recordBytes: number;
  labels: number;
  /** Milliseconds that producing took, simulation included. */
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

/** Pads a shorter record to a number of bytes with one more field. */
function padded(json: string, recordBytes: number | undefined): string {
  const missing = (recordBytes ?? 0) - json.length - `,"padding":""`.length;
  return missing < 0 ? json : `${json.slice(0, -1)},"padding":"${"x".repeat(missing)}"}`;
}

/**
 * Fills a topic with simulated transactions, and another with their labels, unless an earlier run has left them there.
 *
 * @param stream URL of the stream.
 * @returns The topics' names.
 */
export async function filledTopic(
  stream: string,
  options: Required<Omit<FillOptions, "labelDelayMs">>,
): Promise<Topics> {
  const { records, partitions, recordBytes, customers, labels } = options;
  await using broker = await openBroker(stream, { kafkaClient: "platformatic" });
  for (let attempt = 1;; attempt++) {
    const topic = `bench-${records}x${recordBytes}-${partitions}-${customers}-${labels}-${attempt}`;
    const topics = { topic, labelTopic: `${topic}.labels` };
    const known = await broker.partitions(topic) === 0 ? [] : await broker.offsets(topic);
    const count = known.reduce((sum, { startOffset, endOffset }) => sum + endOffset - startOffset, 0);
    if (known.length > 0 && count === records) return topics;
    // A topic that was begun and not finished is passed over.
    if (known.length > 0) continue;
    console.error(`filling ${topic}`);
    await fillStream(broker, topics, options);
    return topics;
  }
}
