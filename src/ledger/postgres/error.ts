import { DeliveryError } from "../../runtime/delivery_error.ts";
import { FencedError } from "../ledger.ts";

/** SQLSTATE of a table that is not there (any more). */
export const UNDEFINED_TABLE = "42P01";
/** SQLSTATE of a lock that another session held for too long. */
export const LOCK_NOT_AVAILABLE = "55P03";
/** SQLSTATE of a write to a server that only reads: a standby, or a primary that became one. */
export const READ_ONLY = "25006";
/** SQLSTATE of statements that a connection prepared and does not have as they were. */
const STALE_STATEMENT = /^(0A000|26000|42P05)$/;
/** SQLSTATE of a key that is taken. */
export const UNIQUE_VIOLATION = "23505";

/** Classes and codes of SQLSTATE (PostgreSQL's appendix A) after which the same statement may succeed later. */
const RETRIABLE = [
  /^08/, // connection
  /^25(006|P03|P04)$/, // read-only while a standby takes over; a transaction that idled or took too long
  /^40/, // serialization failure, deadlock
  /^53/, // out of connections, memory or disk
  /^55P03$/, // lock not available
  /^57/, // cancelled by a timeout, shut down, starting up
  /^58/, // the server's own input and output
];

/** Whether an error of a statement shows that its session is of no use any more. */
export function isOfSession(error: unknown): boolean {
  const state = sqlStateOf(error);
  return state === READ_ONLY || STALE_STATEMENT.test(state ?? "");
}

/** What to do, by SQLSTATE or by the beginning of what the driver says. */
const ADVICE: readonly [code: RegExp, advice: string][] = [
  [/^25006$/, "; the server only reads: name the primary in the ledger's URL, or wait for it to take over"],
  [/^28P01$|^SASL/, "; check the user and the password of the ledger's URL"],
  [/^28000$/, "; check the user, and whether the server wants sslmode=require"],
  [/^3D000$/, "; create the database, or name another one in the ledger's URL"],
  [/^42501$/, "; grant the user CREATE on the database, or let an owner of the schema open the ledger once"],
  [/^53100$/, "; free disk space on the server"],
  [/^53300$/, "; raise the server's max_connections"],
];

/** What the driver says where no SQLSTATE tells, and trying again cannot help. */
const HOPELESS = /certificate|self.signed|UnknownIssuer|does not support SSL|SASL|SCRAM|password must be/i;

/** SQLSTATE of an error of the server, or undefined where it comes from somewhere else. */
export function sqlStateOf(error: unknown): string | undefined {
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  return typeof code === "string" && typeof severity === "string" ? code : undefined;
}

/**
 * Whether the same work may succeed later: the connection broke, or the server is busy, locked, full or coming up.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { isRetriable } from "./error.ts";
 *
 * const refused = Object.assign(new Error("password authentication failed"), { code: "28P01", severity: "FATAL" });
 * assertEquals([isRetriable(refused), isRetriable(new Error("Connection terminated"))], [false, true]);
 * ```
 */
export function isRetriable(error: unknown): boolean {
  if (error instanceof FencedError || error instanceof DeliveryError) return false;
  const state = sqlStateOf(error);
  if (state !== undefined) return isOfSession(error) || RETRIABLE.some((pattern) => pattern.test(state));
  if (!(error instanceof Error)) return false;
  // Faults of the program or its permissions stay what they are.
  if (error instanceof TypeError || error instanceof RangeError || error instanceof Deno.errors.NotCapable) {
    return false;
  }
  return !HOPELESS.test(error.message);
}

/**
 * The error that the ledger throws in the end: `DeliveryError` for what the server or the network said.
 *
 * @param action What could not be done, as "commit transactions/0".
 * @param name The ledger, without secrets.
 */
export function ledgerError(error: unknown, action: string, name: string): unknown {
  const state = sqlStateOf(error);
  const driver = state === undefined && error instanceof Error && error.constructor === Error;
  if (state === undefined && !driver && !isRetriable(error)) return error;
  const advice = ADVICE.find(([pattern]) => pattern.test(state ?? messageOf(error)))?.[1] ?? "";
  const code = state === undefined ? "" : ` (${state})`;
  return new DeliveryError(
    `Cannot ${action} as the ledger ${name} must be there and take it: it says "${
      messageOf(error)
    }"${code}${advice}`,
    { retriable: isRetriable(error), cause: error },
  );
}

function messageOf(error: unknown): string {
  // Connecting to several addresses of a name fails with all their errors, and no message.
  if (error instanceof AggregateError && error.message === "") return error.errors.map(messageOf).join("; ");
  return (error as Error).message;
}
