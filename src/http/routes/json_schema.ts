import { z } from "zod";
import type { JsonSchema } from "./route.ts";

/**
 * What `/openapi.json` says of a schema: JSON Schema as OpenAPI 3.1 has it.
 *
 * @param schema A schema of zod; where it changes a value, what it takes is described.
 */
export function jsonSchemaOf(schema: { readonly _zod: unknown }): JsonSchema {
  const { $schema: _version, "~standard": _standard, ...rest } = z.toJSONSchema(schema as z.ZodType, {
    io: "input",
    unrepresentable: "any",
  });
  return rest;
}
