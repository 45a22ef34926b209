import { Command, InvalidArgumentError, Option } from "commander";
import { openBroker } from "../../src/adapters.ts";
import { type Config, readConfig } from "../../src/config.ts";
import type { Broker } from "../../src/broker/broker.ts";
import type { LabelMode, ReplayedEvent, ReplayedTransactionEvent } from "../../src/simulate/events/event.ts";
import type { ProduceOptions } from "../../src/simulate/produce.ts";
import type { ProducedRun, RunProof } from "../../src/simulate/prove_run.ts";
import { FileTimes } from "../../src/domain/time.ts";
import { retry } from "../../src/runtime/retry.ts";
import type { TextTable } from "../../src/table/text_table.ts";
import { durationOption } from "../cli/options/duration.ts";
import { endingSignal } from "../cli/ending_signal.ts";
import { engineOptions } from "../cli/options/engines.ts";
import { fileToRead } from "../cli/options/places.ts";
import { refuseStyleOptions, type TableStyleFlags, tableStyleOptions } from "../cli/options/table_style.ts";
import { decimalNumber, pointInTime, topicName, wholeNumber } from "../cli/options/values.ts";
import { runAsProgram, UsageError } from "../cli/run_command.ts";

interface ProduceFlags extends Partial<Config>, TableStyleFlags {
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
  partitions?: number;
  topic: string;
  labelTopic: string;
  lenient?: boolean;
  again?: boolean;
  raw?: boolean;
  key?: string;
  quiet?: boolean;
}

const DEFAULT_COUNT = 100_000;
/** Longest look for a file in the stream. */
const REPEAT_MS = 10_000;
/** Records at the start of a partition in which simulated ones are looked for. */
const START_RECORDS = 10_000;

const command = engineOptions(
  new Command("produce")
    .description(
      "Produce simulated card transactions, or replay a file of real ones, and their labels; prove that each is there, once.",
    )
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
        .argParser(pointInTime).default(Date.parse("2026-01-01T00:00:00Z"), "2026-01-01"),
    )
    .option(
      "--customers <n>",
      "simulated customers (default: enough that --count covers six weeks)",
      wholeNumber(1),
    )
    .addOption(
      fileToRead(
        "--input <file>",
        "CSV or NDJSON of real transactions, plain or .gz, instead of the simulation",
      ),
    )
    .addOption(
      new Option(
        "--speed <factor>",
        "with --input: replay at this many times the file's own pace (default: full speed)",
      )
        .argParser(decimalNumber(0)).conflicts("rate"),
    )
    .addOption(
      new Option("--raw", "with --input: send each line as one record, as it stands, without labels")
        .conflicts(["rate", "speed", "lenient", "count"]),
    )
    .option("--key <path>", "with --raw: path of the record's key in the JSON of a line (default: no key)")
    .option("--lenient", "with --input: pass faulty rows on as they are, for the consumer to refuse")
    .option("--again", "with --input: send the file though the stream holds its first transaction already")
    .addOption(durationOption("--label-delay <time>", "time from a transaction to its label", "7d"))
    .addOption(
      new Option("--labels <which>", "transactions that get a label").choices(["all", "frauds", "none"])
        .default("all"),
    )
    .option(
      "--partitions <n>",
      "partitions of a topic that is made anew (default: 1)",
      wholeNumber(1, 10_000),
    )
    .option("--topic <name>", "topic of the transactions", topicName, "transactions")
    .option("--label-topic <name>", "topic of the labels", topicName, "labels")
    .option("--quiet", "no progress and no notes"),
  ["stream"],
);
/** The command `produce`: simulated or real transactions to the stream, and their labels, later. */
export const produceCommand: Command = tableStyleOptions(command).action(produce);

