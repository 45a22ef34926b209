/**
 * What a command may touch, worked out from its own arguments.
 *
 * @module
 */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { readWebhookAddress } from "../../../src/alerts/webhook/address.ts";
import {
  ALERT_ENVIRONMENT,
  type Config,
  type Engines,
  isNamed,
  readConfig,
  readWebhooks,
  SettingsError,
} from "../../../src/config.ts";
import { browserOpener } from "./browser_opener.ts";
import { namedBy } from "./named_by.ts";

/** What one command uses. */
export interface CommandNeeds {
  /** Options that name a file or folder to read. */
  reads?: readonly string[];
  /** Options that name a folder to write. */
  writes?: readonly string[];
  /** Options that name a file to write; it is written beside its place and renamed, which takes the folder. */
  writesFile?: readonly string[];
  /** Options that name an address to listen at. */
  listens?: readonly string[];
  /** Files and folders of its own to read where it listens. */
  listenReads?: readonly string[];
  /** Whether it tells webhooks, where `--alerts` names them. */
  webhooks?: boolean;
  /** Option with which it opens a browser, and listens at `OPEN_DEMO_ADDRESS` where no address is named. */
  opens?: string;
  /** Engines it opens where a flag or the environment names one. */
  optionalEngines?: readonly (keyof Engines)[];
  /** Engines it opens. */
  engines?: readonly (keyof Engines)[];
  /** Files and folders of its own to read. */
  ownReads?: readonly string[];
  /** Files and folders of its own to write. */
  ownWrites?: readonly string[];
}

/** Where `demo --open` serves its page unless told. */
export const OPEN_DEMO_ADDRESS = "127.0.0.1:8080";
const MODULE = "build";
/** An address to listen at as a flag of Deno's takes it; what is wrong with another one the command itself says. */
const LISTENED = /^(localhost|\d+(\.\d+){3}|\[[0-9a-fA-F:.]+\]):\d{1,5}$/;

/** Every command that runs under permissions of its own. */
export const COMMANDS: Readonly<Record<string, CommandNeeds>> = {
  produce: { reads: ["--input"], engines: ["stream"] },
  train: {
    reads: ["--input", "--from-sklearn"],
    writes: ["--out"],
    engines: ["stream"],
    ownReads: [MODULE],
  },
  label: { engines: ["stream", "ledger"] },
  consume: {
    reads: ["--tokens"],
    engines: ["stream", "ledger", "objects", "model"],
    ownReads: [MODULE],
    listens: ["--http"],
    listenReads: ["src", "assembly"],
    webhooks: true,
  },
  serve: {
    reads: ["--tokens"],
    engines: ["model"],
    optionalEngines: ["ledger"],
    ownReads: [MODULE],
    listens: ["--http"],
    listenReads: ["src", "assembly"],
  },
  token: { writesFile: ["--file"] },
  score: { reads: ["--input"], writesFile: ["--output"], engines: ["model"], ownReads: [MODULE] },
  evaluate: { reads: ["--input"], writesFile: ["--report"], ownReads: [MODULE] },
  verify: { engines: ["stream", "ledger", "objects"] },
  demo: {
    writes: ["--dir"],
    ownReads: [MODULE],
    ownWrites: [".edgewood"],
    opens: "--open",
    listens: ["--http"],
    listenReads: ["src", "assembly"],
  },
};

/** Names of the environment that the packages behind each scheme, or each client of Kafka, read. */
const VENDOR_ENVIRONMENT: Readonly<Record<string, readonly string[]>> = {
  kafkajs: [
    "NODE_ENV",
    "KAFKAJS_LOG_LEVEL",
    "KAFKAJS_NO_PARTITIONER_WARNING",
    "KAFKAJS_DEBUG_PROTOCOL_BUFFERS",
    "KAFKAJS_DEBUG_EXTENDED_PROTOCOL_BUFFERS",
  ],
  "s3:": ["READABLE_STREAM"],
  "postgres:": [
    "PGBINARY",
    "PGOPTIONS",
    "PGSSLNEGOTIATION",
    "PGCLIENT_ENCODING",
    "PGREPLICATION",
    "PGAPPNAME",
    "PGCONNECT_TIMEOUT",
  ],
};
/** Names that every command reads: the settings, and what the terminal can show. */
const COMMON_ENVIRONMENT = [
  "STREAM_URL",
  "LEDGER_URL",
  "OBJECTS_URL",
  "MODEL_DIR",
  "KAFKA_CLIENT",
  "NO_COLOR",
  "FORCE_COLOR",
  "CLICOLOR_FORCE",
  "TERM",
];

/**
 * Works out the permission flags of a command from its arguments and settings: the files that they name, a network only
 * for engines that are servers, and names of the environment.
 *
 * @param command One of `COMMANDS`.
 * @param args Arguments of the command; what is wrong with them the command itself says.
 * @param read Reads a name of the environment.
 * @param realPath Follows links to where a path really is, since Deno asks for that place too; undefined for what is absent.
 * @returns Flags for `deno run`.
 *
 * @example
 * ```ts
 * import { assert } from "../../../src/testing/assert.ts";
 * import { permissionsFor } from "./permissions.ts";
 *
 * const flags = permissionsFor("score", ["--input", "a.csv", "--output=out/b.csv"], () => undefined);
 * assert(flags.includes("--allow-read=build,a.csv,model,out"));
 * assert(!flags.some((flag) => flag.startsWith("--allow-net")));
 * ```
 */
