import { type Compression, compressionNames } from "./wire/codecs.ts";

export const saslMechanisms = ["plain", "scram-sha-256", "scram-sha-512"] as const;

/** Where a Kafka cluster is and how to come in. */
export interface KafkaAddress {
  /** `host:port` of some of its brokers, which name the others. */
  brokers: string[];
  /** URL with hosts alone, to show to people. */
  name: string;
  clientId: string;
  tls: boolean;
  /** PEM file of the authority to trust instead of the system's. */
  caFile?: string;
  sasl?: { mechanism: typeof saslMechanisms[number]; username: string; password: string };
  compression: Compression;
}

const DEFAULT_PORT = 9092;
const PARAMETERS = ["sasl", "tls", "ca", "client_id", "compression"];
const FORM = "kafka://[user:password@]host:port[,host:port...][?sasl=...&tls=true&ca=FILE&client_id=...]";

/**
 * Reads the URL of a Kafka cluster: `kafka://[user:pass@]host:port[,host:port]?sasl=&tls=&ca=&client_id=&compression=`.
 *
 * `sasl=plain` without encryption is refused beyond this machine unless `tls=false` is written. User and password are
 * percent-encoded if they contain `@`, `/`, `?`, `#`, `:` or `%`. `ca` turns TLS on. Errors never
 * show the password.
 *
 * @throws TypeError that says which part is wrong and what it must be.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { parseKafkaUrl } from "./url.ts";
 *
 * const { brokers, name, sasl } = parseKafkaUrl("kafka://me:s%40cret@a:9092,b:9093?sasl=scram-sha-512");
 * assertEquals(brokers, ["a:9092", "b:9093"]);
 * assertEquals(name, "kafka://a:9092,b:9093");
 * assertEquals(sasl?.password, "s@cret");
 * ```
 */
export function parseKafkaUrl(url: string): KafkaAddress {
  const parts = /^kafka:\/\/(?:([^/?#]*)@)?([^/?#@]*)\/?(?:\?([^#]*))?$/.exec(url);
  const [, userInfo, hosts, query = ""] = parts ?? [];
  const parameters = new URLSearchParams(query);
  // What looks like host and parameters may be a password with a slash or a question mark.
  const isUnclear = userInfo === undefined && url.includes("@") &&
    ![...parameters.keys()].every((key) => PARAMETERS.includes(key));
  if (parts === null || isUnclear) {
    throw wrong(`it must have the form ${FORM}, with user and password percent-encoded`, "another form");
  }
  const brokers = hosts.split(",").map((host) => parseHost(host));
  for (const key of parameters.keys()) {
    if (!PARAMETERS.includes(key)) throw wrong(`its parameters must be of ${PARAMETERS.join(", ")}`, key);
    if (parameters.getAll(key).length > 1) throw wrong(`${key} must be given once`, "several times");
  }
  const caFile = parameters.get("ca") ?? undefined;
  if (caFile === "") throw wrong("ca must name a PEM file", "empty");
  const tls = oneOf("tls", parameters.get("tls") ?? (caFile === undefined ? "false" : "true"), [
    "true",
    "false",
  ]);
  if (caFile !== undefined && tls === "false") throw wrong("tls must not be false beside ca", "false");
  const sasl = parseSasl(parameters.get("sasl"), userInfo);
  if (
    sasl?.mechanism === "plain" && tls === "false" && !parameters.has("tls") && !brokers.every(isLoopback)
  ) {
    throw wrong(
      "tls must be written with sasl=plain, which sends the password as it is: tls=true, or tls=false to send it unencrypted",
      "no tls",
    );
  }
  return {
    brokers,
    name: `kafka://${brokers.join(",")}`,
    clientId: parameters.get("client_id") || "edgewood",
    tls: tls === "true",
    compression: oneOf("compression", parameters.get("compression") ?? "none", compressionNames),
    ...(caFile === undefined ? {} : { caFile }),
    ...(sasl === undefined ? {} : { sasl }),
  };
}

function isLoopback(broker: string): boolean {
  return /^(localhost|127(\.\d+){3}):/.test(broker);
}

function parseHost(host: string): string {
  const parts = /^([A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(host);
  const port = Number(parts?.[2] ?? DEFAULT_PORT);
  if (parts === null || port < 1 || port > 65_535) {
    throw wrong(
      "each broker must be host or host:port, with a name or an IPv4 address and a port from 1 to 65535",
      host,
    );
  }
  return `${parts[1]}:${port}`;
}

function parseSasl(wanted: string | null, userInfo: string | undefined) {
  const [user, ...rest] = (userInfo ?? "").split(":");
  const username = decode("user", user);
  const password = decode("password", rest.join(":"));
  if (wanted === null) {
    if (username === "" && password === "") return undefined;
    throw wrong(`sasl must be one of ${saslMechanisms.join(", ")} where a user is given`, "no sasl");
  }
  const mechanism = oneOf("sasl", wanted, saslMechanisms);
  if (username === "" || password === "") {
    throw wrong(
      `user and password must be given with sasl=${mechanism}`,
      username === "" ? "no user" : "no password",
    );
  }
  return { mechanism, username, password };
}

function decode(what: string, text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw wrong(`its ${what} must be percent-encoded`, "a % without two digits", cause);
  }
}

function oneOf<T extends string>(key: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((each) => each === value);
  if (found === undefined) throw wrong(`${key} must be one of ${allowed.join(", ")}`, value);
  return found;
}

function wrong(must: string, value: string, cause?: unknown): TypeError {
  return new TypeError(`Cannot read the Kafka URL as ${must}: current value is ${value}`, { cause });
}

/** Reads the PEM file of the authority to trust, if the address names one. */
export async function readAuthority({ caFile }: KafkaAddress): Promise<string[] | undefined> {
  if (caFile === undefined) return undefined;
  try {
    return [await Deno.readTextFile(caFile)];
  } catch (cause) {
    throw new Error(`Cannot read the PEM file of ca, ${caFile}: ${(cause as Error).message}`, { cause });
  }
}