async function produce(flags: ProduceFlags): Promise<void> {
  const { topic, labelTopic, rate, speed, quiet } = flags;
  if (flags.input === undefined) refuseStyleOptions(flags, "produce");
  const [{ openTextTable }, { startProgress }, { proveRun }, { runOf }, { printNotes }] = await Promise.all([
    import("../../src/table/text_table.ts"),
    import("../cli/progress.ts"),
    import("../../src/simulate/prove_run.ts"),
    import("../../src/simulate/produce.ts"),
    import("../cli/options/text_table_notes.ts"),
  ]);
  const config = readConfig(flags);
  const count = flags.count ?? (flags.input === undefined ? DEFAULT_COUNT : undefined);
  await using broker = await openBroker(config.stream, config);
  await openTopics(broker, flags);
  using ending = endingSignal("produce");
  const run = crypto.randomUUID().slice(0, 8);
  if (flags.raw) return await produceLines(broker, { ...flags, run, signal: ending.signal });
  const table = flags.input === undefined ? undefined : await openTextTable(flags.input, flags);
  const progress = startProgress("produce", {
    total: table?.size ?? count,
    unit: "records",
    quiet,
  });
  const topics = [...new Set([topic, labelTopic])];
  const before = new Map(
    await Promise.all(
      topics.map(async (name) => {
        const offsets = await retry(() => broker.offsets(name), { signal: ending.signal });
        return [name, offsets] as const;
      }),
    ),
  );
  const options: ProduceOptions = {
    topic,
    labelTopic,
    run,
    ratePerS: rate,
    speed,
    signal: ending.signal,
    onProgress: ({ transactions, labels }) => {
      sent = `${transactions} transactions and ${labels} labels were sent`;
      progress.update(table?.size === undefined ? transactions : table.bytesRead, transactions + labels);
    },
  };
  let sent = "";
  const times = new FileTimes(flags.timeUnit);
  const produced =
    await (table === undefined
      ? produceSimulated(broker, flags, count!, options)
      : produceReplayed(broker, { ...flags, times }, table, options)).finally(() => progress.stop())
      .catch((cause) => {
        if (sent === "") throw cause;
        throw new Error(`${cause.message}; before that, ${sent}`, { cause });
      });
  if (table !== undefined && !quiet) printNotes(table, times);
  console.log(
    `produced   ${produced.transactions} transactions to ${topic}, ${produced.labels} labels to ${labelTopic}, in ${broker.name}`,
  );
  const runs = [
    { topic, run: runOf(run, "transactions"), count: produced.transactions, before: before.get(topic)! },
    { topic: labelTopic, run: runOf(run, "labels"), count: produced.labels, before: before.get(labelTopic)! },
  ];
  for (const each of runs) report(await proveRun(broker, each), each);
  if (Deno.exitCode === 0) console.log(`proven     each record of run ${run} is there, once`);
}

async function produceLines(
  broker: Broker,
  flags: ProduceFlags & { run: string; signal: AbortSignal },
): Promise<void> {
  const { topic, input, run } = flags;
  if (input === undefined) throw new UsageError("--raw needs --input: the file whose lines are sent");
  const [{ produceRaw }, { proveRun }, { runOf }] = await Promise.all([
    import("./produce/raw.ts"),
    import("../../src/simulate/prove_run.ts"),
    import("../../src/simulate/produce.ts"),
  ]);
  const before = await broker.offsets(topic);
  const count = await produceRaw(broker, { ...flags, input });
  console.log(`produced   ${count} records as they stood to ${topic}, in ${broker.name}`);
  const produced = { topic, run: runOf(run, "transactions"), count, before };
  report(await proveRun(broker, produced), produced);
  if (Deno.exitCode === 0) console.log(`proven     each record of run ${run} is there, once`);
}

async function openTopics(broker: Broker, { topic, labelTopic, partitions }: ProduceFlags): Promise<void> {
  await broker.ensureTopic(topic, { partitions });
  const found = await broker.partitions(topic);
  if (found !== (partitions ?? found)) {
    console.error(
      `note: ${topic} has ${found} partition${
        found === 1 ? "" : "s"
      } already; --partitions ${partitions} is for a topic that is made anew`,
    );
  }
  await broker.ensureTopic(labelTopic);
}

/** Says what is not as it must be; exit code 1 then. */
function report({ missing, doubled, unknown }: RunProof, { topic, run, count }: ProducedRun): void {
  const problems = [
    missing > 0 ? `${missing} are missing` : "",
    doubled > 0 ? `${doubled} are there more than once` : "",
    unknown > 0
      ? `${unknown} are not known: the topic lost its oldest records before they were read back`
      : "",
  ].filter((problem) => problem !== "");
  if (problems.length === 0) return;
  console.log(`PROBLEM    of ${count} records of run ${run} in ${topic}, ${problems.join("; ")}`);
  Deno.exitCode = 1;
}

