const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
/** Values that a record may have besides one a byte, so that empty ones in a huge array end, too. */
const FREE_VALUES = 1024;
const MAX_DEPTH = 64;

/** Bytes of a binary record that end before what they say. */
export class EndOfBytes extends RangeError {
  /** Name of the class, as stacks show it. */
  override readonly name = "EndOfBytes";
}

/** A place in the bytes of one record, from which values are read in order; work and depth are bounded by their length. */
export class Cursor {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;
  #left: number;
  #depth = 0;

  /** Starts at `at`. */
  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#at = at;
    this.#left = bytes.length + FREE_VALUES;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** Counts a value that is read inside of another. Throws RangeError where there are too many, or too deep. */
  enter(): void {
    if (--this.#left < 0) throw new EndOfBytes("it says that it has more values than bytes");
    if (++this.#depth > MAX_DEPTH) throw new EndOfBytes(`it is nested more than ${MAX_DEPTH} deep`);
  }

  leave(): void {
    this.#depth--;
  }

  byte(): number {
    return this.#bytes[this.#take(1)];
  }

  float(): number {
    return this.#view.getFloat32(this.#take(4), true);
  }

  double(): number {
    return this.#view.getFloat64(this.#take(8), true);
  }

  /** The next bytes, as a view. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  text(length: number): string {
    return decoder.decode(this.bytes(length));
  }

  /** A zigzag varint of 64 bits at most (Avro's int and long, Confluent's message index); a bigint beyond 2^53. */
  varint(): number | bigint {
    let low = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return low >>> 1 ^ -(low & 1);
    }
    let value = BigInt(low);
    for (let shift = 28n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      const signed = BigInt.asIntN(64, value >> 1n ^ -(value & 1n));
      const number = Number(signed);
      return Number.isSafeInteger(number) ? number : signed;
    }
    throw new EndOfBytes("a number has more than 64 bits");
  }

  /** A varint that is a length or a count. */
  count(): number {
    const count = this.varint();
    if (typeof count !== "number") throw new EndOfBytes("a length is beyond the record's end");
    return count;
  }

  #take(length: number): number {
    const at = this.#at;
    if (length < 0 || length > this.remaining) {
      throw new EndOfBytes("it ends before what it says that it has");
    }
    this.#at += length;
    return at;
  }
}
