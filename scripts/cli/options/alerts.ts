import { type Command, InvalidArgumentError, Option } from "commander";
import { ALERT_CHANNELS, type AlertSettings } from "../../../src/adapters.ts";
import type { AlertChannel } from "../../../src/alerts/alerts.ts";
import { ALERT_ENVIRONMENT, readAddresses, readAlertTargets } from "../../../src/config.ts";
import type { Permissions } from "../../../src/runtime/engine.ts";
import { type Launch, needing } from "../launch/needs.ts";
import { UsageError } from "../run_command.ts";
import { durationOption } from "./duration.ts";
import { wholeNumber } from "./values.ts";

/** Values of the options of alerts; those of a channel's addresses stand beside them, by its flag. */
export interface AlertFlags {
  /** Names of channels. */
  alerts: string[];
  publicUrl?: string;
  /** Milliseconds. */
  alertWindow: number;
  alertsPerMinute: number;
  /** Milliseconds. */
  alertRetryFor: number;
}

const NAMES = ALERT_CHANNELS.map(({ name }) => name);
const STANDARD = NAMES[0];
/** The options of channels that have addresses. */
const ADDRESSED = ALERT_CHANNELS.flatMap(({ name, addresses }) => {
  if (addresses === undefined) return [];
  const { flag, description, environment } = addresses;
  const option = new Option(flag, `${description} (default: ${environment})`)
    .argParser((address, before: string[] = []) => [...before, address]);
  return [{ name, addresses, option }];
});

/** Adds the options of alerts to a command, with the permissions to send them. */
export function alertOptions(command: Command): Command {
  const names = ALERT_CHANNELS.map(({ name, help }) => help === undefined ? name : `${name} (${help})`);
  command.option(
    "--alerts <where>",
    `who is told of flagged ones: ${names.join(", ")}, several with commas, or none`,
    channelNames,
    [STANDARD],
  );
  for (const { option } of ADDRESSED) command.addOption(option);
  command
    .option(
      "--public-url <url>",
      "address of the page, for links in alerts (default: PUBLIC_URL, else that of --http on this machine)",
    )
    .addOption(
      durationOption(
        "--alert-window <time>",
        `${forPeople()}: after a customer's first alert, time until the next one, which tells of all since`,
        "5m",
      ),
    )
    .option(
      "--alerts-per-minute <n>",
      `${forPeople()}: alerts a minute at most; one alert a minute and partition tells of the others`,
      wholeNumber(1, 100_000),
      20,
    )
    .addOption(
      durationOption(
        "--alert-retry-for <time>",
        "time after which an alert that a webhook does not take is given up; it stays in the ledger",
        "6h",
      ),
    );
  return needing(command, permissionsOf);
}

/**
 * Reads the options and the environment, before anything is opened.
 *
 * @throws UsageError where addresses are given and not used, used and not given, or wrong; TypeError for wrong settings.
 */
export function alertSettings(flags: AlertFlags): AlertSettings {
  const { alerts: channels, alertWindow: windowMs, alertsPerMinute, alertRetryFor: retryForMs } = flags;
  const given: Record<string, string[]> = {};
  for (const { name, option } of ADDRESSED) {
    const values = (flags as unknown as Record<string, string[] | undefined>)[option.attributeName()];
    if (values !== undefined) given[name] = values;
  }
  const targets = readAlertTargets({ addresses: given, publicUrl: flags.publicUrl });
  for (const { name, addresses, option } of ADDRESSED) {
    if (!channels.includes(name)) {
      if (given[name] === undefined) continue;
      throw new UsageError(
        `Cannot use ${option.long} as --alerts must name ${name}, such as ${STANDARD},${name}: current value is ${
          channels.join(",") || "none"
        }`,
      );
    }
    checkAddresses(targets.addresses[name], `${option.long} or ${addresses.environment}`, {
      name,
      addresses,
    });
  }
  return { channels, ...targets, windowMs, alertsPerMinute, retryForMs };
}

type Addressed = Required<Pick<AlertChannel, "name" | "addresses">>;

function checkAddresses(given: readonly string[], from: string, { name, addresses }: Addressed): void {
  if (given.length === 0) {
    throw new UsageError(`Cannot send alerts by ${name} as ${from} must name one: none is given`);
  }
  try {
    given.forEach(addresses.check);
  } catch (cause) {
    throw new UsageError((cause as Error).message, { cause });
  }
}

/** Names of the environment, and hosts of the channels that the arguments name. */
function permissionsOf({ values, read }: Launch): Permissions {
  const channels = values("--alerts").at(-1)?.split(",") ?? [STANDARD];
  const given = Object.fromEntries(
    ADDRESSED.map(({ name, option }) => [name, values(option.long!)] as const)
      .filter(([, addresses]) => addresses.length > 0),
  );
  const targets = readAddresses(given, read);
  const net = ADDRESSED.filter(({ name }) => channels.includes(name)).flatMap(({ name, addresses }) =>
    targets[name].flatMap((address) => {
      try {
        return [addresses.hostOf(address)];
      } catch (error) {
        // The command says what is wrong with it; until then it may reach nobody.
        if (error instanceof RangeError) return [];
        throw error;
      }
    })
  );
  return { env: ALERT_ENVIRONMENT, net };
}

function forPeople(): string {
  return ALERT_CHANNELS.filter(({ isForPeople }) => isForPeople).map(({ name }) => name).join(" and ");
}

function channelNames(text: string): string[] {
  const names = text === "none" ? [] : text.split(",");
  if (names.some((name) => !NAMES.includes(name))) {
    throw new InvalidArgumentError(
      `It must be none, or some of ${NAMES.join(", ")} with commas between: current value is ${text}`,
    );
  }
  return NAMES.filter((name) => names.includes(name));
}
