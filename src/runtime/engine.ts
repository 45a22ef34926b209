import { dirname } from "node:path";

/** What a process may touch, as `deno run` takes it. */
export interface Permissions {
  /** Files and folders. */
  read?: readonly string[];
  /** Folders, or files, which are then readable too. */
  write?: readonly string[];
  /** `HOST:PORT`, or `HOST` for every port of it; "any" for addresses that a server names later. */
  net?: readonly string[] | "any";
  /** Names of the environment. */
  env?: readonly string[];
  /** Kinds of facts about the machine, such as `hostname`. */
  sys?: readonly string[];
  /** Programs. */
  run?: readonly string[];
  /** Whether names of the environment that are not in `env` read as unset, instead of as an error. */
  ignoresEnv?: boolean;
}

/** How an engine is opened. */
export interface OpenOptions {
  /** Keeps an embedded engine in a thread of its own, for a process that answers requests. */
  inThread?: boolean;
  /** Called for each failed attempt that another one follows. */
  onRetry?(error: unknown, attempt: number): void;
  /** Takes a line about trouble that does not stop the engine; standard error by default. */
  onTrouble?(message: string): void;
}

/**
 * One way to keep a stream, a ledger or objects: what is known of it before its adapter is loaded.
 *
 * A descriptor imports no package of a vendor: the launcher reads it to work out permissions. `open` imports the adapter.
 */
export interface Engine<T> {
  /** Beginnings of its URLs, such as `kafka://`. */
  readonly schemes: readonly string[];
  /** A URL of it as `--help` shows it. */
  readonly example: string;
  /** Tells it from other engines of the same scheme; the first of these is the default. */
  readonly client?: string;
  /** `import.meta.url`: only files beside it, or below, import `packages`. */
  readonly home: string;
  /** Packages of its vendor. */
  readonly packages: readonly string[];
  /** What the process needs to reach it; a URL that is wrong is not an error here. `isThere` looks for a file or folder. */
  permissions(url: string, isThere: (path: string) => boolean): Permissions;
  /** Opens it; throws as its adapter says. */
  open(url: string, options: OpenOptions): Promise<T>;
}

/**
 * Host and port of a URL, without the user.
 *
 * @param defaultPort Stands where the URL names no port; without it the host alone, which is every port.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { hostOf } from "./engine.ts";
 *
 * assertEquals(hostOf("postgres://ann:secret@db.local/edgewood", 5432), "db.local:5432");
 * ```
 */
export function hostOf(url: string, defaultPort?: number): string {
  const authority = url.slice(url.indexOf("://") + 3).split(/[/?#]/)[0];
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  return /:\d+$/.test(host) || defaultPort === undefined ? host : `${host}:${defaultPort}`;
}

/** What an embedded database needs: its file alone, or its folder where that is to be made. */
export function databasePermissions(path: string, isThere: (path: string) => boolean): Permissions {
  const folder = dirname(path);
  return { write: [isThere(folder) ? path : folder] };
}

/** The file that a parameter of a URL names, as a list of one or none. */
export function fileIn(url: string, parameter: string): string[] {
  const file = new URLSearchParams(url.split("?")[1] ?? "").get(parameter);
  return file === null ? [] : [file];
}
