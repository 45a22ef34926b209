import { checksumWords, SNAPSHOT_HEADER_WORDS, SNAPSHOT_MAGIC } from "./snapshot_writer.ts";

/** Reads the sections of a snapshot in the order they were written, after checking that it is whole and fits. */
export class SnapshotReader {
  readonly #words: Uint32Array;
  #at = SNAPSHOT_HEADER_WORDS;

  /**
   * Checks the header.
   *
   * @param bytes What `SnapshotWriter` made, at any alignment.
   * @param stateId The state that it must be of. Throws RangeError for another one, and for bytes that are cut or altered.
   */
  constructor(bytes: Uint8Array, stateId: readonly [number, number]) {
    const whole = bytes.length % 4 === 0 && bytes.length >= SNAPSHOT_HEADER_WORDS * 4;
    // A copy, as the words must be aligned and the state must not share memory with the caller.
    const words = new Uint32Array(bytes.slice(0, bytes.length - bytes.length % 4).buffer);
    if (!whole || words[0] !== SNAPSHOT_MAGIC || words[1] !== words.length - SNAPSHOT_HEADER_WORDS) {
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
      throw new RangeError(
        `Cannot restore the features as the snapshot's checksum must be ${
          stateIdText([words[2], words[3]])
        }: ` +
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

  /** Throws RangeError where something is left to read. */
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
