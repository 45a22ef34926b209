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
  text: string;
  values?: readonly unknown[];
  /** Time limit in milliseconds, in the place of the pool's. */
  query_timeout?: number;
}

/** What a statement came to. */
export interface StatementResult {
  // deno-lint-ignore no-explicit-any -- columns have the types that the statement gives them
  rows: any[];
  rowCount: number | null;
}

/** A connection that is checked out of the pool. */
export interface Connection extends EventEmitter {
  query(statement: Statement): Promise<StatementResult>;
  query(text: string, values?: readonly unknown[]): Promise<StatementResult>;
  query(copy: Writable): Writable;
  /** Gives the connection back to the pool, or ends it where there is an error. */
  release(error?: Error): void;
  /** "I" outside of a transaction, "T" in one, "E" in one that failed. */
  getTransactionStatus(): "I" | "T" | "E" | null;
  /** The driver's own connection, with the socket. */
  readonly connection: { stream: { destroy(): void } };
}

/** Settings of a pool; times in milliseconds. */
export interface PoolSettings {
  host: string;
  port: number;
  database: string;
  user: string;
  password: () => string;
  ssl: false | ConnectionOptions;
  application_name: string;
  options: string;
  max: number;
  connectionTimeoutMillis: number;
  statement_timeout: number;
  query_timeout: number;
  lock_timeout: number;
  idle_in_transaction_session_timeout: number;
  keepAlive: boolean;
  keepAliveInitialDelayMillis: number;
}

/** Connections that are kept for the next statement. */
export interface Pool extends EventEmitter {
  connect(): Promise<Connection>;
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
