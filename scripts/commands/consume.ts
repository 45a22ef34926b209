import { Command, InvalidArgumentError, Option } from "commander";
import { type Config } from "../../src/config.ts";
import type { LogMode } from "../../src/ledger/ledger.ts";
import { type HttpAddress } from "../../src/http/address.ts";
import { type AcceptGapsFlag, acceptGapsOption } from "../cli/options/accept_gaps.ts";
import { type AlertFlags, alertOptions } from "../cli/options/alerts.ts";
import { type DefinitionFlag, definitionOption } from "../cli/options/definition.ts";
import { duration, durationOption } from "../cli/options/duration.ts";
import { engineOptions } from "../cli/options/engines.ts";
import { addressToListen, fileToRead, usesModule } from "../cli/options/places.ts";
import { decimalNumber, topicName, wholeNumber } from "../cli/options/values.ts";
import { runAsProgram } from "../cli/run_command.ts";
import { maxAheadOption, type StateFlags, stateOptions } from "../cli/options/state.ts";

/** Values of the options. */
export interface ConsumeFlags
  extends Partial<Config>, StateFlags, AlertFlags, AcceptGapsFlag, DefinitionFlag {
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
  snapshotInterval: number;
  maxAhead: number;
  flushRows: number;
  flushBytes: number;
  flushInterval: number;
  http?: HttpAddress;
  tokens?: string;
  accessLog: boolean;
  tolerateFaults: number;
  debug?: boolean;
  quiet?: boolean;
}

const command = engineOptions(
  usesModule(new Command("consume"))
    .description(
      "Score the stream's transactions: verdicts to the ledger, flagged ones to objects and alerts.",
    )
    .addOption(definitionOption())
    .option(
      "--tolerate-faults <share>",
      "stop, with the reasons, where more of 10000 records are dead letters, or all of a topic's first 1000; 1 never stops",
      decimalNumber(0, 1),
      0.5,
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
    .addOption(
      durationOption(
        "--snapshot-interval <time>",
        "longest time between two snapshots of a partition's state while records come; keep records longer than that",
        "5m",
      ),
    )
    .addOption(maxAheadOption())
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
    .addOption(
      addressToListen(
        "--http <host:port>",
        "serve the page and scoring for other programs there, such as 127.0.0.1:8080",
      ),
    )
    .addOption(
      fileToRead(
        "--tokens <file>",
        "tokens of callers, which `deno task token` makes; required unless --http is on this machine",
      ),
    )
    .option(
      "--no-access-log",
      "with tokens: no line a request (name, route, status, duration, id) on standard error",
    )
    .option("--debug", "a line for each commit")
    .option("--quiet", "no progress"),
  ["stream", "ledger", "objects", "model"],
);
/** The command `consume`: the whole way from the stream to ledger, alerts and objects. */
export const consumeCommand: Command = stateOptions(
  alertOptions(acceptGapsOption(command)),
  " (default: as the model was trained)",
).action(async (flags: ConsumeFlags) => await (await import("./consume/run.ts")).consume(flags));

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
