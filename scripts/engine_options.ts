import type { Command } from "commander";
import { type Config, DEFAULTS, ENVIRONMENT } from "../src/config.ts";

const DESCRIPTIONS: Readonly<Record<keyof Config, [flag: string, description: string]>> = {
  stream: ["--stream <url>", "stream: sqlite:PATH or kafka://host:port"],
  ledger: ["--ledger <url>", "ledger: sqlite:PATH or postgres://…"],
  objects: ["--objects <url>", "objects: file:PATH or s3://…"],
  model: ["--model <dir>", "folder of the model"],
};

/**
 * Adds the options that say where things are to a command, with their defaults in the help.
 *
 * @param command Gets the options.
 * @param names Which of them the command uses.
 */
export function engineOptions(command: Command, names: readonly (keyof Config)[]): Command {
  for (const name of names) {
    const [flag, description] = DESCRIPTIONS[name];
    command.option(flag, `${description} (default: ${ENVIRONMENT[name]}, else ${DEFAULTS[name]})`);
  }
  return command;
}
