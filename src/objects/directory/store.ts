/**
 * An object store in a directory: one file an object, under the same keys as in a bucket.
 *
 * @module
 */
import { dirname, join, relative, resolve, sep as SEPARATOR } from "node:path";
import { DeliveryError } from "../../runtime/delivery_error.ts";
import { DurableFolders } from "./durable_folders.ts";
import { type ObjectStore, StoreAbsentError } from "../objects.ts";

/**
 * Opens a directory as an object store; `make` makes it.
 *
 * An object is written to a temporary file beside its place, flushed to disk, and linked under its key, so a reader
 * sees it whole or not at all, and an existing one stays as it is. Its name and its folders are on the disk too before `put`
 * says that it is there (not on Windows, where a folder cannot be flushed).
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { openDirectory } from "./store.ts";
 *
 * await using store = openDirectory(`${Deno.makeTempDirSync()}/objects`);
 * await store.make();
 * await store.put("a/b.txt", new Uint8Array([1]), { sha256: "…" });
 * assertEquals(await store.get("a/b.txt"), new Uint8Array([1]));
 * ```
 */
export function openDirectory(path: string): ObjectStore {
  return new Directory(resolve(path));
}

class Directory implements ObjectStore {
  readonly #root: string;
  readonly #folders: DurableFolders;
  readonly name: string;
  readonly concurrentPuts = CONCURRENT_PUTS;

  constructor(root: string) {
    this.#root = root;
    this.#folders = new DurableFolders(root);
    this.name = `file:${root}`;
  }

  async put(key: string, bytes: Uint8Array): Promise<"created" | "exists"> {
    const path = this.#path(key);
    try {
      return await this.#put(path, bytes).catch(async (error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
        if (!await this.isThere()) throw new StoreAbsentError(this.name, error);
        // Somebody removed a folder, or made the root in this moment.
        this.#folders.forget();
        return await this.#put(path, bytes);
      });
    } catch (cause) {
      this.#folders.forget();
      if (cause instanceof StoreAbsentError) throw cause;
      throw new DeliveryError(
        `Cannot write the object ${key} under ${this.#root}: ${(cause as Error).message}`,
        {
          retriable: !(cause instanceof Deno.errors.NotCapable),
          cause,
        },
      );
    }
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    try {
      return await Deno.readFile(this.#path(key));
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  async *list(prefix: string): AsyncIterable<string> {
    const folder = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    const keys: string[] = [];
    for await (const key of this.#walk(join(this.#root, folder))) if (key.startsWith(prefix)) keys.push(key);
    yield* keys.sort();
  }

  async delete(key: string): Promise<void> {
    await Deno.remove(this.#path(key)).catch(ignoreAbsent);
  }

  async make(): Promise<void> {
    await Deno.mkdir(this.#root, { recursive: true });
  }

  async isThere(): Promise<boolean> {
    return await Deno.stat(this.#root).then(() => true, absentIsFalse);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  async #put(path: string, bytes: Uint8Array): Promise<"created" | "exists"> {
    const folder = dirname(path);
    const { made, named } = this.#folders.make(folder);
    await made;
    const isCreated = await this.#write(join(folder, `${TEMPORARY}${crypto.randomUUID()}`), bytes, path);
    // Where it exists, whoever linked it may have been killed before this.
    await Promise.all([named, this.#folders.flush(folder)]);
    return isCreated ? "created" : "exists";
  }

  /** Writes a file whole or not at all, through a temporary one beside it; false where the path is taken. */
  async #write(temporary: string, bytes: Uint8Array, path: string): Promise<boolean> {
    try {
      using file = await Deno.open(temporary, { write: true, createNew: true, mode: 0o600 });
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      await file.sync();
      // A link, unlike a rename, fails where the key is taken.
      return await Deno.link(temporary, path).then(() => true, takenIsFalse);
    } finally {
      await Deno.remove(temporary).catch(ignoreAbsent);
    }
  }

  async *#walk(folder: string): AsyncIterable<string> {
    try {
      for await (const entry of Deno.readDir(folder)) {
        const path = join(folder, entry.name);
        if (entry.isDirectory) yield* this.#walk(path);
        else if (!entry.name.startsWith(TEMPORARY)) {
          yield relative(this.#root, path).replaceAll(SEPARATOR, "/");
        }
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  #path(key: string): string {
    const path = resolve(this.#root, key);
    if (key === "" || !path.startsWith(this.#root + SEPARATOR)) {
      throw new RangeError(
        `Cannot use an object key as it must name a file in the store: current value is "${key}"`,
      );
    }
    return path;
  }
}

/** Several times the threads that Deno has for files (32), so that none of these goes to sleep and is woken for each call. */
const CONCURRENT_PUTS = 128;
const TEMPORARY = ".writing-";

function takenIsFalse(error: unknown): false {
  if (error instanceof Deno.errors.AlreadyExists) return false;
  throw error;
}

function absentIsFalse(error: unknown): false {
  ignoreAbsent(error);
  return false;
}

function ignoreAbsent(error: unknown) {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