async function produceSimulated(
  broker: Broker,
  flags: ProduceFlags,
  count: number,
  options: ProduceOptions,
) {
  const [{ produceSteps }, { simulatedSteps }, { StepJson }, { findRecord }] = await Promise.all([
    import("../../src/simulate/produce.ts"),
    import("../../src/simulate/simulate.ts"),
    import("../../src/simulate/events/json.ts"),
    import("../../src/simulate/find_record.ts"),
  ]);
  const { seed, fraudRate, start, customers, labelDelay, labels, topic, quiet } = flags;
  const id = `"transaction_id":"${seed}-0"`;
  const look = () => findRecord(broker, topic, id, { records: START_RECORDS });
  if (!quiet && (await retry(look, { signal: options.signal })).place !== undefined) {
    console.error(`note: ${topic} holds transactions of --seed ${seed} already; their ids come twice`);
  }
  const steps = simulatedSteps({
    randomSeed: seed,
    start,
    count,
    fraudRate,
    nCustomers: customers,
    labelDelayMs: labelDelay,
    labels,
  });
  return await produceSteps(broker, steps, new StepJson(seed, labelDelay), options);
}

async function produceReplayed(
  broker: Broker,
  flags: ProduceFlags & { times: FileTimes },
  table: TextTable,
  options: ProduceOptions,
) {
  const [{ produceEventBatches }, { replayBatches }, { checkFirst }] = await Promise.all([
    import("../../src/simulate/produce.ts"),
    import("../../src/simulate/replay/replay.ts"),
    import("../../src/simulate/find_record.ts"),
  ]);
  const { labelDelay, labels, lenient, count, decimal, times } = flags;
  let [faults, firstFault] = [0, ""];
  const onFault = (problem: string) => void (faults++ === 0 && (firstFault = problem));
  const reading = { labelDelayMs: labelDelay, labels, lenient, decimal, times, onFault };
  const isTransaction = (event: ReplayedEvent) => event.kind === "transaction";
  const replayed = replayBatches(table.batches(), reading);
  const batches = flags.again
    ? replayed
    : checkFirst(replayed, isTransaction, (first) => refuseRepeat(broker, flags, first, options.signal));
  const produced = await produceEventBatches(
    broker,
    count === undefined ? batches : take(batches, count),
    options,
  );
  if (faults > 0 && !flags.quiet) {
    console.error(
      `note: ${faults} faulty rows were sent as they are, without labels; the first is ${firstFault}`,
    );
  }
  return produced;
}

/** Refuses a file that the stream holds already: each record would be scored once more. */
async function refuseRepeat(
  broker: Broker,
  { topic, input, quiet }: ProduceFlags,
  { transaction }: ReplayedTransactionEvent,
  signal?: AbortSignal,
): Promise<void> {
  const { findRecord } = await import("../../src/simulate/find_record.ts");
  const look = () => findRecord(broker, topic, JSON.stringify(transaction), { ms: REPEAT_MS });
  const { place, isWhole } = await retry(look, { signal });
  if (place !== undefined) {
    throw new UsageError(
      `Cannot produce ${input} as ${topic} must not hold it already: its first transaction is ${place}, and what comes ` +
        "twice is scored twice; --again sends it all the same",
    );
  }
  if (!isWhole && !quiet) {
    console.error(`note: ${topic} is too long to look whether it holds the file already; the start does not`);
  }
}

/** Events up to a number of transactions, with the labels among them. */
async function* take(
  batches: AsyncIterable<Iterable<ReplayedEvent>>,
  count: number,
): AsyncGenerator<Iterable<ReplayedEvent>> {
  let taken = 0;
  function* upTo(events: Iterable<ReplayedEvent>): Generator<ReplayedEvent> {
    for (const event of events) {
      if (event.kind === "transaction" && ++taken > count) return;
      yield event;
    }
  }
  for await (const events of batches) {
    yield upTo(events);
    if (taken > count) return;
  }
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 0.5)) {
    throw new InvalidArgumentError(`It must be a share from 0 to 0.5: current value is ${text}`);
  }
  return value;
}

if (import.meta.main) await runAsProgram(produceCommand);
