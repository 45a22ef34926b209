import { dirname } from "node:path";

/** A folder on its way. */
export interface MadeFolder {
  /** Settles once files can be written in it. */
  readonly made: Promise<void>;
  /** Settles once its name, and those of the folders above it, are on the disk. */
  readonly named: Promise<void>;
}

interface Flushing {
  readonly now: Promise<void>;
  /** The one that begins when it has ended, where somebody asked for it. */
  next?: Promise<void>;
}

/** Folders that are remembered at a time. */
const MOST_FOLDERS = 10_000;
const THERE: MadeFolder = { made: Promise.resolve(), named: Promise.resolve() };

/**
 * Folders below a root, whose names are on the disk when this says so; those who ask at the same time share the work.
 *
 * Making a folder and flushing one fail with the file system's own errors.
 *
 * @example
 * ```ts
 * import { DurableFolders } from "./durable_folders.ts";
 *
 * const root = Deno.makeTempDirSync();
 * const folders = new DurableFolders(root);
 * const { made, named } = folders.make(`${root}/a/b`);
 * await made;
 * await Deno.writeTextFile(`${root}/a/b/c`, "");
 * await Promise.all([named, folders.flush(`${root}/a/b`)]);
 * ```
 */
export class DurableFolders {
  readonly #root: string;
  readonly #flushFolder: (path: string) => Promise<void>;
  readonly #known = new Set<string>();
  readonly #making = new Map<string, MadeFolder>();
  readonly #flushing = new Map<string, Flushing>();

  /**
   * Knows of no folder yet.
   *
   * @param flushFolder Has the disk take the names that are in a folder when it is called.
   */
  constructor(root: string, flushFolder: (path: string) => Promise<void> = flushNames) {
    this.#root = root;
    this.#flushFolder = flushFolder;
  }

  /** Makes a folder below the root, where it is not known, with those above it; the root itself must be there. */
  make(folder: string): MadeFolder {
    if (this.#known.has(folder)) return THERE;
    const making = this.#making.get(folder) ?? this.#make(folder);
    this.#making.set(folder, making);
    return making;
  }

  /** Forgets what it knows, since somebody may have removed a folder. */
  forget(): void {
    this.#known.clear();
  }

  /** Has the disk take the names that are in a folder now. */
  flush(folder: string): Promise<void> {
    const flushing = this.#flushing.get(folder);
    if (flushing === undefined) return this.#flush(folder);
    // One that is under way may have begun before the newest names were there.
    return flushing.next ??= flushing.now.catch(() => {}).then(() => this.#flush(folder));
  }

  #flush(folder: string): Promise<void> {
    const flushing: Flushing = {
      now: this.#flushFolder(folder).finally(() => {
        if (this.#flushing.get(folder) === flushing) this.#flushing.delete(folder);
      }),
    };
    this.#flushing.set(folder, flushing);
    return flushing.now;
  }

  #make(folder: string): MadeFolder {
    const above = folder === this.#root ? undefined : dirname(folder);
    const parent = above === undefined ? THERE : this.make(above);
    // Never recursive: a root that vanished must not come back empty.
    const made = parent.made.then(() => above === undefined ? checkThere(folder) : makeFolder(folder));
    const named = made
      .then(() => Promise.all([parent.named, above === undefined ? undefined : this.flush(above)]))
      .then(() => {
        if (this.#known.size >= MOST_FOLDERS) this.#known.clear();
        this.#known.add(folder);
      })
      .finally(() => this.#making.delete(folder));
    named.catch(() => {}); // told to whoever waits for it
    return { made, named };
  }
}

async function checkThere(folder: string): Promise<void> {
  await Deno.stat(folder);
}

async function makeFolder(folder: string): Promise<void> {
  try {
    await Deno.mkdir(folder);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists) || !(await Deno.stat(folder)).isDirectory) throw error;
  }
}

async function flushNames(path: string): Promise<void> {
  // There a folder cannot be flushed.
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(path);
  await folder.sync();
}
