import type { Cursor } from "./cursor.ts";
import { decimalText } from "./decimal.ts";

/** Reads one value of a schema. */
export type Read = (cursor: Cursor) => unknown;

type Schema = string | readonly Schema[] | {
  type: Schema;
  name?: string;
  namespace?: string;
  aliases?: string[];
  fields?: readonly { name: string; type: Schema }[];
  symbols?: readonly string[];
  items?: Schema;
  values?: Schema;
  size?: number;
  logicalType?: string;
  scale?: number;
};

const DAY_MS = 86_400_000;

const PRIMITIVES: Readonly<Record<string, Read>> = {
  null: () => null,
  boolean: (cursor) => cursor.byte() !== 0,
  int: (cursor) => cursor.varint(),
  long: (cursor) => cursor.varint(),
  float: (cursor) => cursor.float(),
  double: (cursor) => cursor.double(),
  bytes: (cursor) => cursor.bytes(cursor.count()),
  string: (cursor) => cursor.text(cursor.count()),
};

/** What values of logical types become (Avro 1.12): times with a unit are `Date`, local ones text without a zone. */
const LOGICAL: Readonly<Record<string, (value: number | bigint) => unknown>> = {
  "date": (days) => new Date(Number(days) * DAY_MS),
  "timestamp-millis": (ms) => new Date(Number(ms)),
  "timestamp-micros": (us) => new Date(perMs(us, 1000n)),
  "timestamp-nanos": (ns) => new Date(perMs(ns, 1_000_000n)),
  "local-timestamp-millis": (ms) => localText(Number(ms)),
  "local-timestamp-micros": (us) => localText(perMs(us, 1000n)),
  "local-timestamp-nanos": (ns) => localText(perMs(ns, 1_000_000n)),
};

/**
 * Compiles a schema to the reader of its binary encoding (Avro 1.12, "Binary Encoding").
 *
 * @param schema Parsed JSON of the schema that the records were written with.
 * @param named Readers of named types by full name; those that the schema defines are added, so that one schema can
 *   refer to another.
 * @throws TypeError where the schema names a type that is not known.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { avroReader } from "./avro.ts";
 * import { Cursor } from "./cursor.ts";
 *
 * const read = avroReader({ type: "record", name: "T", fields: [{ name: "a", type: ["null", "long"] }] });
 * assertEquals(read(new Cursor(Uint8Array.of(2, 5), 0)), { a: -3 });
 * ```
 */
export function avroReader(schema: unknown, named: Map<string, Read> = new Map()): Read {
  return compile(schema as Schema, "", named);
}

function compile(schema: Schema, namespace: string, named: Map<string, Read>): Read {
  if (typeof schema === "string") return PRIMITIVES[schema] ?? reference(schema, namespace, named);
  if (Array.isArray(schema)) return unionReader(schema.map((branch) => compile(branch, namespace, named)));
  const definition = schema as Exclude<Schema, string | readonly Schema[]>;
  const { type } = definition;
  if (type === "record" || type === "error") return recordReader(definition, namespace, named);
  if (type === "enum") return define(definition, namespace, named, enumReader(definition.symbols ?? []));
  if (type === "fixed") {
    const size = definition.size ?? 0;
    return define(definition, namespace, named, logical(definition, (cursor) => cursor.bytes(size)));
  }
  if (type === "array") {
    const item = compile(definition.items!, namespace, named);
    return blocks(() => [] as unknown[], (into, cursor) => into.push(item(cursor)));
  }
  if (type === "map") {
    const value = compile(definition.values!, namespace, named);
    return blocks(() => Object.create(null) as Record<string, unknown>, (into, cursor) => {
      into[cursor.text(cursor.count())] = value(cursor);
    });
  }
  return logical(definition, compile(type, namespace, named));
}

function recordReader(
  { name, namespace: own, aliases, fields = [] }: Exclude<Schema, string | readonly Schema[]>,
  namespace: string,
  named: Map<string, Read>,
): Read {
  const inner = own ?? (name?.includes(".") ? name.slice(0, name.lastIndexOf(".")) : namespace);
  const readers: (readonly [string, Read])[] = [];
  const read: Read = (cursor) => {
    cursor.enter();
    const record: Record<string, unknown> = {};
    for (const [field, readField] of readers) record[field] = readField(cursor);
    cursor.leave();
    return record;
  };
  // Known before its fields, which may name it.
  define({ type: "record", name, namespace: own, aliases }, namespace, named, read);
  for (const field of fields) readers.push([field.name, compile(field.type, inner, named)]);
  return read;
}

function define(
  { name = "", namespace: own, aliases = [] }: Exclude<Schema, string | readonly Schema[]>,
  namespace: string,
  named: Map<string, Read>,
  read: Read,
): Read {
  for (const each of [name, ...aliases]) named.set(fullName(each, own ?? namespace), read);
  return read;
}

function fullName(name: string, namespace: string): string {
  return name.includes(".") || namespace === "" ? name : `${namespace}.${name}`;
}

function reference(name: string, namespace: string, named: Map<string, Read>): Read {
  const read = named.get(fullName(name, namespace)) ?? named.get(name);
  if (read === undefined) {
    throw new TypeError(`the schema names the type "${name}", which it does not define`);
  }
  return read;
}

function unionReader(branches: readonly Read[]): Read {
  return (cursor) => {
    cursor.enter();
    const value = at(branches, cursor.count(), "branch of a union")(cursor);
    cursor.leave();
    return value;
  };
}

function enumReader(symbols: readonly string[]): Read {
  return (cursor) => at(symbols, cursor.count(), "symbol of an enum");
}

function at<T>(choices: readonly T[], index: number, what: string): T {
  if (index >= 0 && index < choices.length) return choices[index];
  throw new RangeError(`it names ${what} ${index} of ${choices.length}`);
}

function blocks<T>(make: () => T, readItem: (into: T, cursor: Cursor) => void): Read {
  return (cursor) => {
    const into = make();
    for (let count = cursor.count(); count !== 0; count = cursor.count()) {
      // A negative count is followed by the block's bytes, which would allow to skip it.
      if (count < 0) cursor.count();
      for (let left = Math.abs(count); left > 0; left--) {
        cursor.enter();
        readItem(into, cursor);
        cursor.leave();
      }
    }
    return into;
  };
}

function logical(
  { logicalType = "", scale = 0 }: Exclude<Schema, string | readonly Schema[]>,
  read: Read,
): Read {
  if (logicalType === "decimal") return (cursor) => decimalText(read(cursor) as Uint8Array, scale);
  const convert = LOGICAL[logicalType];
  return convert === undefined ? read : (cursor) => convert(read(cursor) as number | bigint);
}

function perMs(value: number | bigint, units: bigint): number {
  return typeof value === "number" ? Math.floor(value / Number(units)) : Number(value / units);
}

function localText(ms: number): string {
  return new Date(ms).toISOString().slice(0, -1);
}
