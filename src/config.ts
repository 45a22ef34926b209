/**
 * What is set from outside: flags, then the environment, then defaults. The only file that reads the environment.
 *
 * @module
 */
import { z } from "zod";

/** Packages that can be the client of a `kafka://` stream. */
export const KAFKA_CLIENTS = ["kafkajs", "platformatic"] as const;

/** Where everything is: what flags say, or the environment. */
export interface Engines {
  /** `sqlite:PATH`, or `kafka://host:port`. */
  stream: string;
  /** `sqlite:PATH`, or `postgres://…`. */
  ledger: string;
  /** `file:PATH`, or `s3://…`. */
  objects: string;
  /** Folder of the model. */
  model: string;
}

/** Where everything is, and how it is reached. */
export interface Config extends Engines {
  /** Client of a `kafka://` stream; the environment alone says it. */
  kafkaClient: typeof KAFKA_CLIENTS[number];
}

/** Names of the environment that set what flags do not. */
export const ENVIRONMENT: Readonly<Record<keyof Config, string>> = {
  stream: "STREAM_URL",
  ledger: "LEDGER_URL",
  objects: "OBJECTS_URL",
  model: "MODEL_DIR",
  kafkaClient: "KAFKA_CLIENT",
};

/** What holds where neither a flag nor the environment says otherwise: the embedded engines. */
export const DEFAULTS: Readonly<Config> = {
  stream: "sqlite:.edgewood/stream.db",
  ledger: "sqlite:.edgewood/ledger.db",
  objects: "file:.edgewood/objects",
  model: "model",
  kafkaClient: "kafkajs",
};

const urlOf = (schemes: string[]) =>
  z.string().refine(
    (value) => schemes.some((scheme) => value.startsWith(scheme) && value.length > scheme.length),
    {
      error: ({ input }) =>
        `must begin with ${schemes.join(" or ")}: current value is "${withoutSecrets(String(input))}"`,
    },
  );

const configSchema = z.object({
  stream: urlOf(["sqlite:", "kafka://"]),
  ledger: urlOf(["sqlite:", "postgres://", "postgresql://"]),
  objects: urlOf(["file:", "s3://"]),
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

/**
 * Puts flags, environment and defaults together.
 *
 * @param flags What the command line said; a flag wins.
 * @param read Reads a name of the environment; `Deno.env.get` by default.
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
export function readConfig(
  flags: Partial<Engines>,
  read: (name: string) => string | undefined = (name) => Deno.env.get(name),
): Config {
  const config: Record<keyof Config, string> = { ...DEFAULTS };
  const from = new Map<string, string>();
  for (const key of Object.keys(DEFAULTS) as (keyof Config)[]) {
    // Nobody but a Kafka stream needs to see its client's name.
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

/** What alerts need to be told outside. */
export interface AlertSettings {
  /** Addresses of webhooks, as `readWebhookAddress` takes them. */
  webhooks: string[];
  /** What webhooks are signed with, the newest first. */
  webhookSecrets: string[];
  /** Address of the page, for links. */
  publicUrl?: string;
}

/** Names of the environment that set what alerts need. */
export const ALERT_ENVIRONMENT: Readonly<Record<keyof AlertSettings, string>> = {
  webhooks: "WEBHOOK_URLS",
  webhookSecrets: "WEBHOOK_SECRET",
  publicUrl: "PUBLIC_URL",
};

/**
 * Puts flags and environment together for alerts; lists are separated by commas or white space.
 *
 * Secrets come from the environment alone, since others on the machine can read a command line.
 *
 * @param flags What the command line said; a flag wins.
 * @param read Reads a name of the environment; `Deno.env.get` by default.
 * @throws SettingsError where the address of the page is no URL.
 *
 * @example
 * ```ts
 * import { assertEquals } from "./testing/assert.ts";
 * import { readAlertSettings } from "./config.ts";
 *
 * const { webhookSecrets } = readAlertSettings({}, (name) => name === "WEBHOOK_SECRET" ? "new, old" : undefined);
 * assertEquals(webhookSecrets, ["new", "old"]);
 * ```
 */
export function readAlertSettings(
  flags: Partial<Pick<AlertSettings, "webhooks" | "publicUrl">> = {},
  read: (name: string) => string | undefined = (name) => Deno.env.get(name),
): AlertSettings {
  const publicUrl = flags.publicUrl ?? (read(ALERT_ENVIRONMENT.publicUrl) || undefined);
  if (publicUrl !== undefined && !/^https?:\/\/./.test(publicUrl)) {
    const from = flags.publicUrl === undefined ? ALERT_ENVIRONMENT.publicUrl : "--public-url";
    throw new SettingsError(
      `Cannot use the settings: ${from} must begin with http:// or https://: current value is "${
        withoutSecrets(publicUrl)
      }"`,
    );
  }
  return {
    webhooks: readWebhooks(flags.webhooks, read),
    webhookSecrets: listed(read(ALERT_ENVIRONMENT.webhookSecrets)),
    ...publicUrl === undefined ? {} : { publicUrl },
  };
}

/** The addresses of webhooks alone: those of the command line, or else of the environment. */
export function readWebhooks(
  flag: readonly string[] | undefined,
  read: (name: string) => string | undefined = (name) => Deno.env.get(name),
): string[] {
  return flag === undefined ? listed(read(ALERT_ENVIRONMENT.webhooks)) : [...flag];
}

function listed(text = ""): string[] {
  return text.split(/[\s,]+/).filter((each) => each !== "");
}

/** Whether a flag or the environment says where an engine is, so that no default is meant. */
export function isNamed(
  engine: keyof Engines,
  flags: Partial<Engines>,
  read: (name: string) => string | undefined = (name) => Deno.env.get(name),
): boolean {
  return flags[engine] !== undefined || Boolean(read(ENVIRONMENT[engine]));
}

/** A URL with the password in it covered. */
export function withoutSecrets(url: string): string {
  return url.replace(/(:\/\/[^:@/\s]*):[^@/\s]*@/, "$1:…@");
}
