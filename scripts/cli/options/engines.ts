import type { Command } from "commander";
import { enginePermissions, ENGINES } from "../../../src/adapters.ts";
import {
  DEFAULTS,
  type Engines,
  ENVIRONMENT,
  isNamed,
  readConfig,
  SettingsError,
} from "../../../src/config.ts";
import { type Launch, needing } from "../launch/needs.ts";

/**
 * Adds the options that say where engines and the model are, with the permissions to reach them.
 *
 * @param names Which of them the command uses.
 * @param optional Which of these it only uses where a flag or the environment names one.
 */
export function engineOptions(
  command: Command,
  names: readonly (keyof Engines)[],
  optional: readonly (keyof Engines)[] = [],
): Command {
  for (const name of names) {
    const fallback = optional.includes(name) ? "none" : DEFAULTS[name];
    command.option(
      `--${name} <${name === "model" ? "dir" : "url"}>`,
      `${descriptionOf(name)} (default: ${ENVIRONMENT[name]}, else ${fallback})`,
    );
  }
  return needing(command, (launch) => permissionsOf(launch, names, optional));
}

function descriptionOf(name: keyof Engines): string {
  if (name === "model") return "folder of the model";
  return `${name}: ${[...new Set(ENGINES[name].engines.map(({ example }) => example))].join(" or ")}`;
}

function permissionsOf(
  { values, read, isThere }: Launch,
  names: readonly (keyof Engines)[],
  optional: readonly (keyof Engines)[],
) {
  const flags = Object.fromEntries(names.map((name) => [name, values(`--${name}`).at(-1)]));
  try {
    const config = readConfig(flags, read);
    return names.filter((name) => !optional.includes(name) || isNamed(name, flags, read)).map((name) =>
      name === "model"
        ? { read: [config.model] }
        : enginePermissions(name, config[name], { client: config.kafkaClient, isThere, read })
    );
  } catch (error) {
    // The command says what is wrong with its settings; until then it may touch nothing.
    if (error instanceof SettingsError) return [];
    throw error;
  }
}
