/**
 * PostgreSQL by npm:pg and npm:pg-copy-streams alone, without the ledger.
 *
 * @module
 */
import { createReadStream, createWriteStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { Readable, Writable } from "node:stream";
import pg from "pg";
import { from, to } from "pg-copy-streams";

/** Its own connection; disposing closes it. */
export interface RawPostgres extends AsyncDisposable {
  query(text: string, values?: readonly unknown[]): Promise<Record<string, unknown>[]>;
  /** Sends rows by `COPY … FROM STDIN`; returns when the server has them. */
  copyIn(statement: string, rows: Uint8Array): Promise<void>;
  /** Sends the rows in a file by `COPY … FROM STDIN`. */
  copyInFile(statement: string, path: string): Promise<void>;
  /** Writes the answer of `COPY … TO STDOUT` to a file. */
  copyOutFile(statement: string, path: string): Promise<void>;
}

/** The driver sends a file fastest in large parts. */
const PART_BYTES = 1 << 20;

/** Own types: the driver's bring a version of `@types/node` along. */
interface Driver {
  connect(): Promise<void>;
  end(): Promise<void>;
  query(text: string, values?: readonly unknown[]): Promise<{ rows: Record<string, unknown>[] }>;
  query<Stream extends Readable | Writable>(stream: Stream): Stream;
}

/**
 * Connects to the server at `postgres://…` at the first statement; parameters of the URL are ignored.
 */
export function rawPostgres(url: string): RawPostgres {
  const { hostname, port, pathname, username, password } = new URL(url);
  const client = new pg.Client({
    host: hostname,
    port: Number(port || 5432),
    database: pathname.slice(1),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
  }) as Driver;
  let connected: Promise<void> | undefined;
  const opened = async () => {
    connected ??= client.connect();
    await connected;
    return client;
  };
  return {
    query: async (text, values) => (await (await opened()).query(text, values)).rows,
    async copyIn(statement, rows) {
      const stream = (await opened()).query(from(statement) as Writable);
      await new Promise<void>((resolve, reject) => {
        stream.on("error", reject);
        stream.on("finish", resolve);
        stream.end(rows);
      });
    },
    async copyInFile(statement, path) {
      const stream = (await opened()).query(from(statement) as Writable);
      await pipeline(createReadStream(path, { highWaterMark: PART_BYTES }), stream);
    },
    async copyOutFile(statement, path) {
      const stream = (await opened()).query(to(statement) as Readable);
      await pipeline(stream, createWriteStream(path));
    },
    async [Symbol.asyncDispose]() {
      if (connected !== undefined) await client.end();
    },
  };
}
