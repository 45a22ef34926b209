import { encodeForest } from "./binary.ts";
import { formatManifest, type Model } from "./manifest.ts";
import { sha256Hex } from "../runtime/sha256.ts";

/**
 * Writes a model into a folder: `forest.bin`, `README.md` (the card) and, last, `forest.json`.
 *
 * Each file is written beside its place, flushed and renamed into it, so no file is ever seen half. forest.json names the
 * hash of forest.bin: a reader that comes in between gets an error and not a mixture of two models.
 *
 * @param directory Path of the folder; made where absent.
 * @param model Throws TypeError where its manifest does not describe its forest.
 * @param card Text of README.md.
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

/** Puts a whole file in the place of `path`, or leaves what is there. */
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
