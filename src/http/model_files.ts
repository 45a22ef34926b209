/** The files of a model as they lie in its folder. */
export interface ModelFiles {
  manifest: Uint8Array<ArrayBuffer>;
  forest: Uint8Array<ArrayBuffer>;
  /** The model card, `README.md`, if there is one. */
  card?: string;
}

/**
 * Reads the files of a model unchanged.
 *
 * @param folder Path or file URL of the folder, from which the model was loaded.
 * @throws Deno's error if a file of the model cannot be read.
 */
export async function readModelFiles(folder: string | URL): Promise<ModelFiles> {
  const place = (name: string) =>
    typeof folder === "string"
      ? `${folder}/${name}`
      : new URL(name, folder.href.endsWith("/") ? folder : `${folder.href}/`);
  const [manifest, forest] = [
    await Deno.readFile(place("forest.json")),
    await Deno.readFile(place("forest.bin")),
  ];
  try {
    return { manifest, forest, card: await Deno.readTextFile(place("README.md")) };
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { manifest, forest };
  }
}
