import { Command, InvalidArgumentError, Option } from "commander";
import { openBroker, openLedger, openObjects } from "../../src/adapters.ts";
import { type Config, readConfig } from "../../src/config.ts";
import { runConsumer } from "../../src/consumer/consumer.ts";
import { describeStatus } from "../../src/consumer/status.ts";
import { loadModel } from "../../src/forest/load.ts";
import { Judge } from "../../src/pipeline/judge.ts";
import type { LogMode } from "../../src/ledger/ledger.ts";
import { objectEncoders } from "../../src/objects/formats/encoders.ts";
import { openBesideStream } from "../../src/http/beside_stream.ts";
import { type HttpAddress, isLoopback } from "../../src/http/listen.ts";
import { readModelFiles } from "../../src/http/model_files.ts";
import { openFeatureStage } from "../../src/features/stage.ts";
import { createTelemetry } from "../../src/runtime/telemetry.ts";
import { type AlertFlags, alertOptions, checkAlerts, openListeners } from "../cli/options/alerts.ts";
import { duration, durationOption } from "../cli/options/duration.ts";
import { endingSignal } from "../cli/ending_signal.ts";
import { engineOptions } from "../cli/options/engines.ts";
import { modelPlace } from "../cli/options/model_place.ts";
import { httpAddress, topicName, wholeNumber } from "../cli/options/values.ts";
import { openTokens } from "../cli/options/open_tokens.ts";
import { runAsProgram } from "../cli/run_command.ts";
import { featuresOptionsOf, type StateFlags, stateOptions } from "../cli/options/state.ts";

/** Least time between two lines of status. */
const SAY_STATUS_MS = 4900;

interface ConsumeFlags extends Partial<Config>, StateFlags, AlertFlags {
  untilEmpty?: boolean;
  topic: string;
  labelTopic: string;
  partitions: number;
  group: string;
  log: LogMode;
  format: "ndjson" | "parquet";
  sessionTimeout?: number;
  maxBatchRecords: number;
  snapshotRecords?: number;
  flushRows: number;
  flushBytes: number;
  flushInterval: number;
  http?: HttpAddress;
  tokens?: string;
  debug?: boolean;
  quiet?: boolean;
}

const command = engineOptions(
  new Command("consume")
    .description(
      "Score the stream's transactions: verdicts to the ledger, flagged ones to objects and alerts.",
    )
    .option("--until-empty", "end when every transaction is committed and relayed")
    .addOption(
      new Option("--log <which>", "transactions that get a row in the ledger's log")
        .choices(["all", "flagged", "none"]).default("all"),
    )
    .option("--topic <name>", "topic of the transactions", topicName, "transactions")
    .option("--label-topic <name>", "topic of the labels", topicName, "labels")
    .option("--partitions <n>", "partitions of a topic that is made anew", wholeNumber(1, 10_000), 1)
    .option("--group <name>", "consumer group", groupName, "edgewood")
    .option(
      "--session-timeout <time>",
      "time without a sign of life after which others take the partitions (default: the stream's)",
      sessionTimeout,
    )
    .option("--max-batch-records <n>", "records in one commit at most", wholeNumber(1, 1_000_000), 16_384)
    .option(
      "--snapshot-records <n>",
      "records of a partition between two snapshots of its state (default: 200000, and twice the number of keys)",
      wholeNumber(1),
    )
    .option("--flush-rows <n>", "flagged transactions in one cut of objects at most", wholeNumber(1), 5_000)
    .option(
      "--flush-bytes <n>",
      "bytes of verdicts in one cut of objects at most",
      wholeNumber(1),
      16 * 2 ** 20,
    )
    .addOption(
      durationOption(
        "--flush-interval <time>",
        "time that a flagged transaction waits for its object at most",
        "60s",
      ),
    )
    .addOption(
      new Option("--format <which>", "format of the objects").choices(["ndjson", "parquet"]).default(
        "ndjson",
      ),
    )
    .option(
      "--http <host:port>",
      "serve the page and scoring for other programs there, such as 127.0.0.1:8080",
      httpAddress,
    )
    .option("--tokens <file>", "tokens of callers, which `deno task token` makes; a must beyond this machine")
    .option("--debug", "a line for each commit")
    .option("--quiet", "no progress"),
  ["stream", "ledger", "objects", "model"],
);
/** The command `consume`: the whole way from the stream to ledger, alerts and objects. */
export const consumeCommand: Command = stateOptions(
  alertOptions(command),
  " (default: as the model was trained)",
).action(consume);

