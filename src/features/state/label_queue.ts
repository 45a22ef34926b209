import { type Label, ReusedLabel } from "../../domain/label.ts";
import { Heap } from "../../runtime/heap.ts";
import type { SnapshotReader, SnapshotWriter } from "./snapshot.ts";

const WORDS = 6;
const NUMBERS = 4;
const TIMESTAMP = 0, LABELLED_AT = 1, Z = 2, FRAUD = 3;
const FIRST_CAPACITY = 64;

/**
 * Labels that became available and wait for the stream to reach their time: out by `labelledAtMs`, then as offered.
 *
 * Labels offered in the order of their time stand in a line; only one that is earlier than the last in line goes to a
 * heap beside it. Both hold numbers of places in one table, 60 bytes a label with the number.
 */
export class LabelQueue {
  /** A ring of places, its length a power of two. */
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
  /** What `next` gives, filled anew each time. */
  readonly #next = new ReusedLabel();

  /** Number of labels that wait. */
  get size(): number {
    return this.#lineLength + this.#heap.length;
  }

  /** Whether the next label became known by then, milliseconds since 1970. */
  isDue(timestampMs: number): boolean {
    // A time that is given back would be an object on the heap, for each row.
    return this.#lineLength > 0 && this.#labelledAt(this.#line[this.#lineAt]) <= timestampMs ||
      this.#heap.length > 0 && this.#labelledAt(this.#heap.first!) <= timestampMs;
  }

  /** When the next label became known, milliseconds since 1970; Infinity where none waits. */
  get nextMs(): number {
    const line = this.#lineLength > 0 ? this.#labelledAt(this.#line[this.#lineAt]) : Infinity;
    return this.#heap.length > 0 ? Math.min(line, this.#labelledAt(this.#heap.first!)) : line;
  }

  /** Adds a copy of a label. Throws RangeError where its times are no numbers. */
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

  /** Takes the next label out; there must be one. The object is filled anew by the next call. */
  next(): Label {
    const fromHeap = this.#heap.length > 0 &&
      (this.#lineLength === 0 || this.#isBefore(this.#heap.first!, this.#line[this.#lineAt]));
    const place = fromHeap ? this.#heap.pop() : this.#shiftLine();
    this.#free.push(place);
    return this.#read(place, this.#next);
  }

  #labelledAt(place: number): number {
    return this.#numbers[place * NUMBERS + LABELLED_AT];
  }

  #isBefore(a: number, b: number): boolean {
    const [aMs, bMs] = [this.#labelledAt(a), this.#labelledAt(b)];
    return aMs < bMs || (aMs === bMs && this.#order[a] < this.#order[b]);
  }

  #read(place: number, label: ReusedLabel): Label {
    const words = this.#words;
    const key = place * WORDS;
    label.transactionKey[0] = words[key];
    label.transactionKey[1] = words[key + 1];
    label.customerKey[0] = words[key + 2];
    label.customerKey[1] = words[key + 3];
    label.terminalKey[0] = words[key + 4];
    label.terminalKey[1] = words[key + 5];
    const number = place * NUMBERS;
    label.timestampMs = this.#numbers[number + TIMESTAMP];
    label.labelledAtMs = this.#numbers[number + LABELLED_AT];
    label.z = this.#numbers[number + Z];
    label.isFraud = this.#numbers[number + FRAUD] === 1;
    return label;
  }

  #newPlace(): number {
    if (this.#used === this.#order.length) {
      const capacity = 2 * this.#used;
      const words = new Uint32Array(capacity * WORDS);
      const numbers = new Float64Array(capacity * NUMBERS);
      const order = new Float64Array(capacity);
      words.set(this.#words);
      numbers.set(this.#numbers);
      order.set(this.#order);
      [this.#words, this.#numbers, this.#order] = [words, numbers, order];
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

  /** Adds the labels that `save` wrote to an empty queue. */
  load(from: SnapshotReader): void {
    const [size] = from.numbers(1);
    const words = from.words(size * WORDS);
    const numbers = from.numbers(size * NUMBERS);
    for (let i = 0; i < size; i++) {
      const key = i * WORDS;
      const number = i * NUMBERS;
      this.offer({
        transactionKey: [words[key], words[key + 1]],
        customerKey: [words[key + 2], words[key + 3]],
        terminalKey: [words[key + 4], words[key + 5]],
        timestampMs: numbers[number + TIMESTAMP],
        labelledAtMs: numbers[number + LABELLED_AT],
        z: numbers[number + Z],
        isFraud: numbers[number + FRAUD] === 1,
      });
    }
  }
}
