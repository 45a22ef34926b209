import { DEFAULTS } from "../../../src/config.ts";

/** What {@link modelPlace} asks of its surroundings. */
export interface ModelPlaceOptions {
  /** Whether this is a compiled program; what Deno says by default. */
  isStandalone?: boolean;
  /** Whether there is such a file; the file system says by default. */
  hasFile?: (path: string) => boolean;
}

/**
 * Where a model is: the folder; in a compiled program without a model in the default folder, the default model in it.
 *
 * @param folder What flags and environment say.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../../src/testing/assert.ts";
 * import { modelPlace } from "./model_place.ts";
 *
 * assertEquals(modelPlace("some/folder"), "some/folder");
 * ```
 */
export function modelPlace(folder: string, options: ModelPlaceOptions = {}): string | URL {
  const { isStandalone = Deno.build.standalone, hasFile = isFile } = options;
  if (!isStandalone || folder !== DEFAULTS.model || hasFile(`${folder}/forest.json`)) return folder;
  return new URL("../../../model/", import.meta.url);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