async function consume(flags: ConsumeFlags): Promise<void> {
  const config = readConfig(flags);
  checkAlerts(flags);
  const model = await loadModel(modelPlace(config.model));
  // A model whose features cannot be computed is refused before anything is opened.
  openFeatureStage(model.manifest);
  using judge = await Judge.open(model);
  const telemetry = createTelemetry({ level: flags.debug ? "debug" : flags.quiet ? "warn" : "info" });
  using tokens = await openTokens(flags, telemetry);
  // Where requests are answered nothing may keep the thread.
  const inThread = flags.http !== undefined;
  await using broker = await openBroker(config.stream, { ...config, inThread });
  await using ledger = await openLedger(config.ledger, { inThread });
  await using store = await openObjects(config.objects);
  using ending = endingSignal("consume");
  const startedAt = performance.now();
  const { topic, labelTopic } = flags;
  await using web = flags.http && await openBesideStream(flags.http, { tokens }, {
    ...{ broker, ledger, judge, topic, labelTopic, telemetry },
    modelFiles: await readModelFiles(modelPlace(config.model)),
  });
  if (web !== undefined) console.error(`consume: serving ${web.url}`);
  const pageUrl = flags.http && isLoopback(flags.http) ? web?.url : undefined;
  const listeners = await openListeners(flags, { broker, pageUrl });
  let statusSaidAt = -Infinity;
  try {
    await runConsumer({
      broker,
      ledger,
      store,
      judge,
      topic: flags.topic,
      labelTopic: flags.labelTopic,
      partitions: flags.partitions,
      group: flags.group,
      logMode: flags.log,
      featuresOptions: featuresOptionsOf(flags),
      snapshotRecords: flags.snapshotRecords,
      encoder: objectEncoders[flags.format],
      listeners,
      telemetry,
    }, {
      untilEmpty: flags.untilEmpty,
      signal: ending.signal,
      maxBatchRecords: flags.maxBatchRecords,
      sessionTimeoutMs: flags.sessionTimeout,
      flushRows: flags.flushRows,
      flushBytes: flags.flushBytes,
      flushIntervalMs: flags.flushInterval,
      ...web?.hooks,
      onStatus: (status) => {
        web?.hooks.onStatus?.(status);
        if (!status.healthy) telemetry.trouble("health", describeStatus(status), true);
        else telemetry.recovered("health");
        const isIdle = status.recordsPerS === 0 && status.lag.every(({ records }) => records === 0);
        if (isIdle || performance.now() - statusSaidAt < SAY_STATUS_MS) return;
        statusSaidAt = performance.now();
        telemetry.log("info", `consume: ${describeStatus(status)}`);
      },
      onCommit(outcome, batchMs) {
        web?.hooks.onCommit?.(outcome, batchMs);
        const { topic, partition, nextOffset, scored, flagged, deadLetters } = outcome;
        telemetry.log(
          "debug",
          `committed ${topic}/${partition} up to offset ${nextOffset}: ${scored} scored, ${flagged.length} flagged, ` +
            `${deadLetters.length} dead letters`,
        );
      },
    });
  } finally {
    for (const { sink } of listeners) await sink[Symbol.asyncDispose]();
  }
  const count = (name: string) => telemetry.counters().get(name) ?? 0;
  const seconds = (performance.now() - startedAt) / 1000;
  const rate = Math.round(count("records") / seconds).toLocaleString("en-US");
  console.error(
    `consumed   ${count("records")} records in ${seconds.toFixed(1)} s, ${rate} a second: ${
      count("flagged")
    } flagged, ` +
      `${count("dead_letters")} dead letters; ledger ${ledger.name}, objects ${store.name}`,
  );
}

function sessionTimeout(text: string): number {
  const ms = duration(text);
  if (ms < 100 || ms > 86_400_000) {
    throw new InvalidArgumentError(`It must be from 100ms to 1d: current value is ${text}`);
  }
  return ms;
}

function groupName(text: string): string {
  if (text === "") throw new InvalidArgumentError("It must have a character or more.");
  return text;
}

if (import.meta.main) await runAsProgram(consumeCommand);
