/**
 * Secrets in the arguments of a command: every user of the machine can read them in the list of processes.
 *
 * @module
 */
import type { Command } from "commander";
import { ALERT_CHANNELS, ENGINES } from "../../../src/adapters.ts";

/** A command's arguments without secrets, and the environment that holds these instead. */
export interface WithoutSecrets {
  args: string[];
  env: Record<string, string>;
  /** A sentence for each option that held one. */
  notes: string[];
}

interface SecretOption {
  option: string;
  environment: string;
  isSecret(value: string): boolean;
}

const OPTIONS: readonly SecretOption[] = [
  ...Object.entries(ENGINES).map(([name, { environment }]) => ({
    option: `--${name}`,
    environment,
    // User and password stand before an @, well written or not.
    isSecret: (url: string) => /:.*:.*@/s.test(url),
  })),
  ...ALERT_CHANNELS.flatMap(({ addresses }) =>
    addresses === undefined ? [] : [{
      option: addresses.flag.split(" ")[0],
      environment: addresses.environment,
      // Whoever knows such an address can write there.
      isSecret: () => true,
    }]
  ),
];

/**
 * Moves secrets from a command's arguments into the environment of its process, where the command finds them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../../src/testing/assert.ts";
 * import { verifyCommand } from "../../commands/verify.ts";
 * import { withoutSecrets } from "./secrets.ts";
 *
 * const { args, env } = withoutSecrets(verifyCommand, ["--ledger", "postgres://a:secret@db/e", "--quiet"]);
 * assertEquals([args, env.LEDGER_URL], [["--quiet"], "postgres://a:secret@db/e"]);
 * ```
 */
export function withoutSecrets(command: Command, args: readonly string[]): WithoutSecrets {
  const moved: WithoutSecrets = { args: [...args], env: {}, notes: [] };
  for (const { option, environment, isSecret } of OPTIONS) {
    if (!command.options.some(({ long }) => long === option)) continue;
    const { values, rest } = taken(option, moved.args);
    if (!values.some(isSecret)) continue;
    moved.args = rest;
    const isList = ALERT_CHANNELS.some(({ addresses }) => addresses?.environment === environment);
    // A list is separated by commas.
    moved.env[environment] = isList
      ? values.map((value) => value.replaceAll(",", "%2C")).join(" ")
      : values.at(-1)!;
    moved.env[`${environment}_FILE`] = "";
    moved.notes.push(
      `${option} holds a secret, which every user of this machine can read in the list of processes; ` +
        `set ${environment} or ${environment}_FILE instead`,
    );
  }
  return moved;
}

function taken(option: string, args: readonly string[]): { values: string[]; rest: string[] } {
  const values: string[] = [];
  const rest: string[] = [];
  for (let i = 0; i < args.length; i++) {
    if (args[i] === option && i + 1 < args.length) values.push(args[++i]);
    else if (args[i].startsWith(`${option}=`)) values.push(args[i].slice(option.length + 1));
    else rest.push(args[i]);
  }
  return { values, rest };
}
