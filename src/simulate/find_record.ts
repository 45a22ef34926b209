import { Buffer } from "node:buffer";
import type { Broker } from "../broker/broker.ts";

/** Where a text was found, and whether all was read that might hold it. */
export interface FoundRecord {
  /** "topic/partition/offset"; undefined where it was not found. */
  place: string | undefined;
  isWhole: boolean;
}

/**
 * Finds the first record of a topic whose value holds a text.
 *
 * @param bounds Records of each partition, and time in milliseconds, after which the search ends.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { openSqliteBroker } from "../broker/sqlite/broker.ts";
 * import { findRecord } from "./find_record.ts";
 *
 * await using broker = openSqliteBroker(`${Deno.makeTempDirSync()}/stream.db`);
 * await broker.ensureTopic("t");
 * await broker.produce("t", [{ key: "a", value: "one" }, { key: "b", value: "two" }]);
 * assertEquals(await findRecord(broker, "t", "two"), { place: "t/0/1", isWhole: true });
 * ```
 */
export async function findRecord(
  broker: Broker,
  topic: string,
  text: string,
  { records = Infinity, ms = Infinity }: { records?: number; ms?: number } = {},
): Promise<FoundRecord> {
  const wanted = Buffer.from(text);
  const deadline = performance.now() + ms;
  let isWhole = true;
  for (const { partition, startOffset, endOffset } of await broker.offsets(topic)) {
    const toOffset = Math.min(endOffset, startOffset + records);
    if (toOffset < endOffset) isWhole = false;
    for await (const batch of broker.read(topic, partition, { fromOffset: startOffset, toOffset })) {
      const { bytes, valueStart, valueEnd } = batch;
      const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).indexOf(wanted);
      const index = at < 0 ? -1 : valueStart.findIndex((start, i) => start <= at && at < valueEnd[i]);
      if (index >= 0) return { place: `${topic}/${partition}/${batch.offsets[index]}`, isWhole };
      if (performance.now() > deadline) return { place: undefined, isWhole: false };
    }
  }
  return { place: undefined, isWhole };
}

/** Passes batches on, and calls `check` with the first item that is wanted before the batch that holds it. */
export async function* checkFirst<T, W extends T>(
  batches: AsyncIterable<Iterable<T>>,
  isWanted: (item: T) => item is W,
  check: (first: W) => Promise<void>,
): AsyncGenerator<Iterable<T>> {
  let isChecked = false;
  for await (const batch of batches) {
    if (isChecked) {
      yield batch;
      continue;
    }
    const items = [...batch];
    const first = items.find(isWanted);
    if (first !== undefined) {
      await check(first);
      isChecked = true;
    }
    yield items;
  }
}
