/**
 * Measures the embedded way: records a second from a SQLite stream to a SQLite ledger and a directory of objects, by what
 * is logged and by the size of a record, and where the time goes.
 *
 * The cases run in turn, round after round; a figure is the median of its rounds, with their range.
 *
 * @module
 */
import { Command } from "commander";
import { openBroker, openLedger, openObjects } from "../../src/adapters.ts";
import type { Broker, RecordBatch } from "../../src/broker/broker.ts";
import { runConsumer } from "../../src/consumer/consumer.ts";
import { createExplainer } from "../../src/forest/explain.ts";
import { loadModel } from "../../src/forest/load.ts";
import type { Model } from "../../src/forest/manifest.ts";
import { createScorer } from "../../src/forest/scorer.ts";
import type { LogMode } from "../../src/ledger/ledger.ts";
import { objectEncoders } from "../../src/relay/object_encoders.ts";
import { encodeLabel, encodeTransaction } from "../../src/simulate/encode.ts";
import type { LabelEvent, TransactionEvent } from "../../src/simulate/event.ts";
import { produceEvents } from "../../src/simulate/produce.ts";
import { simulate } from "../../src/simulate/simulate.ts";
import { openDecoder } from "../../src/stages/decode_wasm.ts";
import { openFeatureStage } from "../../src/stages/features.ts";
import { scoreRows } from "../../src/stages/score.ts";
import { createTelemetry } from "../../src/telemetry.ts";
import { wholeNumber } from "../option_values.ts";
import { runAsProgram } from "../run_command.ts";

const TOPICS = { topic: "transactions", labelTopic: "labels" };
/** Size of a padded record. */
const PADDED_BYTES = 240;
/** The log mode and size of record of each case; undefined is the record as the simulator makes it. */
const CASES: readonly { log: LogMode; recordBytes?: number }[] = [
  { log: "all" },
  { log: "flagged" },
  { log: "none" },
  { log: "all", recordBytes: PADDED_BYTES },
  { log: "none", recordBytes: PADDED_BYTES },
];

interface BenchFlags {
  count: number;
  rounds: number;
  model: string;
  json?: string;
}

/** One line of the table, in records a second. */
interface Measurement {
  log: LogMode;
  recordBytes: number;
  median: number;
  slowest: number;
  fastest: number;
}

/** The record with a field that pads it to a number of bytes, where it is shorter. */
function padded(json: string, recordBytes: number | undefined): string {
  const missing = (recordBytes ?? 0) - json.length - `,"padding":""`.length;
  return missing < 0 ? json : `${json.slice(0, -1)},"padding":"${"x".repeat(missing)}"}`;
}

async function makeStream(path: string, count: number, recordBytes?: number): Promise<number> {
  await using broker = await openBroker(`sqlite:${path}`);
  await broker.ensureTopic(TOPICS.topic);
  await broker.ensureTopic(TOPICS.labelTopic);
  let bytes = 0;
  await produceEvents(broker, simulate({ randomSeed: 1, start: Date.UTC(2026, 0, 1), count }), {
    ...TOPICS,
    encode(event) {
      if (event.kind === "label") return encodeLabel(event as LabelEvent);
      const json = padded(encodeTransaction(event as TransactionEvent), recordBytes);
      bytes += json.length;
      return json;
    },
  });
  return Math.round(bytes / count);
}

