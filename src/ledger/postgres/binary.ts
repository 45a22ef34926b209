/**
 * Values in PostgreSQL's binary form, network order, each behind its length: fields of COPY rows
 * (https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format") and elements of array parameters (`array_recv`
 * in its src/backend/utils/adt/arrayfuncs.c).
 *
 * npm:pg writes an array as text and escapes each quote of each element, which is slow for verdicts, since they are JSON. It
 * sends a Buffer as it is.
 *
 * @module
 */
import { Buffer } from "node:buffer";

const NULL_LENGTH = -1;
const TWO_POW_32 = 2 ** 32;
/** Numbers of the elements' types (src/include/catalog/pg_type.dat). */
const INT8 = 20, TEXT = 25, FLOAT8 = 701;
/** An array's dimensions, whether there are nulls, type; and of the one dimension its length and lower bound. */
const HEADER_BYTES = 20;
const LENGTH_BYTES = 4;

/** Fields of a row, or elements of an array, written one after another. */
export class PostgresFields {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at = 0;

  /** @param byteLength Bytes at most. */
  constructor(byteLength: number) {
    this.#bytes = Buffer.allocUnsafeSlow(byteLength);
    this.#view = new DataView(this.#bytes.buffer);
  }

  written(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  /** Bytes as they are. */
  raw(bytes: ArrayLike<number>) {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Two bytes, without a length. */
  int16(value: number) {
    this.#view.setInt16(this.#at, value);
    this.#at += 2;
  }

  /** Four bytes, without a length. */
  int32(value: number) {
    this.#view.setInt32(this.#at, value);
    this.#at += 4;
  }

  /** No value. */
  null() {
    this.int32(NULL_LENGTH);
  }

  /** A field of four bytes. */
  int32Field(value: number) {
    this.#view.setInt32(this.#at, 4);
    this.#view.setInt32(this.#at + 4, value);
    this.#at += 8;
  }

  /** A safe integer, in two words: no BigInt is made. */
  int64(value: number) {
    this.#view.setInt32(this.#at, 8);
    this.#view.setInt32(this.#at + 4, Math.floor(value / TWO_POW_32));
    this.#view.setUint32(this.#at + 8, value >>> 0);
    this.#at += 12;
  }

  float64(value: number) {
    this.#view.setInt32(this.#at, 8);
    this.#view.setFloat64(this.#at + 4, value);
    this.#at += 12;
  }

  boolean(value: boolean) {
    this.#view.setInt32(this.#at, 1);
    this.#bytes[this.#at + 4] = value ? 1 : 0;
    this.#at += 5;
  }

  /** The letters of `currencyCode`, or null for 0. */
  currency(code: number) {
    this.#view.setInt32(this.#at, code === 0 ? NULL_LENGTH : 3);
    this.#at += 4;
    if (code === 0) return;
    for (let letters = code; letters > 0; letters >>>= 8) this.#bytes[this.#at++] = letters;
  }

  /** Text that holds no U+0000, as ids do not. */
  utf8(from: Uint8Array, start: number, end: number) {
    const bytes = this.#bytes;
    this.#view.setInt32(this.#at, end - start);
    let at = this.#at + 4;
    // For so few bytes this is faster than set() of a subarray.
    for (let i = start; i < end; i++) bytes[at++] = from[i];
    this.#at = at;
  }

  text(value: string) {
    const length = this.#bytes.write(value, this.#at + 4, "utf8");
    this.#view.setInt32(this.#at, length);
    this.#at += 4 + length;
  }
}

/**
 * A parameter of the type `text[]`. A text must hold no U+0000, as everywhere in PostgreSQL.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { textArray } from "./binary.ts";
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

/** An array with its header written and room for its elements, of `bytes` bytes without their lengths. */
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

/**
 * Replaces U+0000, which PostgreSQL's text cannot hold, by its visible picture U+2400.
 *
 * A transaction's ids and a verdict never hold one (the decoder refuses it, JSON escapes it), but the detail of a dead
 * letter may, and one bad record must not keep a batch from being committed.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { withoutNul } from "./binary.ts";
 *
 * assertEquals(withoutNul("a\u0000b"), "a␀b");
 * ```
 */
export function withoutNul(text: string): string {
  return text.includes("\0") ? text.replaceAll("\0", "\u2400") : text;
}
