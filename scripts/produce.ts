import { Command, InvalidArgumentError, Option } from "commander";
import { openBroker } from "../src/adapters.ts";
import { type Config, readConfig } from "../src/config.ts";
import { encodeLabel, encodeTransaction } from "../src/simulate/encode.ts";
import type { LabelEvent, LabelMode, ReplayedEvent, TransactionEvent } from "../src/simulate/event.ts";
import { produceEvents } from "../src/simulate/produce.ts";
import { replayTransactions } from "../src/simulate/replay.ts";
import { simulate } from "../src/simulate/simulate.ts";
import { openTextTable } from "../src/table/text_table.ts";
import { durationOption } from "./duration.ts";
import { endingSignal } from "./ending_signal.ts";
import { engineOptions } from "./engine_options.ts";
import { decimalNumber, wholeNumber } from "./option_values.ts";
import { startProgress } from "./progress.ts";
import { runAsProgram } from "./run_command.ts";

interface ProduceFlags extends Partial<Config> {
  count?: number;
  rate?: number;
  seed: number;
  fraudRate: number;
  start: number;
  customers?: number;
  input?: string;
  speed?: number;
  labelDelay: number;
  labels: LabelMode;
  partitions: number;
  topic: string;
  labelTopic: string;
  lenient?: boolean;
  quiet?: boolean;
}

const DEFAULT_COUNT = 100_000;

/** The command `produce`: simulated or real transactions to the stream, and their labels, later. */
export const produceCommand: Command = engineOptions(
  new Command("produce")
    .description("Produce simulated card transactions, or replay a file of real ones, and their labels.")
    .option(
      "--count <n>",
      `transactions to produce (default: ${DEFAULT_COUNT}; with --input: the whole file)`,
      wholeNumber(1),
    )
    .option(
      "--rate <n>",
      "transactions a second (default: as fast as the stream takes them)",
      decimalNumber(0),
    )
    .option("--seed <n>", "fixes every random choice of the simulation", wholeNumber(0, 2 ** 32 - 1), 1)
    .option("--fraud-rate <share>", "share of frauds in the simulation", share, 0.01)
    .addOption(
      new Option("--start <time>", "time of the first simulated transaction")
        .argParser(startTime).default(Date.parse("2026-01-01T00:00:00Z"), "2026-01-01"),
    )
    .option(
      "--customers <n>",
      "simulated customers (default: so many that --count covers six weeks)",
      wholeNumber(1),
    )
    .option("--input <file>", "CSV of real transactions, plain or .gz, in the place of the simulation")
    .addOption(
      new Option(
        "--speed <factor>",
        "with --input: file time by this factor, 1 as it was (default: full speed)",
      )
        .argParser(decimalNumber(0)).conflicts("rate"),
    )
    .option("--lenient", "with --input: pass faulty rows on as they are, for the consumer to refuse")
    .addOption(durationOption("--label-delay <time>", "time from a transaction to its label", "7d"))
    .addOption(
      new Option("--labels <which>", "transactions that get a label").choices(["all", "frauds", "none"])
        .default("all"),
    )
    .option("--partitions <n>", "partitions of a topic that is made anew", wholeNumber(1, 10_000), 1)
    .option("--topic <name>", "topic of the transactions", "transactions")
    .option("--label-topic <name>", "topic of the labels", "labels")
    .option("--quiet", "no progress"),
  ["stream"],
).action(produce);

async function produce(flags: ProduceFlags): Promise<void> {
  const { topic, labelTopic, partitions, rate, speed } = flags;
  const config = readConfig(flags);
  const count = flags.count ?? (flags.input === undefined ? DEFAULT_COUNT : undefined);
  await using broker = await openBroker(config.stream, config);
  await broker.ensureTopic(topic, { partitions });
  await broker.ensureTopic(labelTopic);
  using ending = endingSignal("produce");
  const source = flags.input === undefined ? simulated(flags, count!) : await replayed(flags, flags.input);
  const progress = startProgress("produce", {
    total: source.total ?? count,
    unit: "records",
    quiet: flags.quiet,
  });
  const produced = await produceEvents(
    broker,
    // The simulation ends by itself.
    flags.input === undefined || count === undefined ? source.events : take(source.events, count),
    {
      topic,
      labelTopic,
      ratePerS: rate,
      speed,
      signal: ending.signal,
      encode: source.encode,
      onProgress: ({ transactions, labels }) =>
        progress.update(source.done?.() ?? transactions, transactions + labels),
    },
  );
  progress.stop();
  console.log(
    `produced   ${produced.transactions} transactions to ${topic}, ${produced.labels} labels to ${labelTopic}, in ${broker.name}`,
  );
}

interface Source {
  events: Iterable<ReplayedEvent> | AsyncIterable<ReplayedEvent>;
  encode?(event: ReplayedEvent): string;
  total?: number;
  done?(): number;
}

function simulated(flags: ProduceFlags, count: number): Source {
  const { seed, fraudRate, start, customers, labelDelay, labels } = flags;
  const options = {
    randomSeed: seed,
    start,
    count,
    fraudRate,
    nCustomers: customers,
    labelDelayMs: labelDelay,
    labels,
  };
  return {
    events: simulate(options),
    encode: (event) =>
      event.kind === "label"
        ? encodeLabel(event as LabelEvent)
        : encodeTransaction(event as TransactionEvent),
  };
}

async function replayed({ labelDelay, labels, lenient }: ProduceFlags, input: string): Promise<Source> {
  const table = await openTextTable(input);
  return {
    events: replayTransactions(table.rows(), { labelDelayMs: labelDelay, labels, lenient }),
    total: table.size,
    done: () => table.bytesRead,
  };
}

/** Events up to a number of transactions, with the labels among them. */
async function* take(events: Source["events"], count: number): AsyncGenerator<ReplayedEvent> {
  let taken = 0;
  for await (const event of events) {
    if (event.kind === "transaction" && ++taken > count) return;
    yield event;
  }
}

function startTime(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) {
    throw new InvalidArgumentError(
      `It must be a date or a time, such as 2026-01-01: current value is ${text}`,
    );
  }
  return ms;
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 0.5)) {
    throw new InvalidArgumentError(`It must be a share from 0 to 0.5: current value is ${text}`);
  }
  return value;
}

if (import.meta.main) await runAsProgram(produceCommand);
