import type { Command } from "commander";
import { DEFAULTS, type Engines, ENVIRONMENT } from "../../../src/config.ts";

const DESCRIPTIONS: Readonly<Record<keyof Engines, [flag: string, description: string]>> = {
  stream: ["--stream <url>", "stream: sqlite:PATH or kafka://host:port"],
  ledger: ["--ledger <url>", "ledger: sqlite:PATH or postgres://…"],
  objects: ["--objects <url>", "objects: file:PATH or s3://…"],
  model: ["--model <dir>", "folder of the model"],
};

/** The options that say where things are, with their defaults in the description. */
export const ENGINE_OPTIONS: Readonly<Record<keyof Engines, { flag: string; description: string }>> = Object
  .fromEntries(
    Object.entries(DESCRIPTIONS).map(([name, [flag, description]]) => {
      const [variable, fallback] = [ENVIRONMENT[name as keyof Engines], DEFAULTS[name as keyof Engines]];
      return [name, { flag, description: `${description} (default: ${variable}, else ${fallback})` }];
    }),
  ) as Record<keyof Engines, { flag: string; description: string }>;

/**
 * Adds the options that say where things are to a command.
 *
 * @param command Gets the options.
 * @param names Which of them the command uses.
 */
export function engineOptions(command: Command, names: readonly (keyof Engines)[]): Command {
  for (const name of names) command.option(ENGINE_OPTIONS[name].flag, ENGINE_OPTIONS[name].description);
  return command;
}
