/**
 * Removes a file, or a folder with all that is in it; nothing happens where there is none.
 *
 * @throws Error where it cannot be removed.
 *
 * @example
 * ```ts
 * import { removeIfThere } from "./remove_if_there.ts";
 *
 * await removeIfThere(`${Deno.makeTempDirSync()}/absent`);
 * ```
 */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Removes the files of an SQLite database, those of its write-ahead log included, where they are there. */
export async function removeDatabase(path: string): Promise<void> {
  for (const suffix of ["", "-wal", "-shm"]) await removeIfThere(path + suffix);
}
