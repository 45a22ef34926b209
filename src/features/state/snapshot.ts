/** "EDGE" in ASCII, little-endian. */
const MAGIC = 0x45474445;
/** Words before the sections: magic, number of words behind the header, checksum (2 words), state id (2 words). */
const HEADER_WORDS = 6;

/**
 * Writes a snapshot of the features' state: a header, then sections of whole 32-bit words in the order they are saved.
 *
 * Words are little-endian, as on every machine that Deno runs on. Sections are copied once, at `finish`.
 */
export class SnapshotWriter {
  readonly #sections: Uint32Array[] = [];
  #length = 0;

  /** Adds numbers as float64. */
  numbers(values: ArrayLike<number>): void {
    this.words(new Uint32Array(Float64Array.from(values).buffer));
  }

  /** Adds words; they must stay as they are until `finish`. */
  words(values: Uint32Array): void {
    this.#sections.push(values);
    this.#length += values.length;
  }

  /**
   * The snapshot's bytes.
   *
   * @param front Bytes to put before them, a multiple of 4, which spares the caller a copy of the state.
   */
  finish(stateId: readonly [number, number], front: Uint8Array = new Uint8Array()): Uint8Array {
    const bytes = new Uint8Array(front.length + 4 * (HEADER_WORDS + this.#length));
    bytes.set(front);
    const words = new Uint32Array(bytes.buffer, front.length);
    let at = HEADER_WORDS;
    for (const section of this.#sections) {
      words.set(section, at);
      at += section.length;
    }
    words[0] = MAGIC;
    words[1] = this.#length;
    words[4] = stateId[0];
    words[5] = stateId[1];
    const [low, high] = checksumWords(words, 4);
    words[2] = low;
    words[3] = high;
    return bytes;
  }
}

/** Reads the sections of a snapshot in the order they were written, after checking that it is whole and fits. */
export class SnapshotReader {
  readonly #words: Uint32Array;
  #at = HEADER_WORDS;

  /** Checks the header. Throws RangeError for bytes of another state, and for bytes that are cut or altered. */
  constructor(bytes: Uint8Array, stateId: readonly [number, number]) {
    const whole = bytes.length % 4 === 0 && bytes.length >= HEADER_WORDS * 4;
    // A copy, as the words must be aligned and the state must not share memory with the caller.
    const words = new Uint32Array(bytes.slice(0, bytes.length - bytes.length % 4).buffer);
    if (!whole || words[0] !== MAGIC || words[1] !== words.length - HEADER_WORDS) {
      throw new RangeError(
        "Cannot restore the features as the snapshot must be whole, its length that in its header: " +
          `current value is ${bytes.length} bytes`,
      );
    }
    if (words[4] !== stateId[0] || words[5] !== stateId[1]) {
      throw new RangeError(
        `Cannot restore the features as the snapshot must be of state ${stateIdText(stateId)}: ` +
          `current value is ${stateIdText([words[4], words[5]])}`,
      );
    }
    const [low, high] = checksumWords(words, 4);
    if (low !== words[2] || high !== words[3]) {
      const saved = stateIdText([words[2], words[3]]);
      throw new RangeError(
        `Cannot restore the features as the snapshot's checksum must be ${saved}: ` +
          `current value is ${stateIdText([low, high])}`,
      );
    }
    this.#words = words;
  }

  /** Reads `count` float64 numbers. */
  numbers(count: number): Float64Array {
    return new Float64Array(this.words(count * 2).slice().buffer);
  }

  /** Reads `count` words, as a view on the snapshot. Throws RangeError where there are fewer. */
  words(count: number): Uint32Array {
    const left = this.#words.length - this.#at;
    if (!Number.isSafeInteger(count) || count < 0 || count > left) {
      throw new RangeError(
        `Cannot restore the features as the snapshot must have ${count} more words: current value is ${left}`,
      );
    }
    this.#at += count;
    return this.#words.subarray(this.#at - count, this.#at);
  }

  /** Throws RangeError if something is left to read. */
  end(): void {
    const left = this.#words.length - this.#at;
    if (left > 0) {
      throw new RangeError(
        `Cannot restore the features as the snapshot must end here: current value is ${left} words more`,
      );
    }
  }
}

/** A state id as 16 hexadecimal digits. */
export function stateIdText([low, high]: readonly [number, number]): string {
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}

/** Two 32-bit sums over the words from `start` on: one multiplied, one added and rotated, so that order counts. */
function checksumWords(words: Uint32Array, start: number): [number, number] {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let i = start; i < words.length; i++) {
    const word = words[i];
    a = Math.imul(a ^ word, 0x01000193);
    a ^= a >>> 15;
    b = (b << 5 | b >>> 27) + word | 0;
  }
  return [a >>> 0, b >>> 0];
}
