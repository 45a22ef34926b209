import { type Command, InvalidArgumentError, Option } from "commander";
import { DEFAULT_MAX_AHEAD_MS } from "../../../src/domain/time.ts";
import type { FeaturesOptions } from "../../../src/features/features.ts";
import { duration } from "./duration.ts";
import { wholeNumber } from "./values.ts";
import { UsageError } from "../run_command.ts";

/** What the options of the feature state say. */
export interface StateFlags {
  maxKeys?: number;
  maxTransactions?: number;
  /** Milliseconds. */
  presumeLegitimateAfter?: number;
}

/** The most of either that the state's indexes take. */
const MOST_ENTRIES = 2 ** 26;

/**
 * Adds the options of the feature state to a command.
 *
 * @param presumption What presumption does in this command, after the option's own words.
 */
export function stateOptions(command: Command, presumption: string): Command {
  return command
    .option(
      "--max-keys <n>",
      "customers, and terminals, to remember at most (default: 1000000)",
      wholeNumber(1, MOST_ENTRIES),
    )
    .option(
      "--max-transactions <n>",
      "transactions to remember one by one at most (default: 250000)",
      wholeNumber(1, MOST_ENTRIES),
    )
    .option(
      "--presume-legitimate-after <time>",
      `where only frauds are ever labelled: a transaction counts as legitimate after so long${presumption}`,
      someTime,
    );
}

/** `--max-ahead`: what a stream's records may say of the future. */
export function maxAheadOption(ownTime = "its record's own time"): Option {
  const never = (text: string) => text === "never" ? Infinity : duration(text);
  return new Option(
    "--max-ahead <time>",
    `most that an event time, or a label's, may lie after ${ownTime}; what is further ahead is refused; never for no bound`,
  ).argParser(never).default(DEFAULT_MAX_AHEAD_MS, "1d");
}

function someTime(text: string): number {
  const ms = duration(text);
  if (ms < 1) throw new InvalidArgumentError(`It must be longer than nothing: current value is ${text}`);
  return ms;
}

/**
 * Refuses the options where no state of transactions is kept.
 *
 * @param what What the command is doing instead, after "Cannot".
 * @throws UsageError that names the option.
 */
export function refuseStateOptions(flags: StateFlags, what: string): void {
  const given = (["maxKeys", "maxTransactions", "presumeLegitimateAfter"] as const)
    .find((name) => flags[name] !== undefined);
  if (given === undefined) return;
  const option = given.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new UsageError(
    `Cannot ${what} with --${option} as it must be of transactions: current value is ${flags[given]}`,
  );
}

/** The same as the features take it; what is not said keeps its default. */
export function featuresOptionsOf(flags: StateFlags): FeaturesOptions {
  const { maxKeys, maxTransactions, presumeLegitimateAfter: presumeLegitimateAfterMs } = flags;
  return { maxKeys, maxTransactions, presumeLegitimateAfterMs };
}
