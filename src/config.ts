/**
 * Settings: flags, then the environment, then defaults. The only file of `src` that reads the environment.
 *
 * @module
 */
import { z } from "zod";
import { ALERT_CHANNELS, type AlertSettings, ENGINES, KAFKA_CLIENTS } from "./adapters.ts";

/** Where everything is: URLs of the engines, and the model. */
export interface Engines extends Record<keyof typeof ENGINES, string> {
  /** Folder of the model. */
  model: string;
}

/** Where everything is, and how it is reached. */
export interface Config extends Engines {
  /** Client of a `kafka://` stream; only the environment sets it. */
  kafkaClient: string;
}

/** Names of the environment that set what flags do not. */
export const ENVIRONMENT: Readonly<Record<keyof Config, string>> = {
  ...ofEngines(({ environment }) => environment),
  model: "MODEL_DIR",
  kafkaClient: "KAFKA_CLIENT",
};

/** Defaults: the embedded engines. */
export const DEFAULTS: Readonly<Config> = {
  ...ofEngines(({ fallback }) => fallback),
  model: "model",
  kafkaClient: KAFKA_CLIENTS[0],
};

const configSchema = z.object({
  ...ofEngines(({ engines }) => urlOf([...new Set(engines.flatMap(({ schemes }) => schemes))])),
  model: z.string().min(1, "must name a folder"),
  kafkaClient: z.enum(KAFKA_CLIENTS, {
    error: ({ input }) => `must be one of ${KAFKA_CLIENTS.join(", ")}: current value is "${input}"`,
  }),
});

/** Flags or environment that cannot be used: whoever set them has to mend them. */
export class SettingsError extends TypeError {
  /** Name of the class, as stacks show it. */
  override name = "SettingsError";
}

/** Reads a name of the environment. */
export type ReadEnvironment = (name: string) => string | undefined;

const readDeno: ReadEnvironment = (name) => Deno.env.get(name);

/**
 * Puts flags, environment and defaults together.
 *
 * @param flags From the command line; a flag wins.
 * @param read Reads the environment; `Deno.env.get` by default.
 * @throws SettingsError that names every problem at once, and where each value came from.
 *
 * @example
 * ```ts
 * import { assertEquals } from "./testing/assert.ts";
 * import { readConfig } from "./config.ts";
 *
 * const config = readConfig({ ledger: "sqlite:a.db" }, () => undefined);
 * assertEquals([config.ledger, config.objects], ["sqlite:a.db", "file:.edgewood/objects"]);
 * ```
 */
export function readConfig(flags: Partial<Engines>, read = readDeno): Config {
  const config: Record<keyof Config, string> = { ...DEFAULTS };
  const from = new Map<string, string>();
  for (const key of Object.keys(DEFAULTS) as (keyof Config)[]) {
    // Only a Kafka stream needs the permission to read its client's name.
    if (key === "kafkaClient" && !config.stream.startsWith("kafka:")) continue;
    const flag = key === "kafkaClient" ? undefined : flags[key];
    const set = flag ?? (read(ENVIRONMENT[key]) || undefined);
    from.set(key, flag !== undefined ? `--${key}` : ENVIRONMENT[key]);
    if (set !== undefined) config[key] = set;
  }
  const parsed = configSchema.safeParse(config);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${from.get(String(path[0]))} ${message}`);
  throw new SettingsError(`Cannot use the settings: ${problems.join("; ")}`, { cause: parsed.error });
}

/** Settings of alerts that flags or the environment give. */
export type AlertTargets = Pick<AlertSettings, "addresses" | "secrets" | "publicUrl">;

/** Name of the environment that sets the address of the page. */
export const PUBLIC_URL = "PUBLIC_URL";

/** Names of the environment that alerts read. */
export const ALERT_ENVIRONMENT: readonly string[] = [
  PUBLIC_URL,
  ...ALERT_CHANNELS.flatMap(({ addresses, secrets }) => [addresses?.environment ?? [], secrets ?? []].flat()),
];

/**
 * Puts flags and environment together for alerts; lists are separated by commas or white space.
 *
 * @param flags From the command line; a flag wins. `addresses` are by channel.
 * @param read Reads the environment; `Deno.env.get` by default.
 * @throws SettingsError where the address of the page is no URL.
 *
 * @example
 * ```ts
 * import { assertEquals } from "./testing/assert.ts";
 * import { readAlertTargets } from "./config.ts";
 *
 * const { secrets } = readAlertTargets({}, (name) => name === "WEBHOOK_SECRET" ? "new, old" : undefined);
 * assertEquals(secrets.webhook, ["new", "old"]);
 * ```
 */
export function readAlertTargets(
  flags: { addresses?: AlertSettings["addresses"]; publicUrl?: string } = {},
  read = readDeno,
): AlertTargets {
  const publicUrl = flags.publicUrl ?? (read(PUBLIC_URL) || undefined);
  if (publicUrl !== undefined && !/^https?:\/\/./.test(publicUrl)) {
    const from = flags.publicUrl === undefined ? PUBLIC_URL : "--public-url";
    throw new SettingsError(
      `Cannot use the settings: ${from} must begin with http:// or https://: current value is "${
        withoutSecrets(publicUrl)
      }"`,
    );
  }
  return {
    addresses: readAddresses(flags.addresses, read),
    secrets: byChannel(({ secrets }) => secrets === undefined ? [] : listed(read(secrets))),
    ...publicUrl === undefined ? {} : { publicUrl },
  };
}

/** Addresses by channel: those of the command line, or else of the environment. */
export function readAddresses(
  flags: AlertSettings["addresses"] = {},
  read = readDeno,
): Record<string, readonly string[]> {
  return byChannel(({ name, addresses }) =>
    addresses === undefined ? [] : flags[name] ?? listed(read(addresses.environment))
  );
}

function byChannel<T>(valueOf: (channel: typeof ALERT_CHANNELS[number]) => T): Record<string, T> {
  return Object.fromEntries(ALERT_CHANNELS.map((channel) => [channel.name, valueOf(channel)]));
}

function ofEngines<T>(valueOf: (kind: typeof ENGINES[keyof typeof ENGINES]) => T) {
  const { stream, ledger, objects } = ENGINES;
  return { stream: valueOf(stream), ledger: valueOf(ledger), objects: valueOf(objects) };
}

function urlOf(schemes: string[]) {
  return z.string().refine(
    (value) => schemes.some((scheme) => value.startsWith(scheme) && value.length > scheme.length),
    {
      error: ({ input }) =>
        `must begin with ${schemes.join(" or ")}: current value is "${withoutSecrets(String(input))}"`,
    },
  );
}

function listed(text = ""): string[] {
  return text.split(/[\s,]+/).filter((each) => each !== "");
}

/** Whether a flag or the environment says where an engine is, so that no default is meant. */
export function isNamed(engine: keyof Engines, flags: Partial<Engines>, read = readDeno): boolean {
  return flags[engine] !== undefined || Boolean(read(ENVIRONMENT[engine]));
}

/** A URL with the password in it covered. */
export function withoutSecrets(url: string): string {
  return url.replace(/(:\/\/[^:@/\s]*):[^@/\s]*@/, "$1:…@");
}
