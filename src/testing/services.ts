/**
 * The servers that `deno task services up` runs, as integration tests see them.
 *
 * @module
 */

/** The servers of a cluster: three Kafka brokers, PostgreSQL and its standby. */
export type ClusterName = "kafka1" | "kafka2" | "kafka3" | "postgres1" | "postgres2";

/** Two S3 servers, since the object contract must hold on both. */
export type ServiceName = "kafka" | "minio" | "postgres" | "seaweedfs" | ClusterName;

/** A server in `services.json`; folders and files are absolute paths. */
export interface Service {
  name: ServiceName;
  version: string;
  /** For an adapter: plain text, with user and password if the server has them. */
  url: string;
  host: string;
  port: number;
  /** Null while stopped or killed. */
  pid: number | null;
  /** S3: access key. Letters and digits, so a URL needs no escaping. */
  user: string;
  /** S3: secret key. Letters and digits. */
  password: string;
  dataDir: string;
  logFile: string;
}

/** Kafka: one broker with a listener for each way of connecting, all with the same user and password. */
export interface KafkaService extends Service {
  /** `host:port` of each listener; `sasl` and `saslTls` take PLAIN, SCRAM-SHA-256 and SCRAM-SHA-512. */
  listeners: { plaintext: string; sasl: string; tls: string; saslTls: string };
  /**
   * A listener for fault proxies: the broker listens at `upstream` but tells clients to come to `advertised`, where
   * nothing listens until a test starts a proxy there. On other listeners clients would walk around the proxy.
   */
  proxied: { upstream: string; advertised: string };
  /** PEM file of the authority that signed the certificate of `tls` and `saslTls` (for localhost and 127.0.0.1). */
  caFile: string;
}

/** PostgreSQL: plain text and TLS on the same port. */
export interface PostgresService extends Service {
  /** Database named in `url`; its owner is `user`, a superuser, so tests can create databases of their own. */
  database: string;
  /** The same database with `sslmode=verify-full` and the authority's file. */
  tlsUrl: string;
  /** A second database that refuses connections without TLS, to test that error. */
  tlsOnlyDatabase: string;
  /** PEM file of the authority that signed the server's certificate (for localhost and 127.0.0.1). */
  caFile: string;
}

/** An S3 server; its `url` is `s3://USER:PASSWORD@host:port/bucket`, and the bucket is not made beforehand. */
export interface S3Service extends Service {
  endpoint: string;
  /** `https://host:port` of the same server, where it has one (SeaweedFS). */
  tlsEndpoint?: string;
  /** PEM file of the authority that signed the certificate of `tlsEndpoint`. */
  caFile?: string;
  /** Bucket named in `url`; it does not exist until somebody makes it. */
  bucket: string;
}

/** A server that is missing is not running. */
export interface Services {
  kafka?: KafkaService;
  minio?: S3Service;
  postgres?: PostgresService;
  seaweedfs?: S3Service;
  /** A broker's `url` names all three. */
  kafka1?: Service;
  kafka2?: Service;
  kafka3?: Service;
  postgres1?: PostgresService;
  postgres2?: PostgresService;
}

/** Content of `.services/services.json`: URLs for people and shells, then each server in full. */
export interface ServicesFile {
  formatVersion: 1;
  KAFKA?: string;
  S3?: string;
  S3_SECOND?: string;
  POSTGRES?: string;
  KAFKA_CLUSTER?: string;
  POSTGRES_PRIMARY?: string;
  POSTGRES_STANDBY?: string;
  services: Services;
}

export interface RunningServicesOptions {
  /** Default: the one of this checkout. */
  file?: string | URL;
  /** Milliseconds a server may take to accept a connection (default 1000). */
  timeoutMs?: number;
}

const FILE_OF_CHECKOUT = new URL("../../.services/services.json", import.meta.url);

