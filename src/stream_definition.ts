/** A stream definition on disk, and the decoder that it makes: file, schema file and registry, opened together. */
import { dirname, join } from "node:path";
import { type DefinedDecoder, definedDecoder } from "./decode/definition/decoder.ts";
import type { StreamDefinition } from "./decode/definition/definition.ts";
import { openFormat } from "./decode/definition/open.ts";
import type { RecordFormat } from "./decode/formats/format.ts";
import { readDefinition } from "./decode/definition/read.ts";
import type { Decoder } from "./decode/wasm.ts";
import { openRegistry, type RegistryOptions } from "./registry/registry.ts";

/** An opened definition. */
export interface OpenedDefinition extends Disposable {
  readonly file: string;
  readonly definition: StreamDefinition;
  readonly format: RecordFormat;
  /** Makes the decoder of the stream's records; `own` is the project's, which reads labels. */
  decodeWith(own: Decoder, maxAheadMs: number): DefinedDecoder;
}

/**
 * Reads a definition file.
 *
 * @throws DefinitionError with every problem; Error where there is no such file.
 */
export async function loadDefinition(file: string): Promise<StreamDefinition> {
  return readDefinition(await readText("stream definition", file), file);
}

/**
 * Opens a definition with what its format needs; a registry is asked once, so that one that is down is found at the start.
 *
 * @throws DefinitionError, or Error where a file or the registry cannot be read.
 */
export async function openDefinition(file: string, options: RegistryOptions = {}): Promise<OpenedDefinition> {
  const definition = await loadDefinition(file);
  using opening = new DisposableStack();
  const format = await openFormat(definition, {
    openRegistry: async (url) => opening.use(await openRegistry(url, options)),
    readSchema: (schema) => readText("schema", join(dirname(file), schema)),
  });
  const opened = opening.move();
  return {
    file,
    definition,
    format,
    decodeWith: (own, maxAheadMs) => definedDecoder(definition, format, { own, maxAheadMs }),
    [Symbol.dispose]: () => opened.dispose(),
  };
}

async function readText(what: string, file: string): Promise<string> {
  try {
    return await Deno.readTextFile(file);
  } catch (cause) {
    const reason = cause instanceof Deno.errors.NotFound ? "no such file" : (cause as Error).message;
    throw new Error(`Cannot read the ${what} ${file}: ${reason}`, { cause });
  }
}
