/** "EDGE" in ASCII, little-endian. */
export const SNAPSHOT_MAGIC = 0x45474445;
/** Words before the sections: magic, number of words behind the header, checksum (2 words), state id (2 words). */
export const SNAPSHOT_HEADER_WORDS = 6;

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
   * @param front Bytes to put before them, a multiple of 4 of them, so that what keeps both need not copy the state.
   */
  finish(stateId: readonly [number, number], front: Uint8Array = new Uint8Array()): Uint8Array {
    const bytes = new Uint8Array(front.length + 4 * (SNAPSHOT_HEADER_WORDS + this.#length));
    bytes.set(front);
    const words = new Uint32Array(bytes.buffer, front.length);
    let at = SNAPSHOT_HEADER_WORDS;
    for (const section of this.#sections) {
      words.set(section, at);
      at += section.length;
    }
    words[0] = SNAPSHOT_MAGIC;
    words[1] = this.#length;
    words[4] = stateId[0];
    words[5] = stateId[1];
    const [low, high] = checksumWords(words, 4);
    words[2] = low;
    words[3] = high;
    return bytes;
  }
}

/** Two 32-bit sums over the words from `start` on, one multiplied and one added and rotated, so that order counts. */
export function checksumWords(words: Uint32Array, start: number): [number, number] {
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
