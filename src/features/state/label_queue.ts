import { type Label, ReusedLabel } from "../../domain/label.ts";
import { grown } from "../../runtime/grown.ts";
import { Heap } from "../../runtime/heap.ts";
import type { SnapshotReader, SnapshotWriter } from "./snapshot.ts";

const WORDS = 6;
const NUMBERS = 4;
const TIMESTAMP = 0, LABELLED_AT = 1, Z = 2, FRAUD = 3;
const FIRST_CAPACITY = 64;

/**
 * Labels that wait for the stream to reach their time: they come out by `labelledAtMs`, then as offered.
 *
 * Labels offered in time order stand in a ring buffer; one that is earlier than its last goes to a heap. Both hold
 * places in one table, 60 bytes a label with its place.
 */
export class LabelQueue {
  /** A ring buffer of places, its length a power of two. */
  #line = new Uint32Array(FIRST_CAPACITY);
  #lineAt = 0;
  #lineLength = 0;
  readonly #heap = new Heap<number>((a, b) => this.#isBefore(a, b));
  /** Six words and four numbers a place. */
  #words = new Uint32Array(FIRST_CAPACITY * WORDS);
  #numbers = new Float64Array(FIRST_CAPACITY * NUMBERS);
  /** When each place was taken, as a count: decides among equal times. */
  #order = new Float64Array(FIRST_CAPACITY);
  readonly #free: number[] = [];
  #used = 0;
  #offered = 0;
  readonly #next = new ReusedLabel();

  get size(): number {
    return this.#lineLength + this.#heap.length;
  }

  /** Whether the next label became known by then, milliseconds since 1970. */
  isDue(timestampMs: number): boolean {
    // Returning a time would make an object on the heap for each row.
    return this.#lineLength > 0 && this.#labelledAt(this.#line[this.#lineAt]) <= timestampMs ||
      this.#heap.length > 0 && this.#labelledAt(this.#heap.first!) <= timestampMs;
  }

  /** When the next label became known, milliseconds since 1970; Infinity if none waits. */
  get nextMs(): number {
    const line = this.#lineLength > 0 ? this.#labelledAt(this.#line[this.#lineAt]) : Infinity;
    return this.#heap.length > 0 ? Math.min(line, this.#labelledAt(this.#heap.first!)) : line;
  }

  /** Adds a copy of a label. Throws RangeError where one of its times is NaN. */
  offer(label: Label): void {
    const { transactionKey, customerKey, terminalKey, timestampMs, labelledAtMs } = label;
    if (Number.isNaN(labelledAtMs) || Number.isNaN(timestampMs)) {
      throw new RangeError(
        "Cannot queue a label as timestampMs and labelledAtMs must be numbers: " +
          `current values are ${timestampMs} and ${labelledAtMs}`,
      );
    }
    const place = this.#free.pop() ?? this.#newPlace();
    const words = this.#words;
    const key = place * WORDS;
    words[key] = transactionKey[0];
    words[key + 1] = transactionKey[1];
    words[key + 2] = customerKey[0];
    words[key + 3] = customerKey[1];
    words[key + 4] = terminalKey[0];
    words[key + 5] = terminalKey[1];
    const number = place * NUMBERS;
    this.#numbers[number + TIMESTAMP] = timestampMs;
    this.#numbers[number + LABELLED_AT] = labelledAtMs;
    this.#numbers[number + Z] = label.z;
    this.#numbers[number + FRAUD] = Number(label.isFraud);
    this.#order[place] = this.#offered++;
    const last = this.#line[(this.#lineAt + this.#lineLength - 1) & (this.#line.length - 1)];
    if (this.#lineLength === 0 || this.#labelledAt(last) <= labelledAtMs) this.#pushLine(place);
    else this.#heap.push(place);
  }

  /** Takes the next label out; there must be one. The next call fills the same object. */
  next(): Label {
    const fromHeap = this.#heap.length > 0 &&
      (this.#lineLength === 0 || this.#isBefore(this.#heap.first!, this.#line[this.#lineAt]));
    const place = fromHeap ? this.#heap.pop() : this.#shiftLine();
    this.#free.push(place);
    return readLabel(this.#words, this.#numbers, place, this.#next);
  }

  #labelledAt(place: number): number {
    return this.#numbers[place * NUMBERS + LABELLED_AT];
  }

  #isBefore(a: number, b: number): boolean {
    const [aMs, bMs] = [this.#labelledAt(a), this.#labelledAt(b)];
    return aMs < bMs || (aMs === bMs && this.#order[a] < this.#order[b]);
  }

  #newPlace(): number {
    if (this.#used === this.#order.length) {
      const capacity = 2 * this.#used;
      this.#words = grown(this.#words, capacity * WORDS);
      this.#numbers = grown(this.#numbers, capacity * NUMBERS);
      this.#order = grown(this.#order, capacity);
    }
    return this.#used++;
  }

  #pushLine(place: number): void {
    if (this.#lineLength === this.#line.length) {
      const line = new Uint32Array(2 * this.#lineLength);
      line.set(this.#line.subarray(this.#lineAt));
      line.set(this.#line.subarray(0, this.#lineAt), this.#lineLength - this.#lineAt);
      this.#line = line;
      this.#lineAt = 0;
    }
    this.#line[(this.#lineAt + this.#lineLength++) & (this.#line.length - 1)] = place;
  }

  #shiftLine(): number {
    const place = this.#line[this.#lineAt];
    this.#lineAt = (this.#lineAt + 1) & (this.#line.length - 1);
    this.#lineLength--;
    return place;
  }

  /** Writes the labels in the order they will come out. */
  save(out: SnapshotWriter): void {
    const line = Array.from(
      { length: this.#lineLength },
      (_, i) => this.#line[(this.#lineAt + i) & (this.#line.length - 1)],
    );
    const queue = [...line, ...this.#heap.items].sort((a, b) => this.#isBefore(a, b) ? -1 : 1);
    const words = new Uint32Array(queue.length * WORDS);
    const numbers = new Float64Array(queue.length * NUMBERS);
    queue.forEach((place, i) => {
      words.set(this.#words.subarray(place * WORDS, (place + 1) * WORDS), i * WORDS);
      numbers.set(this.#numbers.subarray(place * NUMBERS, (place + 1) * NUMBERS), i * NUMBERS);
    });
    out.numbers([queue.length]);
    out.words(words);
    out.numbers(numbers);
  }

  /** Adds the labels of a snapshot to an empty queue. */
  load(from: SnapshotReader): void {
    const [size] = from.numbers(1);
    const words = from.words(size * WORDS);
    const numbers = from.numbers(size * NUMBERS);
    for (let i = 0; i < size; i++) this.offer(readLabel(words, numbers, i, this.#next));
  }
}

function readLabel(words: Uint32Array, numbers: Float64Array, place: number, into: ReusedLabel): Label {
  const key = place * WORDS;
  into.transactionKey[0] = words[key];
  into.transactionKey[1] = words[key + 1];
  into.customerKey[0] = words[key + 2];
  into.customerKey[1] = words[key + 3];
  into.terminalKey[0] = words[key + 4];
  into.terminalKey[1] = words[key + 5];
  const number = place * NUMBERS;
  into.timestampMs = numbers[number + TIMESTAMP];
  into.labelledAtMs = numbers[number + LABELLED_AT];
  into.z = numbers[number + Z];
  into.isFraud = numbers[number + FRAUD] === 1;
  return into;
}
