import { jsonFormat } from "../formats/json.ts";
import type { RecordFormat } from "../formats/format.ts";
import { msgpackFormat } from "../formats/msgpack.ts";
import { registeredFormat, schemaFormat, type SchemaSource } from "../formats/registered.ts";
import type { StreamDefinition } from "./definition.ts";

/** What a definition's format needs from outside. */
export interface FormatParts {
  /** Opens the registry at a URL. */
  openRegistry(url: string): Promise<SchemaSource>;
  /** Reads a schema file; the name is relative to the definition. */
  readSchema(file: string): Promise<string>;
}

/** Opens the format that a definition names. */
export async function openFormat({ format }: StreamDefinition, parts: FormatParts): Promise<RecordFormat> {
  if (format === "json" || format === "msgpack") return FORMATS[format];
  if (!("registry" in format || "schema" in format)) return FORMATS[format.type as keyof typeof FORMATS];
  const { type, registry, schema } = format;
  if (registry !== undefined) return registeredFormat(type, await parts.openRegistry(registry));
  if (type === "json-schema") return jsonFormat;
  return schemaFormat(
    type,
    await parts.readSchema(schema!),
    type === "protobuf" ? format.message : undefined,
  );
}

const FORMATS = { json: jsonFormat, msgpack: msgpackFormat };
