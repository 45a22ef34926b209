import type { ConnectionOptions } from "node:tls";

/** How libpq names the ways of encrypting a connection; those that decide by themselves are not taken. */
export type SslMode = "disable" | "require" | "verify-ca" | "verify-full";

/** Where a PostgreSQL ledger is and how to connect to it. */
export interface PostgresAddress {
  host: string;
  port: number;
  database: string;
  user: string;
  /** Its password, or undefined where the server asks for none. */
  password: string | undefined;
  /** Whether the connection is encrypted, and what of the server's certificate is checked. */
  sslMode: SslMode;
  /** PEM file of the authority that the server's certificate must be signed by. */
  sslRootCert: string | undefined;
  schema: string;
  applicationName: string;
  /** Days of the log to keep, or undefined to keep all. */
  retentionDays: number | undefined;
  /** The address as a person would write it, without the password. */
  name: string;
}

const SSL_MODES: readonly string[] = ["disable", "require", "verify-ca", "verify-full"];
const PARAMETERS = ["sslmode", "sslrootcert", "schema", "application_name", "retention_days"];
const DEFAULT_PORT = 5432;

/**
 * Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…&sslrootcert=FILE&schema=…&retention_days=…`.
 *
 * Without `sslmode` the connection is encrypted and checked (`verify-full`) where `sslrootcert` is given, and plain text
 * otherwise. The schema is `edgewood` unless it is named.
 *
 * @throws RangeError naming the part that cannot be used; the message never holds the password.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { readPostgresAddress } from "./address.ts";
 *
 * const { host, port, name } = readPostgresAddress("postgres://ann:secret@db/ledger?sslmode=require");
 * assertEquals([host, port, name], ["db", 5432, "postgres://db:5432/ledger"]);
 * ```
 */
export function readPostgresAddress(url: URL | string): PostgresAddress {
  const parsed = URL.parse(url);
  if (parsed === null || parsed.username === "" && parsed.href.includes("@")) {
    throw wrong(
      "be a URL like postgres://USER:PASSWORD@HOST:5432/DATABASE, with user and password percent-encoded",
      "no such URL",
    );
  }
  if (!["postgres:", "postgresql:"].includes(parsed.protocol)) {
    throw wrong("begin with postgres://", parsed.protocol);
  }
  const host = decoded(parsed.hostname).replace(/^\[|\]$/g, "");
  if (host === "") throw wrong("name a host", "none");
  const database = decoded(parsed.pathname.slice(1));
  if (database === "" || database.includes("/")) {
    throw wrong("name a database after the host", `"${database}"`);
  }
  const user = decoded(parsed.username);
  if (user === "") throw wrong("name a user", "none");
  const parameters = parsed.searchParams;
  for (const parameter of parameters.keys()) {
    if (!PARAMETERS.includes(parameter)) {
      throw wrong(`have no other parameters than ${PARAMETERS.join(", ")}`, parameter);
    }
  }
  const sslRootCert = parameters.get("sslrootcert") ?? undefined;
  const sslMode = parameters.get("sslmode") ?? (sslRootCert === undefined ? "disable" : "verify-full");
  if (!SSL_MODES.includes(sslMode)) throw wrong(`have an sslmode of ${SSL_MODES.join(", ")}`, sslMode);
  const schema = parameters.get("schema") ?? "edgewood";
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw wrong("name a schema of small letters, digits and underscores", `"${schema}"`);
  }
  const password = decoded(parsed.password);
  const port = parsed.port === "" ? DEFAULT_PORT : Number(parsed.port);
  return {
    host,
    port,
    database,
    user,
    password: password === "" ? undefined : password,
    sslMode: sslMode as SslMode,
    sslRootCert,
    schema,
    applicationName: parameters.get("application_name") ?? "edgewood",
    retentionDays: readRetentionDays(parameters.get("retention_days")),
    name: `postgres://${parsed.hostname}:${port}/${database}`,
  };
}

/**
 * TLS options of an address: whether to encrypt, whose certificates to trust, what of the server's name to check.
 *
 * As libpq has it, `require` trusts any certificate unless `sslrootcert` is given, `verify-ca` checks who signed it and
 * `verify-full` the host name too.
 *
 * @param authority PEM text of `sslrootcert`.
 * @returns False for plain text.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { readPostgresAddress, tlsOptions } from "./address.ts";
 *
 * const address = readPostgresAddress("postgres://ann@db/ledger?sslmode=require");
 * assertEquals(tlsOptions(address, undefined), { rejectUnauthorized: false });
 * ```
 */
export function tlsOptions(
  address: PostgresAddress,
  authority: string | undefined,
): false | ConnectionOptions {
  const { sslMode } = address;
  if (sslMode === "disable") return false;
  if (sslMode === "require" && authority === undefined) return { rejectUnauthorized: false };
  const options: ConnectionOptions = { rejectUnauthorized: true };
  if (authority !== undefined) options.ca = authority;
  if (sslMode !== "verify-full") options.checkServerIdentity = () => undefined;
  return options;
}

function readRetentionDays(text: string | null): number | undefined {
  if (text === null) return undefined;
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1) throw wrong("have retention_days of 1 or more", `"${text}"`);
  return days;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new RangeError("Cannot use the ledger's URL as it must be percent-encoded: it is not", { cause });
  }
}

function wrong(required: string, current: string): RangeError {
  return new RangeError(`Cannot use the ledger's URL as it must ${required}: current value is ${current}`);
}