export function permissionsFor(
  command: string,
  args: readonly string[],
  read: (name: string) => string | undefined,
  realPath: (path: string) => string | undefined = () => undefined,
): string[] {
  const needs = COMMANDS[command];
  const reads = [...(needs.ownReads ?? []), ...namedBy(needs.reads, args)];
  const writes = [...(needs.ownWrites ?? []), ...namedBy(needs.writes, args)];
  writes.push(...namedBy(needs.writesFile, args).map(dirname));
  const environment = [...COMMON_ENVIRONMENT];
  const hosts = namedBy(needs.listens, args).filter((address) =>
    LISTENED.test(address) && Number(address.split(":").at(-1)) <= 65_535
  )
    .map((address) => address.replace(/^localhost:/, "127.0.0.1:"));
  const opens = needs.opens !== undefined && args.includes(needs.opens);
  if (opens && hosts.length === 0) hosts.push(OPEN_DEMO_ADDRESS);
  if (hosts.length > 0) reads.push(...needs.listenReads ?? []);
  if (needs.webhooks) {
    environment.push(...Object.values(ALERT_ENVIRONMENT));
    hosts.push(...webhookHosts(args, read));
  }
  let isAnyHost = false;
  const flags = ["--no-prompt"];
  const { kafkaClient, ...engines } = configOf(needs, args, read);
  for (const [engine, url] of Object.entries(engines)) {
    const scheme = url.slice(0, url.indexOf(":") + 1);
    if (engine === "model") reads.push(url);
    else if (scheme === "sqlite:") writes.push(dirname(url.slice(scheme.length)));
    else if (scheme === "file:") writes.push(url.slice(scheme.length));
    else {
      if (scheme === "kafka:") {
        // A Kafka client learns the brokers' addresses from the first one.
        isAnyHost = true;
        environment.push(...VENDOR_ENVIRONMENT[kafkaClient!] ?? []);
        if (kafkaClient === "kafkajs") flags.push("--allow-sys=hostname,uid");
        else {
          // It asks for every name, to find those of its debug output: the others are as if not set.
          flags.push("--ignore-env");
          reads.push(platformaticWasm());
        }
      } else {
        hosts.push(hostOf(url));
        environment.push(...VENDOR_ENVIRONMENT[scheme === "postgresql:" ? "postgres:" : scheme] ?? []);
      }
      reads.push(...filesIn(url));
    }
  }
  const opener = opens ? browserOpener((path) => realPath(path) !== undefined) : undefined;
  if (opener !== undefined) flags.push(`--allow-run=${opener}`);
  for (const paths of [reads, writes]) {
    paths.push(...paths.map(realPath).filter((path) => path !== undefined));
  }
  flags.push(`--allow-env=${environment.join(",")}`);
  if (reads.length + writes.length > 0) flags.push(`--allow-read=${list([...reads, ...writes])}`);
  if (writes.length > 0) flags.push(`--allow-write=${list(writes)}`);
  if (isAnyHost) flags.push("--allow-net");
  else if (hosts.length > 0) flags.push(`--allow-net=${[...new Set(hosts)].join(",")}`);
  return flags;
}

/** Hosts and ports of the webhooks that are told. */
function webhookHosts(args: readonly string[], read: (name: string) => string | undefined): string[] {
  if (!namedBy(["--alerts"], args).at(-1)?.split(",").includes("webhook")) return [];
  const named = namedBy(["--webhook"], args);
  return readWebhooks(named.length > 0 ? named : undefined, read).flatMap((text) => {
    try {
      const { hostname, port, protocol } = readWebhookAddress(text).url;
      return [`${hostname}:${port || (protocol === "https:" ? 443 : 80)}`];
    } catch (error) {
      // The command says what is wrong with it; until then it may reach nobody.
      if (error instanceof RangeError) return [];
      throw error;
    }
  });
}

function configOf(
  needs: CommandNeeds,
  args: readonly string[],
  read: (name: string) => string | undefined,
): Partial<Config> {
  const engines = [
    ...needs.engines ?? [],
    ...(needs.optionalEngines ?? []).filter((engine) =>
      isNamed(engine, { [engine]: namedBy([`--${engine}`], args).at(-1) }, read)
    ),
  ];
  const flags = Object.fromEntries(engines.map((engine) => [engine, namedBy([`--${engine}`], args).at(-1)]));
  try {
    const config = readConfig(flags, read);
    return {
      ...Object.fromEntries(engines.map((engine) => [engine, config[engine]])),
      kafkaClient: config.kafkaClient,
    };
  } catch (error) {
    // The command says what is wrong with its settings; until then it may touch nothing.
    if (error instanceof SettingsError) return {};
    throw error;
  }
}

/** Folder of the package in Deno's cache whose WebAssembly file @platformatic/kafka reads when it is loaded. */
export function platformaticWasm(): string {
  return fileURLToPath(new URL("../../../wasm-utils/", import.meta.resolve("@platformatic/kafka")));
}

function hostOf(url: string): string {
  const authority = url.slice(url.indexOf("://") + 3).split(/[/?#]/)[0];
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  if (/:\d+$/.test(host)) return host;
  return url.startsWith("postgres") ? `${host}:5432` : host;
}

/** Certificates that the query of a URL names. */
function filesIn(url: string): string[] {
  const query = new URLSearchParams(url.split("?")[1] ?? "");
  return ["ca", "cafile", "sslrootcert", "sslcert", "sslkey"].map((name) => query.get(name)).filter((file) =>
    file !== null
  );
}

/** Paths as Deno's flags take them: a comma in a path is doubled. */
function list(paths: readonly string[]): string {
  return [...new Set(paths)].map((path) => path.replaceAll(",", ",,")).join(",");
}
