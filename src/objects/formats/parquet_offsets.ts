import { parquetReadObjects } from "hyparquet";

/**
 * The rows of a Parquet object: `topic/partition` and offset of each, in the order of the file.
 *
 * @throws Error where the bytes are no Parquet file of verdicts.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { encodeParquet } from "./parquet.ts";
 * import { readParquetOffsets } from "./parquet_offsets.ts";
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
