import type { RecordBatch } from "../../broker/broker.ts";
import { valueOf } from "../../broker/record_batch.ts";
import { TransactionError } from "../../domain/transaction.ts";
import { decodeJsonObject } from "../json.ts";
import { avroReader, type Read } from "./avro.ts";
import { Cursor } from "./cursor.ts";
import type { RecordFormat } from "./format.ts";
import { type ProtobufTypes, protobufTypes } from "./protobuf.ts";

/** A schema as a registry has it, with those that it refers to. */
export interface RegisteredSchema {
  type: "AVRO" | "PROTOBUF" | "JSON";
  schema: string;
  /** `name` is how the schema refers to it: a full name in Avro, the file of an import in Protobuf. */
  references: readonly { name: string; schema: RegisteredSchema }[];
}

/** Where schemas come from. */
export interface SchemaSource {
  /**
   * The schema of an id; null if the registry says that it has none.
   *
   * @throws Error where the registry cannot be asked; the caller asks again.
   */
  schema(id: number): Promise<RegisteredSchema | null>;
}

/** Names of the formats that have a schema. */
export type SchemaFormat = "avro" | "protobuf" | "json-schema";

/** First byte of a record with a schema id in front (Confluent's wire format), then the id, 4 bytes big-endian. */
const MAGIC = 0;
const HEAD_BYTES = 5;
const TYPE_OF: Readonly<Record<SchemaFormat, RegisteredSchema["type"]>> = {
  "avro": "AVRO",
  "protobuf": "PROTOBUF",
  "json-schema": "JSON",
};

/** Reads what follows the id. */
type ReadBody = (bytes: Uint8Array) => unknown;

/**
 * Records that begin with the id of their schema in a registry; each is read by the schema that it was written with.
 *
 * An id that the registry does not know makes its records faulty, `unknown-schema`; a registry that cannot be asked makes
 * `prepare` throw.
 */
export function registeredFormat(format: SchemaFormat, source: SchemaSource): RecordFormat {
  const readers = new Map<number, ReadBody | TransactionError>();
  return {
    async prepare(batch: RecordBatch) {
      for (let i = 0; i < batch.count; i++) {
        const value = valueOf(batch, i);
        const id = value === null ? undefined : schemaId(value);
        if (id === undefined || readers.has(id)) continue;
        readers.set(id, readerOf(format, id, await source.schema(id)));
      }
    },
    read(bytes) {
      const value = notEmpty(bytes);
      const id = schemaId(value);
      if (id === undefined) throw new TransactionError("wrong-format", noFrame(format, value));
      const reader = readers.get(id);
      if (reader === undefined) {
        throw new Error(`Cannot read the record as schema ${id} must be loaded before: it is not`);
      }
      if (reader instanceof TransactionError) throw reader;
      return reading(format, () => reader(value.subarray(HEAD_BYTES)));
    },
  };
}

/**
 * Records without an id in front, all written with one schema.
 *
 * @param message Full name of the message type; only Protobuf needs it.
 * @throws Error where the schema cannot be read.
 */
export function schemaFormat(format: "avro" | "protobuf", schema: string, message?: string): RecordFormat {
  const read = format === "avro"
    ? avroBody(avroReader(JSON.parse(schema)))
    : message === undefined
    ? protobufTypes(schema).byIndex([0])
    : protobufTypes(schema).byName(message);
  return { read: (bytes) => reading(format, () => read(notEmpty(bytes))) };
}

/** The id of a record's schema, or undefined where the record does not begin with one. */
export function schemaId(value: Uint8Array): number | undefined {
  if (value.length < HEAD_BYTES || value[0] !== MAGIC) return undefined;
  return (value[1] << 24 | value[2] << 16 | value[3] << 8 | value[4]) >>> 0;
}

function readerOf(
  format: SchemaFormat,
  id: number,
  schema: RegisteredSchema | null,
): ReadBody | TransactionError {
  if (schema === null) return unknownSchema(id, "the registry does not have it");
  if (schema.type !== TYPE_OF[format]) {
    return unknownSchema(id, `it is of type ${schema.type}, not ${TYPE_OF[format]}`);
  }
  try {
    if (format === "json-schema") return (bytes) => decodeJsonObject(bytes).source;
    if (format === "protobuf") return protobufBody(protobufTypes(schema.schema, importsOf(schema)));
    const named = new Map<string, Read>();
    for (const { schema: referred } of flat(schema)) avroReader(JSON.parse(referred.schema), named);
    return avroBody(avroReader(JSON.parse(schema.schema), named));
  } catch (error) {
    return unknownSchema(id, (error as Error).message);
  }
}

function unknownSchema(id: number, why: string): TransactionError {
  return new TransactionError(
    "unknown-schema",
    `Cannot read the record as schema ${id} cannot be used: ${why}`,
  );
}

/** What a schema refers to, directly or not, the deepest first. */
function flat(schema: RegisteredSchema): RegisteredSchema["references"][number][] {
  return schema.references.flatMap((each) => [...flat(each.schema), each]);
}

function importsOf(schema: RegisteredSchema) {
  return flat(schema).map(({ name, schema: { schema: text } }) => ({ name, schema: text }));
}

function avroBody(read: Read): ReadBody {
  return (bytes) => {
    const cursor = new Cursor(bytes, 0);
    const value = read(cursor);
    if (cursor.remaining > 0) {
      throw new RangeError(`${cursor.remaining} bytes are left behind what the schema says`);
    }
    return value;
  };
}

/** Confluent's Protobuf body: the path to the message type in its file, then the message. */
function protobufBody(types: ProtobufTypes): ReadBody {
  const readers = new Map<string, ReadBody>();
  return (bytes) => {
    const cursor = new Cursor(bytes, 0);
    // The path [0], by far the most frequent, is written as a count of 0.
    const count = cursor.count();
    const index = count === 0
      ? [0]
      : Array.from({ length: Math.min(count, bytes.length) }, () => cursor.count());
    const name = index.join();
    let read = readers.get(name);
    if (read === undefined) readers.set(name, read = types.byIndex(index));
    return read(cursor.bytes(cursor.remaining));
  };
}

function notEmpty(bytes: Uint8Array | null): Uint8Array {
  if (bytes !== null && bytes.length > 0) return bytes;
  throw new TransactionError("empty", "Cannot read the record as it must have a value: it is empty");
}

function reading(format: SchemaFormat, read: () => unknown): unknown {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof TransactionError) throw cause;
    const message = `Cannot read the record as it must be ${format} by its schema: ${
      (cause as Error).message
    }`;
    throw new TransactionError("wrong-format", message, { cause });
  }
}

function noFrame(format: SchemaFormat, value: Uint8Array): string {
  const first = Array.from(value.subarray(0, 4), (byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return `Cannot read the record as it must be ${format} with a schema id in front (a byte 0, then 4 bytes): it begins ` +
    `with ${first}; without a registry, give the definition a schema file`;
}
