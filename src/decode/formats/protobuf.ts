import protobuf from "protobufjs";
import descriptor from "protobufjs/ext/descriptor/index.js";
import { decimalText } from "./decimal.ts";

/** Reads one message from bytes. */
export type ReadMessage = (bytes: Uint8Array) => unknown;

/** The message types of a schema: by Confluent's message index, or by full name. */
export interface ProtobufTypes {
  byIndex(index: readonly number[]): ReadMessage;
  byName(name: string): ReadMessage;
}

/** A file that another one imports, by the name in its import. */
export interface ProtobufImport {
  name: string;
  schema: string;
}

/**
 * Reads a Protobuf schema: text of a `.proto` file, or a serialized FileDescriptorProto in base64, as registries give both.
 *
 * Values become what `RecordFormat` says: Timestamp is a `Date`, wrappers their value, decimals text, enums names.
 *
 * @throws Error where the schema cannot be read, or an import is missing.
 */
export function protobufTypes(schema: string, imports: readonly ProtobufImport[] = []): ProtobufTypes {
  const root = new protobuf.Root();
  for (
    const name of schema.concat(...imports.map((each) => each.schema)).matchAll(
      /google\/protobuf\/(\w+)\.proto/g,
    )
  ) {
    const common = protobuf.common.get(name[0]);
    if (common?.nested) root.addJSON(common.nested);
  }
  for (const each of imports) load(root, each.schema);
  const own = load(root, schema);
  root.resolveAll();
  const readers = new Map<protobuf.Type, ReadMessage>();
  const readerOf = (type: protobuf.Type): ReadMessage => {
    let read = readers.get(type);
    if (read === undefined) readers.set(type, read = (bytes) => plainOf(type, type.decode(bytes)));
    return read;
  };
  return {
    byName: (name) => readerOf(root.lookupType(name)),
    byIndex(index) {
      let types = own;
      let type: protobuf.Type | undefined;
      for (const each of index) {
        type = types[each];
        if (type === undefined) throw new RangeError(`the schema has no message ${index.join(".")}`);
        types = type.nestedArray.filter((inner) => inner instanceof protobuf.Type);
      }
      return readerOf(type!);
    },
  };
}

/** What the extension adds to protobufjs, whose types do not say so. */
const { FileDescriptorProto } = descriptor as unknown as {
  FileDescriptorProto: { decode(bytes: Uint8Array): { package?: string; messageType?: { name: string }[] } };
};
const { fromDescriptor } = protobuf.Root as unknown as {
  fromDescriptor(set: { file: unknown[] }): protobuf.Root;
};

/** Adds a file to the root; returns its message types in the order of the file. */
function load(root: protobuf.Root, schema: string): protobuf.Type[] {
  if (/^[A-Za-z0-9+/=\s]+$/.test(schema)) {
    const bytes = Uint8Array.from(atob(schema.replace(/\s/g, "")), (char) => char.charCodeAt(0));
    const file = FileDescriptorProto.decode(bytes);
    const read = fromDescriptor({ file: [file] });
    root.addJSON(read.toJSON().nested ?? {});
    const prefix = file.package ? `${file.package}.` : "";
    return (file.messageType ?? []).map(({ name }) => root.lookupType(prefix + name));
  }
  const parsed = protobuf.parse(schema, root, { keepCase: true });
  const scope = parsed.package === undefined || parsed.package === null
    ? root
    : root.lookup(parsed.package) as protobuf.Namespace;
  // Those of imported files of the same package came before.
  const names = [...schema.replace(/\/\*[^]*?\*\/|\/\/[^\n]*/g, "").matchAll(/\bmessage\s+(\w+)/g)].map((
    [, name],
  ) => name);
  return scope.nestedArray.filter((each): each is protobuf.Type =>
    each instanceof protobuf.Type && names.includes(each.name)
  );
}

function plainOf(type: protobuf.Type, message: protobuf.Message): unknown {
  const values = message as unknown as Record<string, unknown>;
  const wellKnown = WELL_KNOWN[type.fullName];
  if (wellKnown !== undefined) return wellKnown(values);
  const plain: Record<string, unknown> = {};
  for (const field of type.fieldsArray) {
    const isSet = Object.hasOwn(values, field.name);
    if (!isSet && (field.hasPresence || field.repeated || field.map)) continue;
    plain[field.name] = valueOf(field, values[field.name]);
  }
  return plain;
}

function valueOf(field: protobuf.Field, value: unknown): unknown {
  if (field.repeated) return (value as unknown[]).map((each) => single(field, each));
  if (!field.map) return single(field, value);
  return Object.fromEntries(Object.entries(value as object).map(([key, each]) => [key, single(field, each)]));
}

function single(field: protobuf.Field, value: unknown): unknown {
  const type = field.resolvedType;
  if (type instanceof protobuf.Type) return plainOf(type, value as protobuf.Message);
  if (type instanceof protobuf.Enum) return type.valuesById[value as number] ?? value;
  return plainNumber(value);
}

/** 64-bit numbers as numbers, or bigints beyond 2^53. */
function plainNumber(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  const big = BigInt(String(value));
  return Number.isSafeInteger(Number(big)) ? Number(big) : big;
}

const wrapped = ({ value }: Record<string, unknown>) => plainNumber(value);

const WELL_KNOWN: Readonly<Record<string, (values: Record<string, unknown>) => unknown>> = {
  ".google.protobuf.Timestamp": ({ seconds, nanos }) =>
    new Date(Number(seconds ?? 0) * 1000 + Math.floor(Number(nanos ?? 0) / 1e6)),
  ...Object.fromEntries(
    ["Double", "Float", "Int64", "UInt64", "Int32", "UInt32", "Bool", "String", "Bytes"]
      .map((name) => [`.google.protobuf.${name}Value`, wrapped]),
  ),
  ".google.type.Decimal": ({ value }) => value,
  ".confluent.type.Decimal": ({ value, scale }) => decimalText(value as Uint8Array, Number(scale ?? 0)),
};
