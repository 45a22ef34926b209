import { closeSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { DeliveryError } from "./delivery_error.ts";
import { retry } from "./retry.ts";

/** A schema; `PRAGMA user_version` says how many of its migrations a database has had. */
export interface Schema {
  /** Statements that make each version from the one before, the first in an empty database. Only ever added to. */
  migrations: readonly string[];
  /** A table that every version has, which identifies a database of this purpose. */
  table: string;
  /** Names the database in errors. */
  purpose: string;
}

/** How long to wait for another process's lock, and the longest wait between two attempts. */
const BUSY_TIMEOUT_MS = 10_000;
/** SQLITE_CANTOPEN in words: an error of opening carries no `errcode` in Deno. */
const CANNOT_OPEN = /^unable to open database file/;
const BUSY_LOOK_MS = 25;

/**
 * Opens or makes the database at a path, with the folders above it.
 *
 * A commit is on disk when it returns (write-ahead log, `synchronous = FULL`). Several processes may open it at once. While
 * another one holds the lock, a statement fails at once, so that `attempt` retries it without blocking the thread; opening
 * waits up to 10 s.
 *
 * @param begin Work to do first; it waits for the lock as opening does.
 * @throws Error if the file is not a database of this purpose, is of a newer version, or cannot be opened.
 *
 * @example
 * ```ts
 * import { openDatabase } from "./sqlite.ts";
 *
 * const path = `${Deno.makeTempDirSync()}/a/b.db`;
 * const database = openDatabase(path, { migrations: ["CREATE TABLE t (n INTEGER)"], table: "t", purpose: "stream" });
 * database.exec("INSERT INTO t VALUES (1)");
 * database.close();
 * ```
 */
export function openDatabase(
  path: string,
  schema: Schema,
  begin: (database: DatabaseSync) => void = () => {},
): DatabaseSync {
  try {
    const database = openFile(path);
    try {
      prepare(database, schema);
      begin(database);
      database.exec("PRAGMA busy_timeout = 0");
    } catch (error) {
      database.close();
      throw error;
    }
    return database;
  } catch (cause) {
    const { message } = isDamage(cause) ? new DamageError(path, cause) : cause as Error;
    throw new Error(`Cannot open the embedded ${schema.purpose} at ${path}: ${message}`, { cause });
  }
}

/** The folder is made only where it is absent: where it is there, the process may lack the right to write in all of it. */
function openFile(path: string): DatabaseSync {
  makeFile(path);
  try {
    return new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  } catch (error) {
    if (!CANNOT_OPEN.test((error as Error).message)) throw error;
    mkdirSync(dirname(path), { recursive: true });
    makeFile(path);
    return new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  }
}

/**
 * Makes an absent file for its owner alone; SQLite gives the files beside it the same mode. One that is there is not opened:
 * to close it would drop the locks of this process.
 */
function makeFile(path: string): void {
  try {
    closeSync(openSync(path, "wx", 0o600));
  } catch {
    // It is there, or SQLite says what is wrong.
  }
}

function prepare(database: DatabaseSync, schema: Schema) {
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16000");
  const newest = schema.migrations.length;
  const isKnown = () => versionOf(database) === newest && tables(database).includes(schema.table);
  if (isKnown()) return;
  inTransaction(database, () => {
    if (isKnown()) return;
    const version = versionOf(database);
    const found = tables(database);
    if (
      version > newest || version === 0 && found.length > 0 || version > 0 && !found.includes(schema.table)
    ) {
      throw new Error(
        `it must be an Edgewood ${schema.purpose} of schema version ${newest} or older: current version is ` +
          `${version}, with the tables ${
            found.join(", ")
          }; name another file, or remove this one to begin anew`,
      );
    }
    for (const sql of schema.migrations.slice(version)) database.exec(sql);
    database.exec(`PRAGMA user_version = ${newest}`);
  });
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()?.user_version);
}

function tables(database: DatabaseSync): string[] {
  return database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all().map(({ name }) =>
    String(name)
  );
}

/**
 * Runs the work in one write transaction: all of it is kept, or, if it throws, none.
 *
 * @throws DeliveryError, retriable, if the disk is full or another process holds the lock.
 */
export function inTransaction<T>(database: DatabaseSync, work: () => T): T {
  try {
    // The errors of prepared statements, unlike those of exec(), carry SQLite's own code.
    database.prepare("BEGIN IMMEDIATE").run();
    const result = work();
    database.prepare("COMMIT").run();
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw explained(database, error);
  }
}

/**
 * Does synchronous work on a database; retries it for 10 s while another process holds the lock, without blocking the
 * thread in between.
 *
 * @param work Does all of it or, if it throws, nothing.
 * @throws DeliveryError, retriable, if the disk is full or another process holds the lock too long; DamageError if a page of
 * the file is damaged.
 */
export function attempt<T>(database: DatabaseSync, work: () => T): Promise<T> {
  // deno-lint-ignore require-await
  return retry(async () => withDeliveryErrors(database, work), {
    deadlineMs: BUSY_TIMEOUT_MS,
    baseDelayMs: 2,
    maxDelayMs: BUSY_LOOK_MS,
    retriable: (error) => error instanceof DeliveryError && primaryCode(error.cause) === BUSY,
  });
}

/** Runs a single statement, or reads; throws as `inTransaction` does. */
export function withDeliveryErrors<T>(database: DatabaseSync, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw explained(database, error);
  }
}

/** A database file is damaged: no retry helps. */
export class DamageError extends Error {
  override readonly name = "DamageError";

  /** Names the file. */
  constructor(path: string, cause: unknown) {
    super(
      `The database file ${path} is damaged (${
        (cause as Error).message
      }): stop all processes that use it and put a ` +
        `backup in its place, or save what can be read with: sqlite3 ${path} .recover`,
      { cause },
    );
  }
}

const FULL = 13;
const BUSY = 5;
const IO_ERROR = 10;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;
/** SQLITE_CORRUPT and SQLITE_NOTADB in words: not every error of Deno carries its code. */
const DAMAGED = /^(database disk image is malformed|file is not a database)/;

function isDamage(error: unknown): boolean {
  const primary = primaryCode(error);
  return primary === CORRUPT || primary === NOT_A_DATABASE || DAMAGED.test((error as Error)?.message ?? "");
}

function explained(database: DatabaseSync, error: unknown): unknown {
  if (error instanceof DamageError) return error;
  if (isDamage(error)) return new DamageError(database.location() ?? "in memory", error);
  const primary = primaryCode(error);
  if (primary !== FULL && primary !== BUSY && primary !== IO_ERROR) return error;
  const message = (error as Error).message;
  return new DeliveryError(`Cannot write the embedded database ${database.location()}: ${message}`, {
    retriable: true,
    cause: error,
  });
}

function primaryCode(error: unknown): number | undefined {
  const code = (error as { errcode?: number } | undefined)?.errcode;
  return code === undefined ? undefined : code & 0xff;
}
