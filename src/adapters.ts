/**
 * Every engine and alert channel, one descriptor each. Settings, permissions, `--help`, the reference and the lint of
 * packages follow from these lists; an adapter, and its vendor's package, is loaded when it is opened.
 *
 * @module
 */
import type { AlertChannel } from "./alerts/alerts.ts";
import { consoleChannel } from "./alerts/console.ts";
import { topicChannel } from "./alerts/topic.ts";
import { webhookChannel } from "./alerts/webhook/channel.ts";
import type { Broker } from "./broker/broker.ts";
import { kafkajsStream } from "./broker/kafka/kafkajs/engine.ts";
import { platformaticStream } from "./broker/kafka/platformatic/engine.ts";
import { sqliteStream } from "./broker/sqlite/engine.ts";
import type { Ledger } from "./ledger/ledger.ts";
import { postgresLedger } from "./ledger/postgres/engine.ts";
import { sqliteLedger } from "./ledger/sqlite/engine.ts";
import { directoryStore } from "./objects/directory/engine.ts";
import type { ObjectStore } from "./objects/objects.ts";
import { s3Store } from "./objects/s3/engine.ts";
import type { Listener } from "./relay/alerts.ts";
import { AlertBudget } from "./relay/grouping/alert_budget.ts";
import type { Engine, OpenHooks, Permissions, Surroundings } from "./runtime/engine.ts";
import type { Telemetry } from "./runtime/telemetry.ts";

/** Engines of one kind, the embedded one first, and the setting that names one by its URL. */
export interface EngineKind<T> {
  readonly what: string;
  readonly engines: readonly Engine<T>[];
  readonly environment: string;
  /** The URL where nothing is set. */
  readonly fallback: string;
}

const STREAM: EngineKind<Broker> = {
  what: "a stream",
  engines: [sqliteStream, kafkajsStream, platformaticStream],
  environment: "STREAM_URL",
  fallback: "sqlite:.edgewood/stream.db",
};
const LEDGER: EngineKind<Ledger> = {
  what: "a ledger",
  engines: [sqliteLedger, postgresLedger],
  environment: "LEDGER_URL",
  fallback: "sqlite:.edgewood/ledger.db",
};
const OBJECTS: EngineKind<ObjectStore> = {
  what: "an object store",
  engines: [directoryStore, s3Store],
  environment: "OBJECTS_URL",
  fallback: "file:.edgewood/objects",
};

/** Kinds of engines by the option that names one. */
export const ENGINES = { stream: STREAM, ledger: LEDGER, objects: OBJECTS } as const;

/** Alert channels by their order in `--alerts`. */
export const ALERT_CHANNELS: readonly AlertChannel[] = [consoleChannel, topicChannel, webhookChannel];

/** Clients of a `kafka://` stream, the default first. */
export const KAFKA_CLIENTS: readonly string[] = STREAM.engines.flatMap(({ client }) => client ?? []);

/** How an engine is opened. */
export interface OpenOptions extends Pick<OpenHooks, "inThread" | "mustExist"> {
  /** Logs each repeated attempt at debug, and trouble that does not stop the engine as a warning. */
  telemetry?: Telemetry;
}

/**
 * Opens the stream at a URL.
 *
 * @param options `kafkaClient` is one of `KAFKA_CLIENTS`.
 * @throws Error where no engine has the URL's scheme, or the stream cannot be opened.
 */
export async function openBroker(
  url: string,
  { kafkaClient, ...options }: OpenOptions & { kafkaClient?: string } = {},
): Promise<Broker> {
  return await engineOf(STREAM, url, kafkaClient).open(url, hooksOf("stream", options));
}

/**
 * Opens the ledger at a URL.
 *
 * @throws Error where no engine has the URL's scheme, or the ledger cannot be opened.
 */
export async function openLedger(url: string, options: OpenOptions = {}): Promise<Ledger> {
  return await engineOf(LEDGER, url).open(url, hooksOf("ledger", options));
}

/**
 * Opens the object store at a URL.
 *
 * @throws Error where no engine has the URL's scheme, or the store cannot be opened.
 */
export async function openObjects(url: string, options: OpenOptions = {}): Promise<ObjectStore> {
  return await engineOf(OBJECTS, url).open(url, hooksOf("objects", options));
}

/** What the process needs to reach the engine at a URL; nothing for a URL of no engine. */
export function enginePermissions(
  kind: keyof typeof ENGINES,
  url: string,
  { client, ...around }: Surroundings & { client?: string },
): Permissions {
  return fitting<unknown>(ENGINES[kind], url, client)?.permissions(url, around) ?? {};
}

/** Who gets alerts, and how often. */
export interface AlertSettings {
  channels: readonly string[];
  addresses: Readonly<Record<string, readonly string[]>>;
  /** Secrets by channel, the newest first. */
  secrets: Readonly<Record<string, readonly string[]>>;
  publicUrl?: string;
  /** For people: time after a customer's alert until the next one, which tells of all since, milliseconds. */
  windowMs: number;
  /** For people: alerts a minute at most, of one listener. */
  alertsPerMinute: number;
  /** For people: time after which an alert that is not taken is given up, milliseconds. */
  retryForMs: number;
}

/**
 * Opens a listener for each address of each channel; whoever opens them closes their sinks.
 *
 * @throws RangeError where a channel lacks an address or secret that it needs.
 */
export async function openListeners(settings: AlertSettings, broker: Broker): Promise<Listener[]> {
  const { publicUrl, windowMs, retryForMs, alertsPerMinute } = settings;
  const listeners: Listener[] = [];
  for (const channel of ALERT_CHANNELS.filter(({ name }) => settings.channels.includes(name))) {
    const { name, isForPeople } = channel;
    const secrets = settings.secrets[name] ?? [];
    const addresses = channel.addresses === undefined ? [""] : new Set(settings.addresses[name]);
    for (const address of addresses) {
      const sink = await channel.open({ address, secrets, publicUrl, broker });
      listeners.push({
        name: sink.name === undefined ? name : `${name} ${sink.name}`,
        sink,
        ...isForPeople && { grouping: { windowMs, retryForMs, budget: new AlertBudget(alertsPerMinute) } },
      });
    }
  }
  return listeners;
}

function hooksOf(what: string, { telemetry, inThread, mustExist }: OpenOptions): OpenHooks {
  const hooks = { inThread, mustExist };
  if (telemetry === undefined) return hooks;
  return {
    ...hooks,
    onRetry: (error, attempt) =>
      telemetry.log("debug", `${what}: attempt ${attempt} failed: ${(error as Error).message}`),
    onTrouble: (message) => telemetry.log("warn", `${what}: ${message}`),
  };
}

function engineOf<T>(kind: EngineKind<T>, url: string, client?: string): Engine<T> {
  const engine = fitting(kind, url, client);
  if (engine !== undefined) return engine;
  throw new Error(
    `Cannot open ${kind.what} as its URL must have a known scheme: current value is "${url.split(":")[0]}:"`,
  );
}

function fitting<T>({ engines }: EngineKind<T>, url: string, client?: string): Engine<T> | undefined {
  const found = engines.filter(({ schemes }) => schemes.some((scheme) => url.startsWith(scheme)));
  return client === undefined ? found[0] : found.find((engine) => (engine.client ?? client) === client);
}
