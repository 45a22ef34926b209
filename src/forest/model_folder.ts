/**
 * Makes the folder of a model where it is absent and tries that a file can be written there: before a long training, not
 * after it.
 *
 * @param directory Path of the folder. Throws Error where it is no folder, cannot be made or cannot be written.
 *
 * @example
 * ```ts
 * import { assertRejects } from "../testing/assert.ts";
 * import { makeModelFolder } from "./model_folder.ts";
 *
 * const file = await Deno.makeTempFile();
 * await assertRejects(() => makeModelFolder(`${file}/model`), Error, "must be a folder that can be written");
 * await Deno.remove(file);
 * ```
 */
export async function makeModelFolder(directory: string): Promise<void> {
  const tried = `${directory}/${crypto.randomUUID().slice(0, 8)}.part`;
  try {
    await Deno.mkdir(directory, { recursive: true });
    await Deno.writeFile(tried, new Uint8Array(1), { createNew: true });
    await Deno.remove(tried);
  } catch (cause) {
    throw new Error(
      `Cannot save the model as ${JSON.stringify(directory)} must be a folder that can be written: ${
        (cause as Error).message
      }`,
      { cause },
    );
  }
}
