/**
 * Arrays as parameters in PostgreSQL's binary form (`array_recv` in its src/backend/utils/adt/arrayfuncs.c).
 *
 * npm:pg writes an array as text, with each quote of each element escaped; of verdicts, which are JSON, that was most of a
 * commit's processor time. A Buffer is sent as it is, and says so.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { PostgresFields } from "./fields.ts";

/** Numbers of the elements' types (src/include/catalog/pg_type.dat). */
const INT8 = 20, TEXT = 25, FLOAT8 = 701;
/** Dimensions, whether there are nulls, type; and of the one dimension its length and lower bound. */
const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;

/**
 * A parameter of the type `text[]`. A text must hold no U+0000, as everywhere in PostgreSQL.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { textArray } from "./arrays.ts";
 *
 * assertEquals(textArray(["é", null]).length, 20 + (4 + 2) + 4);
 * ```
 */
export function textArray(texts: readonly (string | null)[]): Buffer {
  const bytes = texts.reduce((sum, text) => sum + (text === null ? 0 : Buffer.byteLength(text)), 0);
  const array = arrayOf(TEXT, texts.length, bytes, texts.includes(null));
  for (const text of texts) {
    if (text === null) array.null();
    else array.text(text);
  }
  return array.written();
}

/** A parameter of the type `bigint[]`, of safe integers. */
export function bigintArray(integers: ArrayLike<number>): Buffer {
  const array = arrayOf(INT8, integers.length, 8 * integers.length);
  for (let i = 0; i < integers.length; i++) array.int64(integers[i]);
  return array.written();
}

/** A parameter of the type `double precision[]`. */
export function doubleArray(numbers: ArrayLike<number>): Buffer {
  const array = arrayOf(FLOAT8, numbers.length, 8 * numbers.length);
  for (let i = 0; i < numbers.length; i++) array.float64(numbers[i]);
  return array.written();
}

/** The header of an array, and room for its elements, of so many bytes without their lengths. */
function arrayOf(type: number, length: number, bytes: number, hasNulls = false): PostgresFields {
  const array = new PostgresFields(HEADER_BYTES + length * LENGTH_BYTES + bytes);
  array.int32(length === 0 ? 0 : 1);
  array.int32(hasNulls ? 1 : 0);
  array.int32(type);
  if (length === 0) return array;
  array.int32(length);
  array.int32(1);
  return array;
}
