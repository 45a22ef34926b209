/**
 * Kafka's zigzag varints, read one after another.
 *
 * Format: Apache Kafka, "Protocol primitive types", VARINT and VARLONG. Reading past the end gives zeros; the caller
 * compares `at` with the end.
 */
export class VarintReader {
  readonly #bytes: Uint8Array;
  /** Position of the next byte. */
  at: number;

  /** Starts at a position of the bytes. */
  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  /** A whole number of 32 bits; longer ones give a wrong number, never an endless loop. */
  next(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.at++];
    let value = byte & 0x7f;
    for (let shift = 7; byte >= 0x80 && shift < 35; shift += 7) {
      byte = bytes[this.at++];
      value |= (byte & 0x7f) << shift;
    }
    return (value >>> 1) ^ -(value & 1);
  }

  /** A whole number of 64 bits, exact below 2^52: zigzag takes a bit. */
  nextLong(): number {
    const bytes = this.#bytes;
    let byte = bytes[this.at++];
    let small = byte & 0x7f;
    for (let shift = 7; byte >= 0x80 && shift < 28; shift += 7) {
      byte = bytes[this.at++];
      small |= (byte & 0x7f) << shift;
    }
    // Most end here, as small integers, which are no objects on the heap.
    if (byte < 0x80) return (small >>> 1) ^ -(small & 1);
    let value: number = small;
    for (let unit = 2 ** 28; byte >= 0x80 && unit < 2 ** 70; unit *= 0x80) {
      byte = bytes[this.at++];
      value += (byte & 0x7f) * unit;
    }
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

/** Writes a whole number below 2^52 as {@link VarintReader} reads it; returns the position behind it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value < 0 ? -2 * value - 1 : 2 * value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes[at++] = rest % 0x80 + 0x80;
  bytes[at++] = rest;
  return at;
}

/** Number of bytes that {@link writeVarint} writes. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value < 0 ? -2 * value - 1 : 2 * value; rest >= 0x80; rest /= 0x80) size++;
  return size;
}
