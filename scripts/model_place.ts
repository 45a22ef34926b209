import { DEFAULTS } from "../src/config.ts";

/**
 * Where a model is: the folder, or in a compiled program the default model that lies in it.
 *
 * @param folder What flags and environment say.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../src/testing/assert.ts";
 * import { modelPlace } from "./model_place.ts";
 *
 * assertEquals(modelPlace("some/folder"), "some/folder");
 * ```
 */
export function modelPlace(folder: string): string | URL {
  return Deno.build.standalone && folder === DEFAULTS.model ? new URL("../model/", import.meta.url) : folder;
}
