/** A folder that is removed when it is disposed of. */
export interface BenchFolder extends AsyncDisposable {
  /** Its path from the project's folder. */
  readonly path: string;
}

/**
 * Makes a folder below the project's own, which the project ignores; disposing of it removes it.
 */
export async function makeFolder(): Promise<BenchFolder> {
  await Deno.mkdir(".edgewood", { recursive: true });
  const path = await Deno.makeTempDir({ dir: ".edgewood", prefix: "bench-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
