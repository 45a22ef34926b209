import { dirname } from "node:path";

/** What a process may touch, as `deno run` takes it. */
export interface Permissions {
  read?: readonly string[];
  /** Folders, or files, which are then readable too. */
  write?: readonly string[];
  /** `HOST:PORT`, or `HOST` for every port of it; "any" for addresses that a server names later. */
  net?: readonly string[] | "any";
  /** Names of the environment. */
  env?: readonly string[];
  /** Kinds of facts about the machine, such as `hostname`; "any" for all of them. */
  sys?: readonly string[] | "any";
  run?: readonly string[];
  /** Whether names of the environment that are not in `env` read as unset, instead of as an error. */
  ignoresEnv?: boolean;
}

/** How an adapter is opened. */
export interface OpenHooks {
  /** Keeps an embedded engine in a thread of its own, for a process that answers requests. */
  inThread?: boolean;
  /** Opens only what is there, for a command that reads: a name that was misspelt must not make anything. */
  mustExist?: boolean;
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
  readonly example: string;
  /** Tells it from other engines of the same scheme; the first of these is the default. */
  readonly client?: string;
  /** `import.meta.url`: only files beside it, or below, import `packages`. */
  readonly home: string;
  readonly packages: readonly string[];
  /** What the process needs to reach it; a URL that is wrong is not an error here. */
  permissions(url: string, around: Surroundings): Permissions;
  open(url: string, hooks: OpenHooks): Promise<T>;
}

/** Where a process is started: what there is, and the names of its environment. */
export interface Surroundings {
  isThere(path: string): boolean;
  read(name: string): string | undefined;
}

/**
 * What an address asks for, by the reader that the adapter uses; nothing for an address that it refuses, since the command
 * says why before it connects.
 *
 * @param permissions Reads the address; a RangeError or TypeError is a refusal.
 */
export function asReadable(permissions: () => Permissions): Permissions {
  try {
    return permissions();
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return {};
    throw error;
  }
}

/** Host and port as `--allow-net` takes them. */
export function netOf({ host, port }: { host: string; port: number }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/**
 * Checks that an embedded database is there, for a command that reads it.
 *
 * @param what Names the database in the error.
 * @throws Error where there is no file.
 */
export async function checkDatabase(path: string, what: string, { mustExist }: OpenHooks): Promise<void> {
  // Whatever else is wrong with the path is said where it is opened.
  const isThere = await Deno.stat(path).then(() => true, (error) => !(error instanceof Deno.errors.NotFound));
  if (mustExist && !isThere) {
    throw new Error(`Cannot open the embedded ${what} at ${path}: there is no such file`);
  }
}

/** What an embedded database needs: its file alone, or its folder where that is to be made. */
export function databasePermissions(path: string, { isThere }: Surroundings): Permissions {
  const folder = dirname(path);
  return { write: [isThere(folder) ? path : folder] };
}
