import type { TableBatch } from "./read_rows.ts";

/** All rows of a table in memory. */
export interface CollectedRows {
  /** Row-major values: length count × columns. */
  rows: Float32Array;
  /** Labels, one a row; empty where the table has none. */
  labels: Uint8Array;
  /** Number of rows. */
  count: number;
}

/**
 * Gathers the rows of a table in memory.
 *
 * @param batches Rows, with or without labels.
 * @param nFeatures Number of columns, at least 1.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { collectRows } from "./collect_rows.ts";
 *
 * async function* batches() {
 *   yield { rows: Float32Array.of(1, 2), count: 1, rowNumbers: Float64Array.of(0) };
 *   yield { rows: Float32Array.of(3, 4), count: 1, rowNumbers: Float64Array.of(1) };
 * }
 * assertEquals((await collectRows(batches(), 2)).rows, Float32Array.of(1, 2, 3, 4));
 * ```
 */
export async function collectRows(
  batches: AsyncIterable<TableBatch>,
  nFeatures: number,
): Promise<CollectedRows> {
  let rows = new Float32Array(1024 * nFeatures);
  let labels = new Uint8Array(1024);
  let count = 0;
  let labelled = false;
  for await (const batch of batches) {
    const needed = count + batch.count;
    if (needed > labels.length) {
      const capacity = Math.max(needed, 2 * labels.length);
      const moreRows = new Float32Array(capacity * nFeatures);
      moreRows.set(rows);
      rows = moreRows;
      const moreLabels = new Uint8Array(capacity);
      moreLabels.set(labels);
      labels = moreLabels;
    }
    rows.set(batch.rows.subarray(0, batch.count * nFeatures), count * nFeatures);
    if (batch.labels) {
      labelled = true;
      labels.set(batch.labels.subarray(0, batch.count), count);
    }
    count = needed;
  }
  return {
    rows: rows.subarray(0, count * nFeatures),
    labels: labels.subarray(0, labelled ? count : 0),
    count,
  };
}
