/**
 * Verdicts as Parquet (https://parquet.apache.org/docs/file-format), one row a verdict.
 *
 * @module
 */
import { numberOf, parseJson } from "../../runtime/json.ts";
import { ByteWriter, parquetWrite } from "hyparquet-writer";

/** A column: where its values come from, and the elements of the schema that it takes. */
interface Column {
  name: string;
  /** Elements in depth-first order; the first one has the column's name. */
  elements: SchemaElement[];
  valueIn(verdict: Record<string, unknown>): unknown;
}

type Schema = NonNullable<Parameters<typeof parquetWrite>[0]["schema"]>;
type SchemaElement = Schema[number];
type Repetition = "REQUIRED" | "OPTIONAL";

const TEXT = { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } } as const;
const TIMESTAMP = {
  type: "INT64",
  converted_type: "TIMESTAMP_MILLIS",
  logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MILLIS" },
} as const;
const DOUBLE = { type: "DOUBLE" } as const;

/** One schema for every object, so that all of them read as one data set. */
const COLUMNS: readonly Column[] = [
  flat("transaction_id", TEXT),
  flat("customer_id", TEXT),
  flat("terminal_id", TEXT),
  flat("amount", DOUBLE, { convert: numberOf }),
  flat("currency", TEXT, { repetition: "OPTIONAL", convert: optionalText }),
  flat("merchant_category", TEXT, { repetition: "OPTIONAL", convert: merchantCategory }),
  flat("country", TEXT, { repetition: "OPTIONAL", convert: optionalText }),
  flat("channel", TEXT, { repetition: "OPTIONAL", convert: optionalText }),
  flat("timestamp", TIMESTAMP, { convert: millis }),
  flat("topic", TEXT),
  flat("partition", { type: "INT32" }),
  flat("offset", { type: "INT64" }, { convert: (value) => BigInt(value as number) }),
  flat("anomaly_score", DOUBLE, { convert: Number }),
  flat("threshold", DOUBLE, { convert: Number }),
  flat("flagged", { type: "BOOLEAN" }),
  flat("model", TEXT),
  {
    name: "reasons",
    elements: [
      { name: "reasons", repetition_type: "OPTIONAL", converted_type: "LIST", num_children: 1 },
      { name: "list", repetition_type: "REPEATED", num_children: 1 },
      { name: "element", repetition_type: "OPTIONAL", num_children: 4 },
      { name: "feature", repetition_type: "OPTIONAL", ...TEXT },
      { name: "value", repetition_type: "OPTIONAL", ...DOUBLE },
      { name: "contribution", repetition_type: "OPTIONAL", ...DOUBLE },
      { name: "text", repetition_type: "OPTIONAL", ...TEXT },
    ],
    valueIn: ({ reasons }) => Array.isArray(reasons) ? reasons : [],
  },
  flat("scored_at", TIMESTAMP, { convert: millis }),
  {
    name: "extra_fields",
    elements: [{ name: "extra_fields", repetition_type: "OPTIONAL", ...TEXT }],
    valueIn: extraFields,
  },
];
const NAMES: ReadonlySet<string> = new Set(COLUMNS.map(({ name }) => name));

/**
 * Encodes verdicts in their wire form as one Parquet file, compressed by Snappy.
 *
 * The columns are those of a verdict: times are UTC timestamps in milliseconds, `reasons` a list of structs. What else
 * the transaction brought is in `extra_fields`, as JSON, so that every file has the same columns.
 *
 * @param verdicts One JSON text each, as `encodeVerdict` writes them.
 * @returns The same bytes for the same verdicts.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { encodeParquet } from "./parquet.ts";
 *
 * assertEquals(new TextDecoder().decode(encodeParquet([]).subarray(0, 4)), "PAR1");
 * ```
 */
export function encodeParquet(verdicts: readonly string[]): Uint8Array {
  const rows: Record<string, unknown>[] = verdicts.map((verdict) =>
    parseJson(verdict) as Record<string, unknown>
  );
  const writer = new ByteWriter();
  parquetWrite({
    writer,
    createdBy: "edgewood",
    schema: [{ name: "root", num_children: COLUMNS.length }, ...COLUMNS.flatMap(({ elements }) => elements)],
    columnData: COLUMNS.map(({ name, valueIn }) => ({ name, data: rows.map(valueIn) })),
    rowGroupSize: 100_000,
  });
  return new Uint8Array(writer.getBuffer());
}

function flat(
  name: string,
  type: Partial<SchemaElement>,
  options: { repetition?: Repetition; convert?(value: unknown): unknown } = {},
): Column {
  const { repetition = "REQUIRED", convert = (value: unknown) => value } = options;
  return {
    name,
    elements: [{ name, repetition_type: repetition, ...type }],
    valueIn: (verdict) => convert(verdict[name]),
  };
}

function millis(value: unknown): bigint {
  return BigInt(Date.parse(value as string));
}

function optionalText(value: unknown): string | null {
  return value === undefined || value === null ? null : String(value);
}

/** Four digits; a record may hold them as a number, without its leading zeros. */
function merchantCategory(value: unknown): string | null {
  return typeof value === "number" ? String(value).padStart(4, "0") : optionalText(value);
}

function extraFields(verdict: Record<string, unknown>): string | null {
  const extra = Object.entries(verdict).filter(([name]) => !NAMES.has(name));
  if (Object.hasOwn(verdict, "extra_fields")) extra.push(["extra_fields", verdict.extra_fields]);
  return extra.length === 0 ? null : JSON.stringify(Object.fromEntries(extra));
}
