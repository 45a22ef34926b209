import { z } from "zod";
import { parsePath } from "./path.ts";

/** What is wrong with a path, as zod wants it. */
const pathText = z.string().check((context) => {
  try {
    parsePath(context.value);
  } catch (error) {
    context.issues.push({ code: "custom", input: context.value, message: (error as Error).message });
  }
}).describe(
  "Path to a value: names and indexes, as in payment.lines[0].price; $. begins at the whole record",
);

const origin = {
  path: pathText.optional(),
  header: z.string().min(1).optional().describe("Name of a record header"),
  key: z.literal(true).optional().describe("The record's key as text"),
  record_time: z.literal(true).optional().describe("The time that the broker has for the record"),
};

const ORIGINS = ["path", "header", "key", "record_time"] as const;

/** Exactly one of the places that a value can come from. */
function oneOrigin(field: Partial<Record<typeof ORIGINS[number], unknown>>): boolean {
  return ORIGINS.filter((name) => field[name] !== undefined).length === 1;
}

const ONE_ORIGIN = `must have exactly one of ${ORIGINS.join(", ")}`;
const scalar = z.union([z.string(), z.number(), z.boolean()]);

/** A field by its path alone, or with how its value is read. */
const fieldOf = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.union([pathText, z.strictObject({ ...origin, ...shape }).refine(oneOrigin, ONE_ORIGIN)]);

const idField = fieldOf({ default: z.string().min(1).optional() });
const codeField = fieldOf({
  default: z.string().min(1).optional(),
  case: z.enum(["upper", "lower"]).optional().describe("Change the text's case before it is looked up"),
  map: z.record(z.string(), z.string()).optional().describe("What each value of the record means here"),
});
const amountField = fieldOf({
  unit: z.enum(["major", "minor"]).default("major").describe(
    "major: 12.34 is 12.34; minor: 1234 is 12.34, by the minor units of the currency",
  ),
  sign: z.enum(["positive", "negative"]).default("positive").describe(
    "The sign that payments have in the records",
  ),
});
const timeField = fieldOf({
  unit: z.enum(["rfc3339", "s", "ms", "us", "ns", "local"]).optional().describe(
    "What numbers count since 1970, or how text is written; default: RFC 3339 text or milliseconds",
  ),
  zone: z.string().optional().describe("Zone of local times, as Europe/Amsterdam"),
  pattern: z.string().optional().describe(
    "How local times are written, of yyyy MM dd HH mm ss SSS and other letters as they stand",
  ),
}).superRefine((field, context) => {
  if (typeof field === "string") return;
  const isLocal = field.unit === "local";
  if (isLocal !== (field.zone !== undefined)) {
    context.addIssue({
      code: "custom",
      path: ["zone"],
      message: "must be given with unit: local, and only then",
    });
  }
  if (field.pattern !== undefined && !isLocal) {
    context.addIssue({ code: "custom", path: ["pattern"], message: "needs unit: local" });
  }
  if (field.zone !== undefined && !isZone(field.zone)) {
    context.addIssue({
      code: "custom",
      path: ["zone"],
      message: `must be a time zone such as Europe/Amsterdam: current value is "${field.zone}"`,
    });
  }
});

const condition = z.strictObject({
  ...origin,
  equals: scalar.nullable().optional(),
  not_equals: scalar.nullable().optional(),
  one_of: z.array(scalar.nullable()).min(1).optional(),
  exists: z.boolean().optional(),
  above: z.number().optional(),
  below: z.number().optional(),
}).refine(oneOrigin, ONE_ORIGIN).refine(
  ({ equals, not_equals, one_of, exists, above, below }) =>
    [equals, not_equals, one_of, exists, above, below].some((test) => test !== undefined),
  "must have at least one of equals, not_equals, one_of, exists, above, below",
);

const registry = {
  registry: z.url({ protocol: /^https?$/ }).optional().describe(
    "URL of the schema registry; SCHEMA_REGISTRY_USER and _PASSWORD, or _TOKEN, of the environment sign in",
  ),
  schema: z.string().min(1).optional().describe("File of the schema, for records without a registry's frame"),
};

const format = z.union([
  z.enum(["json", "msgpack"]),
  z.strictObject({ type: z.literal("json") }),
  z.strictObject({ type: z.literal("msgpack") }),
  z.strictObject({ type: z.literal("json-schema"), ...registry }),
  z.strictObject({ type: z.literal("avro"), ...registry }),
  z.strictObject({
    type: z.literal("protobuf"),
    ...registry,
    message: z.string().min(1).optional().describe("Full name of the message type in the schema file"),
  }),
]).superRefine((value, context) => {
  if (typeof value === "string" || !("registry" in value || "schema" in value)) {
    if (typeof value === "object" && value.type !== "json" && value.type !== "msgpack") {
      context.addIssue({ code: "custom", message: `${value.type} needs registry or schema` });
    }
    return;
  }
  if ((value.registry === undefined) === (value.schema === undefined)) {
    context.addIssue({ code: "custom", message: `${value.type} needs either registry or schema` });
  }
});

const keep = z.union([
  z.literal("all"),
  z.array(pathText),
  z.strictObject({ without: z.array(pathText) }),
]);

/** The file that says how records of a stream are read; every name in it is snake_case. */
export const definitionSchema = z.strictObject({
  version: z.literal(1),
  format: format.default("json"),
  tombstones: z.enum(["pass", "dead-letter"]).default("pass").describe(
    "What becomes of records without a value",
  ),
  unwrap: z.union([z.enum(["debezium", "cloudevents", "connect"]), z.strictObject({ path: pathText })])
    .optional()
    .describe("Where the transaction lies in the record"),
  where: z.array(condition).default([]).describe("All must hold, or the record is passed over"),
  fields: z.strictObject({
    transaction_id: idField.optional().describe("Default: topic/partition/offset"),
    customer_id: idField,
    terminal_id: idField.optional().describe("Left out: the stream has no terminals"),
    amount: amountField,
    currency: codeField.optional(),
    timestamp: timeField,
    merchant_category: codeField.optional(),
    country: codeField.optional(),
    channel: codeField.optional(),
  }),
  negative: z.enum(["dead-letter", "pass", "absolute"]).default("dead-letter").describe(
    "Refunds: a dead letter, passed over, or scored by their absolute amount",
  ),
  zero: z.enum(["dead-letter", "pass"]).default("dead-letter").describe("Amounts of 0, as of card checks"),
  keep: keep.default("all").describe("Fields that flagged records, objects and alerts show"),
});

/** How the records of a stream are read. */
export type StreamDefinition = z.infer<typeof definitionSchema>;
/** As it is written, with defaults left out. */
export type WrittenDefinition = z.input<typeof definitionSchema>;
/** A condition of `where`. */
export type Condition = StreamDefinition["where"][number];
/** The name of a format. */
export type FormatType = "json" | "msgpack" | "json-schema" | "avro" | "protobuf";

/** The schema of definitions as JSON Schema, for editors. */
export function definitionJsonSchema(): Record<string, unknown> {
  return z.toJSONSchema(definitionSchema, { io: "input" }) as Record<string, unknown>;
}

function isZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return true;
  } catch {
    return false;
  }
}
