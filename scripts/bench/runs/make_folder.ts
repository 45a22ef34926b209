/** A folder that is removed when it is disposed of. */
export interface BenchFolder extends AsyncDisposable {
  readonly path: string;
}

/**
 * Makes a folder; disposing of it removes it.
 *
 * @param parent Folder to make it in: unless given the project's own, which the project ignores.
 */
export async function makeFolder(parent = ".edgewood"): Promise<BenchFolder> {
  await Deno.mkdir(parent, { recursive: true });
  const path = await Deno.makeTempDir({ dir: parent, prefix: "bench-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
