import { grownWords } from "./grown_words.ts";
import type { SnapshotReader } from "./snapshot_reader.ts";
import type { SnapshotWriter } from "./snapshot_writer.ts";

/**
 * Records of a fixed number of 32-bit words for those entries of a table that need one; an entry keeps the number of its record,
 * from 1, and 0 for none. A record that is given back is the next one to be given out.
 */
export class RecordPool {
  /** The words of all records; read it again after `add`, which may have moved it. */
  words: Uint32Array = new Uint32Array();
  /** The same words as float32. */
  floats: Float32Array = new Float32Array();
  readonly #stride: number;
  readonly #maxRecords: number;
  readonly #free: number[] = [];
  #made = 0;

  /** Makes an empty pool for at most so many records at a time. */
  constructor(recordWords: number, maxRecords: number) {
    this.#stride = recordWords;
    this.#maxRecords = maxRecords;
  }

  /** Position of a record's first word. */
  at(number: number): number {
    return (number - 1) * this.#stride;
  }

  /** Number of a record that is all zero. */
  add(): number {
    const freed = this.#free.pop();
    if (freed !== undefined) return freed;
    this.#reserve(this.#made + 1);
    return ++this.#made;
  }

  /** Number of a record with these words. */
  addCopy(words: Uint32Array): number {
    const number = this.add();
    this.words.set(words, this.at(number));
    return number;
  }

  /** The words of a record, as a view. */
  record(number: number): Uint32Array {
    return this.words.subarray(this.at(number), this.at(number) + this.#stride);
  }

  /** Takes a record back. */
  remove(number: number): void {
    this.record(number).fill(0);
    this.#free.push(number);
  }

  /** Writes all records, those given back included. */
  save(out: SnapshotWriter): void {
    out.numbers([this.#made]);
    out.words(this.words.subarray(0, this.#made * this.#stride));
  }

  /** A function that gives the words of each record that `save` wrote, by its number. */
  static saved(from: SnapshotReader, recordWords: number): (number: number) => Uint32Array {
    const [made] = from.numbers(1);
    const words = from.words(made * recordWords);
    return (number) => words.subarray((number - 1) * recordWords, number * recordWords);
  }

  /** Takes all records back. */
  clear(): void {
    this.#free.length = 0;
    this.#made = 0;
    this.words = new Uint32Array();
    this.floats = new Float32Array();
  }

  #reserve(records: number): void {
    const grown = grownWords(this.words, {
      stride: this.#stride,
      entries: records,
      maxEntries: this.#maxRecords,
    });
    if (grown === this.words) return;
    this.words = grown;
    this.floats = new Float32Array(grown.buffer);
  }
}
