/**
 * URL scheme to adapter: the only file that chooses adapters.
 *
 * An adapter, and with it its vendor's package, is loaded when its scheme is asked for and not before.
 *
 * @module
 */
import type { Broker } from "./broker/broker.ts";
import type { Ledger } from "./ledger/ledger.ts";
import type { ObjectStore } from "./objects/objects.ts";

/**
 * Opens the stream at a URL: `sqlite:PATH` or `kafka://host:port`.
 *
 * @param options `kafkaClient` is the package that speaks to Kafka, kafkajs where nothing is said.
 * @throws Error where the scheme is another one, or the stream cannot be opened.
 */
export async function openBroker(
  url: string,
  options: { kafkaClient?: "kafkajs" | "platformatic" } = {},
): Promise<Broker> {
  if (url.startsWith("sqlite:")) {
    return (await import("./broker/sqlite.ts")).openSqliteBroker(url.slice("sqlite:".length));
  }
  if (url.startsWith("kafka://")) {
    return options.kafkaClient === "platformatic"
      ? await (await import("./broker/platformatic.ts")).openPlatformaticBroker(url)
      : await (await import("./broker/kafkajs.ts")).openKafkajsBroker(url);
  }
  throw unknownScheme("a stream", url);
}

/**
 * Opens the ledger at a URL: `sqlite:PATH` or `postgres://…`.
 *
 * @throws Error where the scheme is another one, or the ledger cannot be opened.
 */
export async function openLedger(url: string): Promise<Ledger> {
  if (url.startsWith("sqlite:")) {
    return (await import("./ledger/sqlite.ts")).openSqliteLedger(url.slice("sqlite:".length));
  }
  if (url.startsWith("postgres://") || url.startsWith("postgresql://")) {
    return await (await import("./ledger/postgres.ts")).openPostgresLedger(url);
  }
  throw unknownScheme("a ledger", url);
}

/**
 * Opens the object store at a URL: `file:PATH` or `s3://…`.
 *
 * @throws Error where the scheme is another one, or the store cannot be opened.
 */
export async function openObjects(url: string): Promise<ObjectStore> {
  if (url.startsWith("file:")) {
    return (await import("./objects/directory.ts")).openDirectory(url.slice("file:".length));
  }
  if (url.startsWith("s3://")) return (await import("./objects/minio.ts")).openMinioStore(url);
  throw unknownScheme("an object store", url);
}

function unknownScheme(what: string, url: string): Error {
  return new Error(
    `Cannot open ${what} as its URL must have a known scheme: current value is "${url.split(":")[0]}:"`,
  );
}
