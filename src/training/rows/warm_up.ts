import type { RowBatch } from "../train_stream.ts";

/**
 * Makes a function that leaves out the rows of the warm-up, in which the feature state only fills.
 *
 * @param warmUpMs Event time from the first row on, milliseconds.
 * @param nFeatures Number of columns.
 * @returns A function that gives the rest of a batch whose `timestampsMs` are known, or undefined where nothing is left.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { afterWarmUp } from "./warm_up.ts";
 *
 * const trim = afterWarmUp(10, 1);
 * const batch = { rows: Float32Array.of(1, 2), count: 2, timestampsMs: Float64Array.of(100, 110) };
 * assertEquals(trim(batch)?.rows, Float32Array.of(2));
 * ```
 */
export function afterWarmUp(warmUpMs: number, nFeatures: number): (batch: RowBatch) => RowBatch | undefined {
  let firstMs: number | undefined;
  return (batch) => {
    const { count, timestampsMs } = batch;
    if (timestampsMs === undefined || count === 0) return undefined;
    firstMs ??= timestampsMs[0];
    let from = 0;
    while (from < count && timestampsMs[from] < firstMs + warmUpMs) from++;
    if (from === count) return undefined;
    return {
      rows: batch.rows.subarray(from * nFeatures, count * nFeatures),
      count: count - from,
      labels: batch.labels?.subarray(from, count),
      timestampsMs: timestampsMs.subarray(from, count),
      cardKeys: batch.cardKeys?.subarray(2 * from, 2 * count),
      amounts: batch.amounts?.subarray(from, count),
    };
  };
}
