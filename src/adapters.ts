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
 * @param options `kafkaClient` is the package that speaks to Kafka, kafkajs where nothing is said; `inThread` has an embedded
 * stream write in a thread of its own, for a process that answers requests.
 * @throws Error where the scheme is another one, or the stream cannot be opened.
 */
export async function openBroker(
  url: string,
  options: { kafkaClient?: "kafkajs" | "platformatic"; inThread?: boolean } = {},
): Promise<Broker> {
  if (url.startsWith("sqlite:")) {
    const path = url.slice("sqlite:".length);
    return options.inThread
      ? await (await import("./broker/sqlite/thread.ts")).openSqliteBrokerThread(path)
      : (await import("./broker/sqlite/broker.ts")).openSqliteBroker(path);
  }
  if (url.startsWith("kafka://")) {
    return options.kafkaClient === "platformatic"
      ? await (await import("./broker/kafka/platformatic/open.ts")).openPlatformaticBroker(url)
      : await (await import("./broker/kafka/kafkajs/open.ts")).openKafkajsBroker(url);
  }
  throw unknownScheme("a stream", url);
}

/**
 * Opens the ledger at a URL: `sqlite:PATH` or `postgres://…`.
 *
 * @param options `inThread` keeps an embedded ledger in a thread of its own, for a process that answers requests.
 * @throws Error where the scheme is another one, or the ledger cannot be opened.
 */
export async function openLedger(url: string, options: { inThread?: boolean } = {}): Promise<Ledger> {
  if (url.startsWith("sqlite:")) {
    const path = url.slice("sqlite:".length);
    return options.inThread
      ? await (await import("./ledger/sqlite/thread.ts")).openSqliteLedgerThread(path)
      : (await import("./ledger/sqlite/ledger.ts")).openSqliteLedger(path);
  }
  if (url.startsWith("postgres://") || url.startsWith("postgresql://")) {
    return await (await import("./ledger/postgres/ledger.ts")).openPostgresLedger(url);
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
    return (await import("./objects/directory/store.ts")).openDirectory(url.slice("file:".length));
  }
  if (url.startsWith("s3://")) return (await import("./objects/s3/store.ts")).openMinioStore(url);
  throw unknownScheme("an object store", url);
}

function unknownScheme(what: string, url: string): Error {
  return new Error(
    `Cannot open ${what} as its URL must have a known scheme: current value is "${url.split(":")[0]}:"`,
  );
}
