import { grown } from "../../runtime/grown.ts";
import type { SnapshotReader, SnapshotWriter } from "./snapshot.ts";

/** From here on room for the whole bound is reserved at once: the system backs a page when it is first written. */
const DOUBLING_ENDS = 1 << 16;
const LEAST_RECORDS = 64;

/** Records of a fixed number of 32-bit words, side by side in one buffer that grows. */
export class Records {
  /** The words of all records; read it again after anything that may reserve room. */
  words: Uint32Array = new Uint32Array();
  /** The same words as float32. */
  floats: Float32Array = new Float32Array();
  readonly stride: number;
  readonly maxRecords: number;

  /** Makes no room yet, for records of `stride` words and at most `maxRecords` of them. */
  constructor(stride: number, maxRecords: number) {
    this.stride = stride;
    this.maxRecords = maxRecords;
  }

  /** Makes room for so many records, zero behind those that are there. */
  reserve(records: number): void {
    if (records * this.stride <= this.words.length) return;
    const wanted = records > DOUBLING_ENDS
      ? this.maxRecords
      : Math.max(LEAST_RECORDS, 2 ** Math.ceil(Math.log2(records)));
    this.words = grown(this.words, Math.max(records, Math.min(wanted, this.maxRecords)) * this.stride);
    this.floats = new Float32Array(this.words.buffer);
  }

  /** Gives all room back. */
  empty(): void {
    this.words = new Uint32Array();
    this.floats = new Float32Array();
  }
}

/**
 * Records for those entries of a table that need one: an entry keeps the number of its record, from 1, or 0 for none.
 * The record given back last is given out first.
 */
export class RecordPool extends Records {
  readonly #free: number[] = [];
  #made = 0;

  /** Position of a record's first word. */
  at(number: number): number {
    return (number - 1) * this.stride;
  }

  /** Number of a record that is all zero. */
  add(): number {
    const freed = this.#free.pop();
    if (freed !== undefined) return freed;
    this.reserve(this.#made + 1);
    return ++this.#made;
  }

  /** Number of a new record with these words. */
  addCopy(words: Uint32Array): number {
    const number = this.add();
    this.words.set(words, this.at(number));
    return number;
  }

  /** The words of a record, as a view. */
  record(number: number): Uint32Array {
    return this.words.subarray(this.at(number), this.at(number) + this.stride);
  }

  /** Takes a record back. */
  remove(number: number): void {
    this.record(number).fill(0);
    this.#free.push(number);
  }

  save(out: SnapshotWriter): void {
    out.numbers([this.#made]);
    out.words(this.words.subarray(0, this.#made * this.stride));
  }

  /** A function that gives the words of each record that `save` wrote, by its number. */
  static saved(from: SnapshotReader, stride: number): (number: number) => Uint32Array {
    const [made] = from.numbers(1);
    const words = from.words(made * stride);
    return (number) => words.subarray((number - 1) * stride, number * stride);
  }

  /** Takes all records back. */
  clear(): void {
    this.#free.length = 0;
    this.#made = 0;
    this.empty();
  }
}