async function accepts(service: Service, timeoutMs: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const connecting = Deno.connect({ hostname: service.host, port: service.port });
  const late = new Promise<undefined>((resolve) => timer = setTimeout(() => resolve(undefined), timeoutMs));
  try {
    const connection = await Promise.race([connecting, late]);
    connection?.close();
    if (connection === undefined) connecting.then((slow) => slow.close(), () => {});
    return connection !== undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) throw error;
    return false; // refused: nothing listens there, which is the answer asked for
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Returns the servers started by `deno task services up` that accept connections now, or undefined when none does.
 *
 * Throws an Error when the file is there but cannot be understood; needs `--allow-read` of `.services` and
 * `--allow-net` to 127.0.0.1.
 *
 * @example
 * ```ts
 * import { runningServices } from "./services.ts";
 *
 * const services = await runningServices({ file: new URL("./no-such-file.json", import.meta.url) });
 * if (services !== undefined) throw new Error("no file, no servers");
 * ```
 */
export async function runningServices(options: RunningServicesOptions = {}): Promise<Services | undefined> {
  const { file = FILE_OF_CHECKOUT, timeoutMs = 1000 } = options;
  let text: string;
  try {
    text = await Deno.readTextFile(file);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  let content: ServicesFile;
  try {
    content = JSON.parse(text);
    if (content?.formatVersion !== 1 || typeof content.services !== "object" || content.services === null) {
      throw new TypeError(
        `formatVersion is ${content?.formatVersion}, services is ${typeof content?.services}`,
      );
    }
  } catch (cause) {
    throw new Error(
      `Cannot read the running services as ${file} must be what "deno task services up" writes ` +
        `(formatVersion 1): current value is ${JSON.stringify(text.slice(0, 80))}`,
      { cause },
    );
  }
  const known = Object.values(content.services) as Service[];
  const answers = await Promise.all(known.map((service) => accepts(service, timeoutMs)));
  const running = known.filter((_, position) => answers[position]);
  if (running.length === 0) return undefined;
  return Object.fromEntries(running.map((service) => [service.name, service])) as Services;
}

/** Whether to skip tests, and the servers if not. */
export interface Needed<Name extends ServiceName> {
  ignore: boolean;
  /** Why the tests are skipped, or empty. */
  reason: string;
  /** The needed servers; reading one that is missing throws an Error with `reason`. */
  services: Required<Pick<Services, Name>>;
  /** Name and `ignore` to spread into `Deno.test`: the reason joins the name of a skipped test. */
  test(name: string): { name: string; ignore: boolean };
}

/**
 * Tells a test file whether the servers it needs are running, so that its tests skip with a reason where they are not.
 *
 * A missing permission to read `.services` or to connect to 127.0.0.1 is a reason to skip too; a broken
 * `services.json` throws, as {@link runningServices} does.
 *
 * @example
 * ```ts
 * import { needs } from "./services.ts";
 *
 * const kafka = await needs(["kafka"], { file: new URL("./no-such-file.json", import.meta.url) });
 * const { name, ignore } = kafka.test("openBroker() reads what it produced");
 * if (!ignore || !name.includes("kafka")) throw new Error("the test must be skipped, saying what is missing");
 * ```
 */
export async function needs<Name extends ServiceName>(
  names: Name | readonly Name[],
  options: RunningServicesOptions = {},
): Promise<Needed<Name>> {
  const wanted = typeof names === "string" ? [names] : [...names];
  let running: Services = {};
  let reason = "";
  try {
    running = await runningServices(options) ?? {};
    const missing = wanted.filter((name) => running[name] === undefined);
    if (missing.length > 0) {
      reason = `not running: ${missing.join(", ")}; deno task services up --only ${missing.join(",")}`;
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotCapable)) throw error;
    reason = `no permission to look for ${wanted.join(", ")}: ${error.message.split(",")[0]}`;
  }
  const ignore = reason !== "";
  const services = ignore
    ? new Proxy({}, {
      get(_, name) {
        throw new Error(`Cannot use ${String(name)} as the test must be skipped: ${reason}`);
      },
    })
    : running;
  return {
    ignore,
    reason,
    services: services as Required<Pick<Services, Name>>,
    test: (name) => ({ name: ignore ? `${name} (skipped: ${reason})` : name, ignore }),
  };
}
