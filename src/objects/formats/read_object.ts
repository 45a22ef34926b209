import { parquetReadObjects } from "hyparquet";

/** A row of an object. */
export interface ObjectRow {
  /** Topic and partition of its record, as `topic/partition`. */
  place: string;
  offset: number;
  /** All of the row: the same for the same verdict in the same format. */
  text: string;
}

/**
 * Reads the rows of an object.
 *
 * @param format How the object was written.
 * @throws Error where the bytes are not of that format.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { encodeParquet } from "./parquet.ts";
 * import { readObject } from "./read_object.ts";
 *
 * assertEquals(await readObject("parquet", encodeParquet([])), []);
 * ```
 */
export async function readObject(format: "ndjson" | "parquet", bytes: Uint8Array): Promise<ObjectRow[]> {
  if (format === "ndjson") {
    const lines = new TextDecoder("utf-8", { fatal: true }).decode(bytes).split("\n");
    return lines.filter((line) => line !== "").map((text) => rowOf(JSON.parse(text), text));
  }
  const rows = await parquetReadObjects({ file: bytes.slice().buffer });
  return rows.map((row) =>
    rowOf(row, JSON.stringify(row, (_, value) => typeof value === "bigint" ? `${value}n` : value))
  );
}

function rowOf({ topic, partition, offset }: Record<string, unknown>, text: string): ObjectRow {
  return { place: `${topic}/${partition}`, offset: Number(offset), text };
}
