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

/** Names of the environment that give user and password of an engine whose URL has no password; S3: both keys. */
export const LOGINS: Readonly<Record<keyof typeof ENGINES, readonly [user: string, password: string]>> =
  ofEngines(
    ({ environment }) => {
      const engine = environment.replace(/_URL$/, "");
      return [`${engine}_USER`, `${engine}_PASSWORD`];
    },
  );

/** Name of the environment that says which file describes the stream's records. */
export const DEFINITION = "STREAM_DEFINITION";
/** Names of the environment that sign in at a schema registry. */
export const REGISTRY_ENVIRONMENT = {
  user: "SCHEMA_REGISTRY_USER",
  password: "SCHEMA_REGISTRY_PASSWORD",
  token: "SCHEMA_REGISTRY_TOKEN",
  caFile: "SCHEMA_REGISTRY_CA",
} as const;

/** Settings that may hold a secret. Each may be set as NAME, or as NAME_FILE, the path of a file that holds the value. */
export const SECRET_SETTINGS: ReadonlySet<string> = new Set([
  ...Object.values(ENGINES).map(({ environment }) => environment),
  ...Object.values(LOGINS).flat(),
  ...[REGISTRY_ENVIRONMENT.user, REGISTRY_ENVIRONMENT.password, REGISTRY_ENVIRONMENT.token],
  ...ALERT_CHANNELS.flatMap(({ addresses, secrets }) => [addresses?.environment ?? [], secrets ?? []].flat()),
]);

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

/** Names that a process started by hand may not be allowed to read; then they are unset. */
const OPTIONAL = /_(FILE|USER|PASSWORD|TOKEN|CA)$/;

const readDeno: ReadEnvironment = (name) => {
  const mayRead = !OPTIONAL.test(name) ||
    Deno.permissions.querySync({ name: "env", variable: name }).state === "granted";
  return mayRead ? Deno.env.get(name) : undefined;
};

/**
 * Reads settings, each from the environment or from the file that NAME_FILE names; empty ones are unset.
 *
 * @throws SettingsError, from what it returns, where both are set, or the file cannot be read or is empty.
 */
export function withFiles(read: ReadEnvironment = readDeno): ReadEnvironment {
  const wrong = (problem: string, cause?: unknown) =>
    new SettingsError(`Cannot use the settings: ${problem}`, { cause });
  return (name) => {
    const value = read(name) || undefined;
    const path = SECRET_SETTINGS.has(name) ? read(`${name}_FILE`) || undefined : undefined;
    if (path === undefined) return value;
    if (value !== undefined) throw wrong(`${name} and ${name}_FILE must not both be set`);
    let text: string;
    try {
      text = Deno.readTextFileSync(path).trim();
    } catch (cause) {
      throw wrong(
        `${name}_FILE must name a file that can be read: ${path}: ${(cause as Error).message}`,
        cause,
      );
    }
    if (text === "") throw wrong(`${name}_FILE must name a file with the value in it: ${path} is empty`);
    return text;
  };
}

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
  const setting = withFiles(read);
  const config: Record<keyof Config, string> = { ...DEFAULTS };
  const from = new Map<string, string>();
  for (const key of Object.keys(DEFAULTS) as (keyof Config)[]) {
    // Only a Kafka stream needs the permission to read its client's name.
    if (key === "kafkaClient" && !config.stream.startsWith("kafka:")) continue;
    const flag = key === "kafkaClient" ? undefined : flags[key];
    const set = flag ?? setting(ENVIRONMENT[key]);
    from.set(key, flag !== undefined ? `--${key}` : ENVIRONMENT[key]);
    if (set !== undefined) {
      config[key] = key in LOGINS ? withLogin(key as keyof typeof LOGINS, set, setting) : set;
    }
  }
  const parsed = configSchema.safeParse(config);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${from.get(String(path[0]))} ${message}`);
  throw new SettingsError(`Cannot use the settings: ${problems.join("; ")}`, { cause: parsed.error });
}

/** The URL with user and password of the environment, where it is a server's and has no password. */
function withLogin(engine: keyof typeof LOGINS, url: string, setting: ReadEnvironment): string {
  const parts = /^([a-z0-9]+:\/\/)(?:([^@/?#:]*)@)?([^@]*)$/.exec(url);
  const [user, password] = LOGINS[engine].map(setting);
  if (parts === null || password === undefined) return url;
  const [, scheme, ownUser, rest] = parts;
  return `${scheme}${ownUser ?? encodeURIComponent(user ?? "")}:${encodeURIComponent(password)}@${rest}`;
}

/** The stream definition that a flag or the environment names, undefined for none. */
export function definitionFile(flag: string | undefined, read = readDeno): string | undefined {
  return flag ?? (read(DEFINITION) || undefined);
}

/** How to sign in at a schema registry, from the environment. */
export function registryAccess(
  read = readDeno,
): { user?: string; password?: string; token?: string; caFile?: string } {
  const { user, password, token, caFile } = REGISTRY_ENVIRONMENT;
  const setting = withFiles(read);
  return { user: setting(user), password: setting(password), token: setting(token), caFile: setting(caFile) };
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
    secrets: byChannel(({ secrets }) => secrets === undefined ? [] : listed(withFiles(read)(secrets))),
    ...publicUrl === undefined ? {} : { publicUrl },
  };
}

/** Addresses by channel: those of the command line, or else of the environment. */
export function readAddresses(
  flags: AlertSettings["addresses"] = {},
  read = readDeno,
): Record<string, readonly string[]> {
  return byChannel(({ name, addresses }) =>
    addresses === undefined ? [] : flags[name] ?? listed(withFiles(read)(addresses.environment))
  );
}

function byChannel<T>(valueOf: (channel: typeof ALERT_CHANNELS[number]) => T): Record<string, T> {
  return Object.fromEntries(ALERT_CHANNELS.map((channel) => [channel.name, valueOf(channel)]));
}

function ofEngines<T>(
  valueOf: (kind: typeof ENGINES[keyof typeof ENGINES]) => T,
): Record<keyof typeof ENGINES, T> {
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
  return flags[engine] !== undefined || withFiles(read)(ENVIRONMENT[engine]) !== undefined;
}

/** A URL with user and password covered, also where they are not percent-encoded. */
export function withoutSecrets(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/*)?.*@/is, "$1…@");
}
