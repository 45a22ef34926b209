/** Files in which the processes of this checkout share the servers' state. */

/** Reads a JSON file; undefined if there is none. Throws a SyntaxError if it is broken. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * Runs `work` while no other process, and no other call in this one, holds the lock file at `path`.
 *
 * The lock belongs to the open file, so it ends with the process that holds it, however that ends.
 */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  using file = await Deno.open(path, { create: true, write: true });
  await file.lock(true);
  try {
    return await work();
  } finally {
    await file.unlock();
  }
}
