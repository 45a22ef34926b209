/**
 * Arrays as parameters in PostgreSQL's binary form (`array_recv` in its src/backend/utils/adt/arrayfuncs.c).
 *
 * npm:pg writes an array as text, with each quote of each element escaped; of verdicts, which are JSON, that was most of a
 * commit's processor time. A Buffer is sent as it is, and says so.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** Numbers of the elements' types (src/include/catalog/pg_type.dat). */
const INT8 = 20, TEXT = 25, FLOAT8 = 701;
/** Dimensions, whether there are nulls, type; and of the one dimension its length and lower bound. */
const HEADER_BYTES = 20, EMPTY_BYTES = 12;
const NULL_LENGTH = -1;
const TWO_POW_32 = 2 ** 32;

/**
 * A parameter of the type `text[]`. A text must hold no U+0000, as everywhere in PostgreSQL.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { textArray } from "./postgres_arrays.ts";
 *
 * assertEquals(textArray(["é", null]).length, 20 + (4 + 2) + 4);
 * ```
 */
export function textArray(texts: readonly (string | null)[]): Buffer {
  const lengths = texts.map((text) => text === null ? NULL_LENGTH : Buffer.byteLength(text));
  const bytes = lengths.reduce((sum, length) => sum + 4 + Math.max(length, 0), 0);
  const array = arrayOf(TEXT, texts.length, bytes, lengths.includes(NULL_LENGTH));
  let at = HEADER_BYTES;
  texts.forEach((text, i) => {
    at = array.writeInt32BE(lengths[i], at);
    if (text !== null) at += array.write(text, at, "utf8");
  });
  return array;
}

/** A parameter of the type `bigint[]`, of safe integers. */
export function bigintArray(integers: ArrayLike<number>): Buffer {
  return eightByteArray(INT8, integers, (array, value, at) => {
    array.writeInt32BE(Math.floor(value / TWO_POW_32), at);
    array.writeUInt32BE(value >>> 0, at + 4);
  });
}

/** A parameter of the type `double precision[]`. */
export function doubleArray(numbers: ArrayLike<number>): Buffer {
  return eightByteArray(FLOAT8, numbers, (array, value, at) => array.writeDoubleBE(value, at));
}

function eightByteArray(
  type: number,
  values: ArrayLike<number>,
  write: (array: Buffer, value: number, at: number) => void,
): Buffer {
  const array = arrayOf(type, values.length, 12 * values.length, false);
  for (let i = 0, at = HEADER_BYTES; i < values.length; i++, at += 12) {
    array.writeInt32BE(8, at);
    write(array, values[i], at + 4);
  }
  return array;
}

/** The header of an array, and room for its elements. */
function arrayOf(type: number, length: number, bytes: number, hasNulls: boolean): Buffer {
  const array = Buffer.allocUnsafeSlow(length === 0 ? EMPTY_BYTES : HEADER_BYTES + bytes);
  array.writeInt32BE(length === 0 ? 0 : 1, 0);
  array.writeInt32BE(hasNulls ? 1 : 0, 4);
  array.writeInt32BE(type, 8);
  if (length === 0) return array;
  array.writeInt32BE(length, 12);
  array.writeInt32BE(1, 16);
  return array;
}
