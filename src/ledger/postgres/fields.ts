/**
 * Values in PostgreSQL's binary form, network order, each behind its length: as rows of a COPY and elements of an array have them.
 *
 * @module
 */
import { Buffer } from "node:buffer";

const NULL_LENGTH = -1;
const TWO_POW_32 = 2 ** 32;

/** Fields that are filled in from the start. */
export class PostgresFields {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  #at = 0;

  /** Takes what is written at most. */
  constructor(byteLength: number) {
    this.#bytes = Buffer.allocUnsafeSlow(byteLength);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** What was written. */
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

  /** A number of float64. */
  float64(value: number) {
    this.#view.setInt32(this.#at, 8);
    this.#view.setFloat64(this.#at + 4, value);
    this.#at += 12;
  }

  /** True or false. */
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
    // Of so few bytes this is quicker than set() of a subarray.
    for (let i = start; i < end; i++) bytes[at++] = from[i];
    this.#at = at;
  }

  /** A text. */
  text(value: string) {
    const length = this.#bytes.write(value, this.#at + 4, "utf8");
    this.#view.setInt32(this.#at, length);
    this.#at += 4 + length;
  }
}
