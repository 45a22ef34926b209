/**
 * The rows of an object: `topic/partition` and offset of each.
 *
 * @param format How the object was written.
 * @throws Error where the bytes are not of that format.
 */
export function readObjectOffsets(
  format: "ndjson" | "parquet",
  bytes: Uint8Array,
): Promise<[string, number][]> {
  if (format !== "ndjson") {
    throw new Error(`Cannot read an object as its format must be ndjson: current value is ${format}`);
  }
  const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  const rows = text.split("\n").filter((line) => line !== "").map((line): [string, number] => {
    const { topic, partition, offset } = JSON.parse(line);
    return [`${topic}/${partition}`, offset];
  });
  return Promise.resolve(rows);
}
