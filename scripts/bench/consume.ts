/**
 * Measures `consume` on embedded engines: records a second by log mode and record size, memory, and where time goes.
 *
 * @module
 */
import { openBroker } from "../../src/adapters.ts";
import type { RecordBatch } from "../../src/broker/broker.ts";
import { loadModel } from "../../src/forest/load.ts";
import type { LogMode } from "../../src/ledger/ledger.ts";
import { openDecoder } from "../../src/decode/wasm.ts";
import { openFeatureStage } from "../../src/features/stage.ts";
import { createScorer } from "../../src/forest/scorer/scorer.ts";
import { runAsProgram } from "../cli/run_command.ts";
import { benchCommand, type Findings } from "./report/bench_command.ts";
import { interleave, interleaveRuns } from "./report/interleave.ts";
import { type Line, linesOf } from "./report/report.ts";
import { spreadOf } from "./report/spread.ts";
import { type ConsumeRun, runConsume, timeToFirstVerdict } from "./runs/consume_run.ts";
import { embeddedEngines } from "./runs/engines.ts";
import { fillStream } from "./load/fill_stream.ts";
import { simulatedRecords } from "./load/simulated_records.ts";
import { makeFolder } from "./runs/make_folder.ts";

const TOPICS = { topic: "transactions", labelTopic: "labels" };
const CALL_RECORDS = 4096;
const PADDED_BYTES = 240;
/** A record without `recordBytes` is as the simulator makes it. */
const CASES: readonly { log: LogMode; recordBytes?: number }[] = [
  { log: "all" },
  { log: "flagged" },
  { log: "none" },
  { log: "all", recordBytes: PADDED_BYTES },
  { log: "none", recordBytes: PADDED_BYTES },
];

/** Microseconds a record of each stage by itself, over the whole stream, in this process. */
async function profile(streamUrl: string, modelFolder: string): Promise<Map<string, number>> {
  const model = await loadModel(modelFolder);
  await using broker = await openBroker(streamUrl);
  using scorer = await createScorer(model.forest);
  const decoder = await openDecoder();
  const stage = openFeatureStage(model.manifest);
  const spentMs = new Map<string, number>();
  const timed = <T>(name: string, work: () => T): T => {
    const startedAt = performance.now();
    const result = work();
    spentMs.set(name, (spentMs.get(name) ?? 0) + performance.now() - startedAt);
    return result;
  };
  const batches: RecordBatch[] = [];
  const readAt = performance.now();
  for await (const batch of broker.read(TOPICS.topic, 0, { fromOffset: 0 })) batches.push(batch);
  spentMs.set("read", performance.now() - readAt);
  let count = 0;
  for (const batch of batches) {
    const { columns } = timed("decode", () => decoder.decodeBatch(batch));
    const features = timed("features", () => stage.apply(columns));
    timed("score", () => scorer.score(features.rows, columns.count));
    count += batch.count;
  }
  return new Map([...spentMs].map(([name, ms]) => [name, ms * 1000 / count]));
}

interface Flags {
  rounds: number;
  records: number;
  model: string;
}

async function measureProducing(
  folder: string,
  { rounds, records }: Omit<Flags, "model">,
  findings: Findings,
) {
  const made = simulatedRecords(CALL_RECORDS);
  await using broker = await openBroker(`sqlite:${folder}/produced.db`);
  await broker.ensureTopic(TOPICS.topic);
  const calls = Math.max(1, Math.floor(records / CALL_RECORDS));
  const [figure] = await interleave([async () => {
    const startedAt = performance.now();
    for (let call = 0; call < calls; call++) await broker.produce(TOPICS.topic, made);
    return calls * CALL_RECORDS / (performance.now() - startedAt) * 1000;
  }], { rounds });
  const title = `producing to the embedded stream, ${CALL_RECORDS} records a call that are there already`;
  findings.table({ title, unit: "records/s", lines: [{ what: { stream: "SQLite" }, figure }] });
  findings.goal("producing to the embedded stream", figure.median, "at least", 300_000, "records/s");
}

