/**
 * `deno task build`: compiles assembly/ to build/edgewood.wasm by asconfig.json, if its sources changed.
 *
 * @module
 */
import { Command } from "commander";
import { sha256Hex } from "../../src/runtime/sha256.ts";
import { runAsProgram } from "../cli/run_command.ts";

/** What build/edgewood.json says about the module beside it: SHA-256 of its sources and of its bytes, in hex. */
interface BuildRecord {
  sources: string;
  module: string;
}

/**
 * Compiles a project's assembly/ to build/edgewood.wasm, unless the module there was made from the same sources.
 *
 * Files are replaced whole, so builds at the same time and readers see the old or the new module, never a part.
 *
 * @param root Folder of the project, with `assembly/`, `asconfig.json` and `deno.json`; its URL ends with a slash.
 * @param force Whether to compile even if nothing changed.
 * @returns Size of a module that was compiled, in bytes; nothing if it was up to date.
 * @throws Error with the compiler's messages if the sources do not compile; the old module then stays.
 */
export async function buildModule(root: URL, force = false): Promise<number | undefined> {
  const outFile = new URL("build/edgewood.wasm", root);
  const recordFile = new URL("build/edgewood.json", root);
  const sources = await hashSources(root);
  if (!force && await isUpToDate(outFile, recordFile, sources)) return undefined;
  const module = await compile(root);
  await Deno.mkdir(new URL("build/", root), { recursive: true });
  await replaceFile(outFile, module);
  const record: BuildRecord = { sources, module: await sha256Hex(module) };
  await replaceFile(recordFile, new TextEncoder().encode(JSON.stringify(record, null, 2) + "\n"));
  return module.length;
}

/** SHA-256 over the names and contents of all that decides the module's bytes, the compiler's version included. */
async function hashSources(root: URL): Promise<string> {
  const names = await sourcesBelow(root, "assembly");
  const texts = await Promise.all(
    ["asconfig.json", ...names.sort()].map(async (
      name,
    ) => [name, await Deno.readTextFile(new URL(name, root))]),
  );
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  return await sha256Hex(new TextEncoder().encode(JSON.stringify([imports["assemblyscript/asc"], texts])));
}

async function sourcesBelow(root: URL, folder: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(`${folder}/`, root))) {
    if (isDirectory) names.push(...await sourcesBelow(root, `${folder}/${name}`));
    else if (name.endsWith(".ts")) names.push(`${folder}/${name}`);
  }
  return names;
}

async function isUpToDate(outFile: URL, recordFile: URL, sources: string): Promise<boolean> {
  try {
    const record: BuildRecord = JSON.parse(await Deno.readTextFile(recordFile));
    return record.sources === sources && record.module === await sha256Hex(await Deno.readFile(outFile));
  } catch (error) {
    // Never built, or a record that was cut off: build anew.
    if (error instanceof Deno.errors.NotFound || error instanceof SyntaxError) return false;
    throw error;
  }
}

async function compile(root: URL): Promise<Uint8Array<ArrayBuffer>> {
  const asc = await import("assemblyscript/asc");
  let module: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main(["--config", "asconfig.json", "--target", "release"], {
    readFile: (name: string) => readTextIfPresent(new URL(name, root)),
    writeFile(name: string, contents: string | Uint8Array) {
      if (name.endsWith(".wasm") && typeof contents !== "string") module = new Uint8Array(contents);
    },
    listFiles: () => null,
  });
  if (error || !module) {
    throw new Error(`Cannot build the module as assembly/ must compile: current errors are\n${stderr}`, {
      cause: error,
    });
  }
  return module;
}

async function readTextIfPresent(file: URL): Promise<string | null> {
  try {
    return await Deno.readTextFile(file);
  } catch (error) {
    // asc tries several places for an import.
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

/** Writes beside the file and renames, so that readers and builds at the same time see the old or the new bytes. */
async function replaceFile(file: URL, bytes: Uint8Array): Promise<void> {
  const temporary = new URL(`.${crypto.randomUUID()}.partial`, file);
  try {
    await Deno.writeFile(temporary, bytes);
    await Deno.rename(temporary, file);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {}); // the first error is the one to tell
    throw error;
  }
}

async function build(options: { force?: boolean }): Promise<void> {
  const startedAt = performance.now();
  const bytes = await buildModule(new URL("../../", import.meta.url), options.force);
  // The tasks that depend on it need not hear that there was nothing to do.
  if (bytes === undefined) return;
  console.error(
    `build/edgewood.wasm: ${bytes} bytes in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`,
  );
}

/** The command `build`: `--force` compiles even if nothing changed. */
export const buildCommand: Command = new Command("build")
  .description("Compile assembly/ to build/edgewood.wasm, unless it is up to date.")
  .option("--force", "compile even if nothing changed")
  .action(build);

if (import.meta.main) await runAsProgram(buildCommand);
