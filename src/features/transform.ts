import type { Feature } from "../forest/manifest.ts";
import { quantile } from "../runtime/quantile.ts";
import type { Side } from "./definition.ts";

export type Transform = Feature["transform"];

/** Values above the ceiling count up to this many times its distance from the floor. */
const MOST = 4;

/**
 * Bends raw rows: clip((x − floor) / (ceiling − floor), 0, 4) for a feature with a one-sided transform, unchanged otherwise.
 *
 * @param raw Row-major values, length rows × `transforms.length`.
 * @param transforms One a column.
 * @param out Receives the rows; may be `raw` itself.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { applyTransforms } from "./transform.ts";
 *
 * const out = new Float32Array(2);
 * applyTransforms(Float32Array.of(15, 7), [{ kind: "one-sided", floor: 10, ceiling: 20 }, undefined], out);
 * assertEquals(out, Float32Array.of(0.5, 7));
 * ```
 */
export function applyTransforms(
  raw: Float32Array,
  transforms: readonly Transform[],
  out: Float32Array,
): void {
  const columns = transforms.length;
  for (let column = 0; column < columns; column++) {
    const transform = transforms[column];
    if (transform === undefined) {
      for (let at = column; at < raw.length; at += columns) out[at] = raw[at];
      continue;
    }
    const { floor, ceiling } = transform;
    const scale = 1 / (ceiling - floor);
    for (let at = column; at < raw.length; at += columns) {
      out[at] = Math.min(Math.max((raw[at] - floor) * scale, 0), MOST);
    }
  }
}

/** What a transform of a column depends on besides its rows. */
export interface ColumnSide {
  /** Only "high" is bent. */
  side: Side;
  /** Floor and ceiling that do not follow from the rows. */
  range?: { floor: number; ceiling: number };
}

/**
 * Learns transforms from raw training rows: floor and ceiling are the 90th and the 99.5th percentile, unless a column
 * has its own range.
 *
 * @param rows Row-major values, length at least count × `columns.length`.
 * @param count Number of rows, at least 1.
 * @param columns Which end of each column is suspicious, and its range.
 */
export function fitTransforms(
  rows: Float32Array,
  count: number,
  columns: readonly ColumnSide[],
): Transform[] {
  const column = new Float32Array(count);
  return columns.map(({ side, range }, at) => {
    if (side !== "high") return undefined;
    if (range !== undefined) return { kind: "one-sided", floor: range.floor, ceiling: range.ceiling };
    for (let i = 0; i < count; i++) column[i] = rows[i * columns.length + at];
    column.sort();
    const floor = quantile(column, 0.9);
    const ceiling = quantile(column, 0.995);
    // Where the tail is flat, the distance to the largest value is the scale, or one unit where there is none.
    if (ceiling > floor) return { kind: "one-sided", floor, ceiling };
    const most = column[count - 1];
    return { kind: "one-sided", floor, ceiling: most > floor ? most : floor + 1 };
  });
}
