import { parquetReadObjects } from "hyparquet";

/**
 * The rows of an object: `topic/partition` and offset of each.
 *
 * @param format How the object was written.
 * @throws Error where the bytes are not of that format.
 */
export async function readObjectOffsets(
  format: "ndjson" | "parquet",
  bytes: Uint8Array,
): Promise<[string, number][]> {
  if (format === "parquet") return await readParquetOffsets(bytes);
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  return text.split("\n").filter((line) => line !== "").map((line) => {
    const { topic, partition, offset } = JSON.parse(line);
    return [`${topic}/${partition}`, offset];
  });
}

/**
 * The rows of a Parquet object: `topic/partition` and offset of each, in the order of the file.
 *
 * @throws Error where the bytes are no Parquet file of verdicts.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { encodeParquet } from "./parquet.ts";
 * import { readParquetOffsets } from "./read_object.ts";
 *
 * assertEquals(await readParquetOffsets(encodeParquet([])), []);
 * ```
 */
export async function readParquetOffsets(
  bytes: Uint8Array,
): Promise<[topicPartition: string, offset: number][]> {
  const file = bytes.slice().buffer;
  const rows = await parquetReadObjects({ file, columns: ["topic", "partition", "offset"] });
  return rows.map(({ topic, partition, offset }) => [`${topic}/${partition}`, Number(offset)]);
}
