/**
 * Measures both clients of Kafka, alone and through the broker port.
 * Reading counts from the assignment of partitions to the last record; producing from the first call to the last
 * acknowledgement by all replicas, with sequence numbers. Raw kafkajs yields batches, raw platformatic records.
 *
 * @module
 */
import { openBroker } from "../../src/adapters.ts";
import type { ProducedRecord } from "../../src/broker/broker.ts";
import { needs } from "../../src/testing/services.ts";
import { runAsProgram } from "../cli/run_command.ts";
import { benchCommand } from "./report/bench_command.ts";
import { interleave } from "./report/interleave.ts";
import { ratioOf, type Spread } from "./report/spread.ts";
import { simulatedRecords } from "./load/simulated_records.ts";
import { FETCH_BYTES, rawClients, type Reader } from "./raw/kafka_raw.ts";

const CLIENTS = ["kafkajs", "platformatic"] as const;
const PARTITIONS = 4;
const CALL_RECORDS = 4000;
const MUST_SHARE = 0.9;

export const kafkaClientsBenchCommand = benchCommand({
  name: "kafka_clients",
  description: "Measure reading from Kafka and producing to it, by each client alone and through the port.",
  sizes: {
    rounds: { what: "rounds a figure is the median of", full: 5, quick: 2 },
    records: { what: "records of a run", full: 300_000, quick: 20_000 },
  },
}, async ({ rounds, records }: { rounds: number; records: number }, findings) => {
  const kafka = await needs("kafka");
  if (kafka.ignore) return findings.skip(kafka.reason);
  const { url, listeners } = kafka.services.kafka;
  const raw = rawClients(listeners.plaintext);
  const all = simulatedRecords(records);
  const calls = Array.from(
    { length: Math.ceil(records / CALL_RECORDS) },
    (_, i) => all.slice(i * CALL_RECORDS, (i + 1) * CALL_RECORDS),
  );
  const topic = await newTopic(url);
  await produceThroughPort(url, "kafkajs", topic, calls);
  const reading = await interleave(
    CLIENTS.flatMap((client) => [
      () => rateOfReading(records, (reader) => raw[client].consume(topic, reader, FETCH_BYTES)),
      () => rateOfReading(records, (reader) => readThroughPort(url, client, topic, reader)),
    ]),
    { rounds },
  );
  const producing = await interleave(
    CLIENTS.flatMap((client) => [
      async () => rateOf(records, raw[client].produce(await newTopic(url), calls)),
      async () => rateOf(records, produceThroughPort(url, client, await newTopic(url), calls)),
    ]),
    { rounds },
  );
  const bytes = Math.round(calls[0].reduce((sum, { value }) => sum + value.length, 0) / calls[0].length);
  for (const [title, spreads] of [["reading", reading], ["producing", producing]] as const) {
    findings.table({
      title: `${title}, ${PARTITIONS} partitions, ${bytes} bytes a record`,
      unit: "records/s",
      lines: linesOf(spreads),
    });
    CLIENTS.forEach((client, i) => {
      const reached = ratioOf(spreads[2 * i + 1], spreads[2 * i]);
      findings.goal(`${title}, ${client}: through the port, of raw`, reached, "at least", MUST_SHARE, "×");
    });
  }
});

function linesOf(spreads: readonly Spread[]) {
  return CLIENTS.flatMap((client, i) =>
    ["raw", "through the port"].map((how, j) => ({ what: { client, how }, figure: spreads[2 * i + j] }))
  );
}

async function newTopic(url: string): Promise<string> {
  const topic = `bench-${crypto.randomUUID()}`;
  await using broker = await openBroker(url);
  await broker.ensureTopic(topic, { partitions: PARTITIONS });
  return topic;
}

async function produceThroughPort(
  url: string,
  kafkaClient: typeof CLIENTS[number],
  topic: string,
  calls: readonly (readonly ProducedRecord[])[],
): Promise<void> {
  await using broker = await openBroker(url, { kafkaClient });
  for (const records of calls) await broker.produce(topic, records);
}

async function readThroughPort(
  url: string,
  kafkaClient: typeof CLIENTS[number],
  topic: string,
  { onAssigned, onRecords, done }: Reader,
): Promise<void> {
  await using broker = await openBroker(url, { kafkaClient });
  const ending = new AbortController();
  done.then(() => ending.abort());
  await using subscription = await broker.subscribe(topic, crypto.randomUUID(), { signal: ending.signal });
  for await (const event of subscription) {
    if (event.type === "batch") onRecords(event.batch.count);
    if (event.type !== "assigned") continue;
    for (const partition of event.partitions) subscription.seek(partition, 0);
    onAssigned();
  }
}

/** Records a second from the assignment of the partitions to the last record. */
async function rateOfReading(records: number, read: (reader: Reader) => Promise<void>): Promise<number> {
  const { promise: done, resolve } = Promise.withResolvers<void>();
  let [count, startedAt, endedAt] = [0, 0, 0];
  await read({
    done,
    onAssigned: () => void (startedAt ||= performance.now()),
    onRecords(more) {
      count += more;
      if (count < records) return;
      endedAt = performance.now();
      resolve();
    },
  });
  if (count !== records) {
    throw new Error(`Cannot measure as ${records} records must come: current value is ${count}`);
  }
  return records / (endedAt - startedAt) * 1000;
}

async function rateOf(records: number, work: Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await work;
  return records / (performance.now() - startedAt) * 1000;
}

if (import.meta.main) await runAsProgram(kafkaClientsBenchCommand);
