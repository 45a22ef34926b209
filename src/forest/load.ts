import { decodeForest } from "./binary.ts";
import { checkForest } from "./check.ts";
import { describeProblems, FORMAT_VERSION, type Manifest, manifestSchema, type Model } from "./manifest.ts";
import { sha256Hex } from "../runtime/sha256.ts";

/** The folder as a URL-or-path prefix to which a file name is appended. */
function locate(directory: string | URL): (name: string) => string | URL {
  if (typeof directory === "string") return (name) => `${directory}/${name}`;
  const base = directory.href.endsWith("/") ? directory.href : `${directory.href}/`;
  return (name) => new URL(name, base);
}

async function readFile(place: string | URL, name: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(place);
  } catch (cause) {
    const isAbsent = cause instanceof Deno.errors.NotFound;
    throw new Error(
      isAbsent
        ? `Cannot load the model: there is no ${name} at ${place}; deno task train --out DIR makes a model`
        : `Cannot load the model: ${name} at ${place} cannot be read: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function parseManifest(bytes: Uint8Array): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new RangeError(`Cannot load the model as forest.json must be JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
  const version = (json as { formatVersion?: unknown } | null)?.formatVersion;
  if (version !== FORMAT_VERSION) {
    throw new RangeError(
      `Cannot load the model as the formatVersion of forest.json must be ${FORMAT_VERSION}: ` +
        `current value is ${JSON.stringify(version)}`,
    );
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    throw new RangeError(
      `Cannot load the model as forest.json must match its schema: ${describeProblems(parsed.error)}`,
      { cause: parsed.error },
    );
  }
  return parsed.data;
}

/**
 * Reads a model from its folder and checks it before anything else sees it: schema, sizes, SHA-256, counts, and every
 * node with `checkForest`.
 *
 * @param directory Path or file URL of the folder that holds forest.json and forest.bin; inside a compiled program a
 *   URL relative to `import.meta.url`. Throws Error where a file can't be read and RangeError where one is truncated,
 *   altered, of another format or does not fit the other.
 *
 * @example
 * ```ts
 * import { assertRejects } from "../testing/assert.ts";
 * import { loadModel } from "./load.ts";
 *
 * await assertRejects(() => loadModel("no/such/folder"), Error, "there is no forest.json");
 * ```
 */
export async function loadModel(directory: string | URL): Promise<Model> {
  const place = locate(directory);
  const manifestBytes = await readFile(place("forest.json"), "forest.json");
  const manifest = parseManifest(manifestBytes);
  const bytes = await readFile(place("forest.bin"), "forest.bin");
  const agree = (what: string, expected: unknown, found: unknown): void => {
    if (expected === found) return;
    throw new RangeError(
      `Cannot load the model as ${what} must be ${expected}, as forest.json says: current value is ${found}`,
    );
  };
  const { trees, nodes, byteLength, sha256 } = manifest.forest;
  agree("the size of forest.bin in bytes", byteLength, bytes.length);
  agree("the SHA-256 of forest.bin", sha256, await sha256Hex(bytes));
  const forest = decodeForest(bytes);
  agree("the number of trees in forest.bin", trees, forest.treeStart.length - 1);
  agree("the number of nodes in forest.bin", nodes, forest.feature.length);
  agree("maxSamples in forest.bin", manifest.maxSamples, forest.maxSamples);
  agree("the number of columns in forest.bin", manifest.features.length, forest.nFeatures);
  checkForest(forest);
  return { manifest, forest, sha256: await sha256Hex(manifestBytes) };
}
