import { readParquetOffsets } from "./parquet_offsets.ts";

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
