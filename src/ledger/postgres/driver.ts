/**
 * The part of npm:pg and npm:pg-copy-streams that the ledger uses, with types of its own: theirs bring a version of
 * `@types/node` along that is not the one of Deno.
 *
 * @module
 */
import type { EventEmitter } from "node:events";
import type { Writable } from "node:stream";
import type { ConnectionOptions } from "node:tls";
import pg from "pg";
import { from } from "pg-copy-streams";

/** A statement with its values; one with a name is parsed once a connection. */
export interface Statement {
  name?: string;
  /** The SQL, with `$1` and so on for the values. */
  text: string;
  values?: readonly unknown[];
  /** Time limit in milliseconds instead of the pool's. */
  query_timeout?: number;
}

/** Result of a statement. */
export interface StatementResult {
  /** The rows, each an object by column name; BIGINT and NUMERIC are text. */
  // deno-lint-ignore no-explicit-any -- columns have the types that the statement gives them
  rows: any[];
  /** Number of rows read or changed; null where the statement has no such number. */
  rowCount: number | null;
}

/** A connection that is checked out of the pool. */
export interface Connection extends EventEmitter {
  query(statement: Statement): Promise<StatementResult>;
  query(text: string, values?: readonly unknown[]): Promise<StatementResult>;
  /** Begins a COPY; the stream takes the rows, and finishes when the server has them. */
  query(copy: Writable): Writable;
  /** Gives the connection back to the pool, or ends it where there is an error. */
  release(error?: Error): void;
  /** "I" outside of a transaction, "T" in one, "E" in one that failed. */
  getTransactionStatus(): "I" | "T" | "E" | null;
  /** Number of the server's process for this connection; a pooler makes up one of its own. */
  readonly processID: number;
  /** The driver's own connection, with the socket. */
  readonly connection: { stream: { destroy(): void } };
}

/** Settings of a pool; times in milliseconds. */
export interface PoolSettings {
  host: string;
  port: number;
  database: string;
  user: string;
  /** Gives the role's password at each connection; empty where there is none. */
  password: () => string;
  ssl: false | ConnectionOptions;
  application_name: string;
  /** Settings of the session as libpq's `options` has them; a pooler may refuse them. */
  options?: string;
  max: number;
  connectionTimeoutMillis: number;
  query_timeout: number;
  /** Whether TCP looks if a silent server is there still. */
  keepAlive: boolean;
  /** How long a connection is silent before TCP looks. */
  keepAliveInitialDelayMillis: number;
}

/** Connections that are kept for the next statement. */
export interface Pool extends EventEmitter {
  /** Checks a connection out, a new one where none is free and there are fewer than `max`. */
  connect(): Promise<Connection>;
  /** Closes every connection once it was given back. */
  end(): Promise<void>;
}

/** Makes a pool, which connects when it is asked to. */
export function makePool(settings: PoolSettings): Pool {
  return new pg.Pool(settings);
}

/** A COPY … FROM STDIN to give to `query`; what is written to it is sent, and `finish` says that the server has it. */
export function copyFromStdin(statement: string): Writable {
  return from(statement);
}