/** Records a second of one run over the whole stream, with a ledger and objects of its own. */
async function consume(streamPath: string, model: Model, log: LogMode, count: number): Promise<number> {
  const folder = await makeFolder();
  try {
    await using broker = await openBroker(`sqlite:${streamPath}`);
    await using ledger = await openLedger(`sqlite:${folder}/ledger.db`);
    await using store = await openObjects(`file:${folder}/objects`);
    using scorer = await createScorer(model.forest);
    const telemetry = createTelemetry({ level: "warn" });
    const startedAt = performance.now();
    await runConsumer({
      ...TOPICS,
      broker,
      ledger,
      store,
      model,
      scorer,
      explainer: createExplainer(model.forest),
      group: crypto.randomUUID(),
      logMode: log,
      encoder: objectEncoders.ndjson,
      listeners: [],
      telemetry,
    }, { untilEmpty: true });
    const seconds = (performance.now() - startedAt) / 1000;
    const records = telemetry.counters().get("records");
    if (records !== count) {
      throw new Error(`Cannot measure as ${count} records must be consumed: current value is ${records}`);
    }
    return count / seconds;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Microseconds a record of each stage by itself, over the whole stream. */
async function profile(streamPath: string, model: Model, count: number): Promise<Record<string, number>> {
  await using broker: Broker = await openBroker(`sqlite:${streamPath}`);
  using scorer = await createScorer(model.forest);
  const decoder = await openDecoder();
  const stage = openFeatureStage(model.manifest);
  const spentMs: Record<string, number> = { read: 0, decode: 0, features: 0, score: 0 };
  const timed = <T>(name: string, work: () => T): T => {
    const startedAt = performance.now();
    const result = work();
    spentMs[name] += performance.now() - startedAt;
    return result;
  };
  const batches: RecordBatch[] = [];
  const readAt = performance.now();
  for await (const batch of broker.read(TOPICS.topic, 0, { fromOffset: 0 })) batches.push(batch);
  spentMs.read = performance.now() - readAt;
  for (const batch of batches) {
    const { columns } = timed("decode", () => decoder.decodeBatch(batch));
    const features = timed("features", () => stage.apply(columns));
    timed("score", () => scoreRows(scorer, features, columns.count));
  }
  return Object.fromEntries(Object.entries(spentMs).map(([name, ms]) => [name, ms * 1000 / count]));
}

/** A folder below the project's own for what runs leave, so that it takes no further permission to read. */
async function makeFolder(): Promise<string> {
  await Deno.mkdir(".edgewood", { recursive: true });
  return await Deno.makeTempDir({ dir: ".edgewood", prefix: "bench-" });
}

const shown = (rate: number) => Math.round(rate).toLocaleString("en-US");

async function bench({ count, rounds, model: modelDir, json }: BenchFlags): Promise<void> {
  const model = await loadModel(modelDir);
  const folder = await makeFolder();
  try {
    const sizes = [...new Set(CASES.map(({ recordBytes }) => recordBytes))];
    const streams = new Map<number | undefined, { path: string; recordBytes: number }>();
    for (const size of sizes) {
      const path = `${folder}/stream-${size ?? "plain"}.db`;
      streams.set(size, { path, recordBytes: await makeStream(path, count, size) });
    }
    const rates = CASES.map(() => [] as number[]);
    // The first round warms up.
    for (let round = -1; round < rounds; round++) {
      for (const [i, { log, recordBytes }] of CASES.entries()) {
        const rate = await consume(streams.get(recordBytes)!.path, model, log, count);
        if (round >= 0) rates[i].push(rate);
      }
    }
    console.log(`${"log".padEnd(9)}${"bytes".padStart(6)}${"records/s".padStart(12)}   range`);
    const measurements = CASES.map(({ log, recordBytes }, i): Measurement => {
      const sorted = rates[i].toSorted((a, b) => a - b);
      const [median, slowest, fastest] = [sorted[sorted.length >> 1], sorted[0], sorted[sorted.length - 1]];
      const bytes = streams.get(recordBytes)!.recordBytes;
      console.log(
        `${log.padEnd(9)}${String(bytes).padStart(6)}${shown(median).padStart(12)}   ${shown(slowest)} to ${
          shown(fastest)
        }`,
      );
      return { log, recordBytes: bytes, median, slowest, fastest };
    });
    const usPerRecord = await profile(streams.get(undefined)!.path, model, count);
    const stages = Object.values(usPerRecord).reduce((sum, us) => sum + us, 0);
    // What the stages do not account for: the commit, the labels, the verdicts, the objects.
    for (const { log, median, recordBytes } of measurements) {
      if (recordBytes === streams.get(undefined)!.recordBytes) {
        usPerRecord[`rest, log ${log}`] = 1e6 / median - stages;
      }
    }
    console.log("\nwhere the time goes, microseconds a record");
    for (const [name, us] of Object.entries(usPerRecord)) {
      console.log(`${name.padEnd(18)}${us.toFixed(2).padStart(7)}`);
    }
    if (json !== undefined) {
      const { deno } = Deno.version;
      const report = { bench: "consume", unit: "records/s", deno, target: Deno.build.target, count, rounds };
      await Deno.writeTextFile(
        json,
        JSON.stringify({ ...report, measurements, usPerRecord }, null, 2) + "\n",
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  await runAsProgram(
    new Command("bench consume")
      .description("Measure the embedded way: records a second from stream to ledger and objects.")
      .option("--count <n>", "records in the stream", wholeNumber(1000), 100_000)
      .option("--rounds <n>", "rounds a figure is the median of", wholeNumber(1), 5)
      .option("--model <dir>", "folder of the model", "model")
      .option("--json <file>", "write the figures to a file, too")
      .action(bench),
  );
}
