import { encodeForest } from "./binary.ts";
import { formatManifest, type Model } from "./manifest.ts";
import { sha256Hex } from "../runtime/sha256.ts";

/**
 * Writes a model into a folder: `forest.bin`, `README.md` (the card) and, last, `forest.json`.
 *
 * Each file is written under another name, flushed and renamed, so readers never see half a file. forest.json holds the
 * hash of forest.bin: a reader that comes between the two gets an error, not a mixture of two models.
 *
 * @param directory Path of the folder, made if absent.
 * @param card Text of README.md.
 * @throws TypeError if the manifest does not describe the forest; Error if the folder cannot be written.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { loadModel } from "./load.ts";
 * import { createModel } from "./model.ts";
 * import { saveModel } from "./save.ts";
 * import { trainForest } from "../training/train.ts";
 *
 * const forest = trainForest({ rows: Float32Array.of(1, 2, 3), nFeatures: 1 });
 * const features = [{ name: "amount" }];
 * const model = await createModel({ kind: "table", trainer: "edgewood", features, threshold: 0.6 }, forest);
 * const directory = await Deno.makeTempDir();
 * await saveModel(directory, model, "# Amounts\n");
 * assertEquals(await loadModel(directory), model);
 * await Deno.remove(directory, { recursive: true });
 * ```
 */
export async function saveModel(directory: string, model: Model, card: string): Promise<void> {
  const encoder = new TextEncoder();
  const bytes = encodeForest(model.forest);
  const manifest = encoder.encode(formatManifest(model.manifest));
  const [found, expected] = [await sha256Hex(bytes), model.manifest.forest.sha256];
  if (found !== expected) {
    throw new TypeError(
      `Cannot save the model as its forest must have the SHA-256 that its manifest names, ${expected}: ` +
        `current value is ${found}`,
    );
  }
  try {
    await Deno.mkdir(directory, { recursive: true });
    await replaceFile(`${directory}/forest.bin`, bytes);
    await replaceFile(`${directory}/README.md`, encoder.encode(card));
    await replaceFile(`${directory}/forest.json`, manifest);
  } catch (cause) {
    throw new Error(
      `Cannot save the model as ${directory} must be a folder that can be written: ${
        (cause as Error).message
      }`,
      { cause },
    );
  }
}

/**
 * Makes the folder of a model and tests that files can be written there, before a long training instead of after it.
 *
 * @param directory Path of the folder, made if absent.
 * @throws Error if it is not a folder, cannot be made or cannot be written.
 *
 * @example
 * ```ts
 * import { assertRejects } from "../testing/assert.ts";
 * import { makeModelFolder } from "./save.ts";
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

/** Replaces a file as a whole, or leaves the old one. */
async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID().slice(0, 8)}.part`;
  try {
    {
      using file = await Deno.open(temporary, { write: true, createNew: true });
      for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
      await file.sync();
    }
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch((cause) => {
      if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    });
    throw error;
  }
}