async function measureStart(
  stream: string,
  { rounds, records, model }: Flags,
  findings: Findings,
): Promise<void> {
  const [figure] = await interleave([async () => {
    await using engines = await embeddedEngines(stream);
    return await timeToFirstVerdict(engines.urls, { ...TOPICS, records, log: "all", model });
  }], { rounds });
  const title = "from the start of the process to the first verdicts in the ledger";
  findings.table({ title, unit: "ms", lines: [{ what: { engines: "embedded" }, figure }] });
  findings.goal("embedded, first verdict", figure.median / 1000, "at most", 1.5, "s");
}

export const consumeBenchCommand = benchCommand({
  name: "consume",
  description: "Measure the embedded way: records a second from stream to ledger and objects, and memory.",
  sizes: {
    rounds: { what: "rounds a figure is the median of", full: 5, quick: 1 },
    records: { what: "records in the stream", full: 1_000_000, quick: 20_000 },
  },
  options: (command) => command.option("--model <dir>", "folder of the model", "model"),
}, async ({ rounds, records, model }: Flags, findings) => {
  await using folder = await makeFolder();
  const streams = new Map<number | undefined, { url: string; recordBytes: number }>();
  const producing: Line[] = [];
  for (const size of new Set(CASES.map(({ recordBytes }) => recordBytes))) {
    const url = `sqlite:${folder.path}/stream-${size ?? "plain"}.db`;
    await using broker = await openBroker(url);
    const { recordBytes, labels, ms } = await fillStream(broker, TOPICS, { records, recordBytes: size });
    streams.set(size, { url, recordBytes });
    producing.push({ what: { bytes: recordBytes, labels }, figure: spreadOf([records / ms * 1000]) });
  }
  findings.table({
    title: "producing to the embedded stream, simulation included",
    unit: "records/s",
    lines: producing,
  });

  await measureProducing(folder.path, { rounds, records }, findings);

  const runs = await interleaveRuns(
    CASES.map(({ log, recordBytes }) => async () => {
      await using engines = await embeddedEngines(streams.get(recordBytes)!.url);
      return await runConsume(engines.urls, { ...TOPICS, records, log, model });
    }),
    { rounds, warmUps: 0 },
  );
  const rates = runs.map((each) => spreadOf(each.map(({ recordsPerS }) => recordsPerS)));
  const whats = CASES.map(({ log, recordBytes }) => ({ log, bytes: streams.get(recordBytes)!.recordBytes }));
  const table = (title: string, unit: string, valueOf: (run: ConsumeRun) => number, digits = 0) =>
    findings.table({ title, unit, digits, lines: linesOf(whats, runs, valueOf) });
  table(`consuming ${records} records, embedded, by what is logged`, "records/s", (run) => run.recordsPerS);
  table("memory of the process at its peak", "MB", (run) => run.peakRssBytes / 1e6);
  table("processor time", "µs/record", (run) => run.cpuSeconds * 1e6 / records, 2);

  const plain = streams.get(undefined)!;
  const usPerRecord = await profile(plain.url, model);
  const stages = [...usPerRecord.values()].reduce((sum, us) => sum + us, 0);
  // What the stages do not account for: the commit, the labels, the verdicts, the objects.
  for (const [i, { log, recordBytes }] of CASES.entries()) {
    if (recordBytes === undefined) usPerRecord.set(`rest, log ${log}`, 1e6 / rates[i].median - stages);
  }
  findings.table({
    title: "where the time goes",
    unit: "µs/record",
    digits: 2,
    lines: [...usPerRecord].map(([stage, us]) => ({ what: { stage }, figure: spreadOf([us]) })),
  });
  const [logged] = rates;
  findings.goal("embedded, every transaction logged", logged.median, "at least", 100_000, "records/s");
  const peak = spreadOf(runs.flat().map((run) => run.peakRssBytes / 1e6)).most;
  findings.goal("embedded, memory at full speed", peak, "at most", 350, "MB");
  await measureStart(plain.url, { rounds, records, model }, findings);
});

if (import.meta.main) await runAsProgram(consumeBenchCommand);
