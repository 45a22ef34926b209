/**
 * How many records a second the embedded way takes: SQLite stream → features → score → SQLite ledger → directory.
 *
 * @module
 */
import { Command } from "commander";
import { openBroker, openLedger, openObjects } from "../../src/adapters.ts";
import { runConsumer } from "../../src/consumer/consumer.ts";
import { createExplainer } from "../../src/forest/explain.ts";
import { loadModel } from "../../src/forest/load.ts";
import { createScorer } from "../../src/forest/scorer.ts";
import type { LogMode } from "../../src/ledger/ledger.ts";
import { objectEncoders } from "../../src/relay/object_encoders.ts";
import { encodeLabel, encodeTransaction } from "../../src/simulate/encode.ts";
import type { LabelEvent, TransactionEvent } from "../../src/simulate/event.ts";
import { produceEvents } from "../../src/simulate/produce.ts";
import { simulate } from "../../src/simulate/simulate.ts";
import { createTelemetry } from "../../src/telemetry.ts";
import { wholeNumber } from "../option_values.ts";
import { runAsProgram } from "../run_command.ts";

const TOPICS = { topic: "transactions", labelTopic: "labels" };
const MODES: readonly LogMode[] = ["all", "flagged", "none"];
const FOLDER = ".edgewood/bench";

/** Command `bench consume`. */
export const consumeBenchCommand: Command = new Command("consume")
  .description("Measure produce to and consume from the embedded engines, records a second.")
  .option("--count <n>", "records", wholeNumber(1000), 200_000)
  .option("--rounds <n>", "rounds of each contender, in turn", wholeNumber(1), 5)
  .option("--json <file>", "write the figures too")
  .action(bench);

async function bench(
  { count, rounds, json }: { count: number; rounds: number; json?: string },
): Promise<void> {
  await removeFolder();
  const rates = new Map<string, number[]>();
  const measure = async (name: string, work: () => Promise<void>) => {
    const startedAt = performance.now();
    await work();
    const rate = count / ((performance.now() - startedAt) / 1000);
    rates.set(name, [...rates.get(name) ?? [], rate]);
  };
  // The first round warms up and is not counted.
  for (let round = 0; round <= rounds; round++) {
    if (round === 1) rates.clear();
    const stream = `sqlite:${FOLDER}/stream-${round}.db`;
    await measure("produce", () => produce(stream, count));
    for (const logMode of MODES) {
      await measure(
        `consume, log ${logMode}`,
        () => consume(stream, `${FOLDER}/${round}-${logMode}`, logMode),
      );
    }
    await removeFolder();
  }
  const figures = [...rates].map(([name, values]) => {
    values.sort((a, b) => a - b);
    const median = values[Math.floor(values.length / 2)];
    return {
      name,
      recordsPerS: Math.round(median),
      least: Math.round(values[0]),
      most: Math.round(values.at(-1)!),
    };
  });
  console.log(
    `${
      count.toLocaleString("en-US")
    } records of some 200 bytes and their labels, ${rounds} rounds, the model in model/`,
  );
  console.table(figures);
  if (json !== undefined) {
    await Deno.writeTextFile(json, `${JSON.stringify({ count, rounds, figures }, null, 2)}\n`);
  }
}

async function produce(stream: string, count: number): Promise<void> {
  await using broker = await openBroker(stream);
  await broker.ensureTopic(TOPICS.topic);
  await broker.ensureTopic(TOPICS.labelTopic);
  const events = simulate({ randomSeed: 1, count, start: new Date("2026-01-01T00:00:00Z") });
  await produceEvents(broker, events, {
    ...TOPICS,
    encode: (event) =>
      event.kind === "label"
        ? encodeLabel(event as LabelEvent)
        : encodeTransaction(event as TransactionEvent),
  });
}

async function consume(stream: string, folder: string, logMode: LogMode): Promise<void> {
  await using broker = await openBroker(stream);
  await using ledger = await openLedger(`sqlite:${folder}/ledger.db`);
  await using store = await openObjects(`file:${folder}/objects`);
  const model = await loadModel("model");
  using scorer = await createScorer(model.forest);
  const telemetry = createTelemetry({ level: "error" });
  await runConsumer({
    ...TOPICS,
    broker,
    ledger,
    store,
    model,
    scorer,
    explainer: createExplainer(model.forest),
    group: folder,
    logMode,
    encoder: objectEncoders.ndjson,
    listeners: [],
    telemetry,
  }, { untilEmpty: true });
}

async function removeFolder() {
  try {
    await Deno.remove(FOLDER, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

if (import.meta.main) await runAsProgram(consumeBenchCommand);
