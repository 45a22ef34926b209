import type { Partition } from "../domain/place.ts";

/**
 * Keys of objects: `flagged/dt=YYYY-MM-DD/hour=HH/<topic>-<partition>-<first offset>.<format>`.
 *
 * The day and hour are those of the events, in UTC, so that DuckDB, Spark and pandas read the objects as one data set
 * partitioned by `dt` and `hour`.
 *
 * @param firstOffset Offset of the first row in the object; no other object of the partition has it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { objectKey } from "./keys.ts";
 *
 * const key = objectKey({ topic: "transactions", partition: 0, firstOffset: 42, hourMs: 0, format: "ndjson" });
 * assertEquals(key, "flagged/dt=1970-01-01/hour=00/transactions-0-42.ndjson");
 * ```
 */
export function objectKey(
  object: { topic: string; partition: number; firstOffset: number; hourMs: number; format: string },
): string {
  const [day, time] = new Date(object.hourMs).toISOString().split("T");
  const file = `${object.topic}-${object.partition}-${object.firstOffset}.${object.format}`;
  return `${OBJECT_PREFIX}dt=${day}/hour=${time.slice(0, 2)}/${file}`;
}

/** Partition and first offset that a key of {@link objectKey} names; undefined for any other key. */
export function placeOfKey(key: string): Partition & { firstOffset: number } | undefined {
  const parts = /\/([^/]+)-(\d+)-(\d+)\.(?:ndjson|parquet)$/.exec(key);
  return parts === null
    ? undefined
    : { topic: parts[1], partition: Number(parts[2]), firstOffset: Number(parts[3]) };
}

/** What every object's key begins with. */
export const OBJECT_PREFIX = "flagged/";
