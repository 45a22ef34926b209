import type { Label } from "../label.ts";
import type { SnapshotReader } from "./snapshot_reader.ts";
import type { SnapshotWriter } from "./snapshot_writer.ts";

interface Queued {
  label: Label;
  order: number;
}

const WORDS = 6;
const NUMBERS = 4;

/**
 * Labels that became available and wait for the stream to reach their time: out by `labelledAtMs`, then as offered.
 *
 * Labels offered in the order of their time stand in a line; only one that is earlier than the last in line goes to a
 * heap beside it.
 */
export class LabelQueue {
  #line: Queued[] = [];
  #lineAt = 0;
  /** A binary heap, the next label first. */
  readonly #heap: Queued[] = [];
  #offered = 0;

  /** Number of labels that wait. */
  get size(): number {
    return this.#line.length - this.#lineAt + this.#heap.length;
  }

  /** When the next label became known, milliseconds since 1970; Infinity where none waits. */
  get nextMs(): number {
    const line = this.#lineAt < this.#line.length ? this.#line[this.#lineAt].label.labelledAtMs : Infinity;
    return this.#heap.length > 0 ? Math.min(line, this.#heap[0].label.labelledAtMs) : line;
  }

  /** Adds a copy of a label. Throws RangeError where its times are no numbers. */
  offer(label: Label): void {
    if (Number.isNaN(label.labelledAtMs) || Number.isNaN(label.timestampMs)) {
      throw new RangeError(
        "Cannot queue a label as timestampMs and labelledAtMs must be numbers: " +
          `current values are ${label.timestampMs} and ${label.labelledAtMs}`,
      );
    }
    const copy: Label = {
      transactionKey: [label.transactionKey[0], label.transactionKey[1]],
      customerKey: [label.customerKey[0], label.customerKey[1]],
      terminalKey: [label.terminalKey[0], label.terminalKey[1]],
      timestampMs: label.timestampMs,
      isFraud: label.isFraud,
      labelledAtMs: label.labelledAtMs,
      z: label.z,
    };
    const queued = { label: copy, order: this.#offered++ };
    const inLine = this.#lineAt === this.#line.length ||
      this.#line[this.#line.length - 1].label.labelledAtMs <= copy.labelledAtMs;
    if (inLine) this.#line.push(queued);
    else this.#pushHeap(queued);
  }

  /** Takes the next label out; there must be one. */
  next(): Label {
    const line = this.#line;
    const fromHeap = this.#heap.length > 0 &&
      (this.#lineAt === line.length || isBefore(this.#heap[0], line[this.#lineAt]));
    if (fromHeap) return this.#popHeap().label;
    const { label } = line[this.#lineAt++];
    if (this.#lineAt === line.length) {
      this.#line = [];
      this.#lineAt = 0;
    } else if (this.#lineAt > 1024 && this.#lineAt * 2 > line.length) {
      this.#line = line.slice(this.#lineAt);
      this.#lineAt = 0;
    }
    return label;
  }

  #pushHeap(queued: Queued): void {
    const heap = this.#heap;
    let hole = heap.push(queued) - 1;
    while (hole > 0) {
      const parent = hole - 1 >> 1;
      if (!isBefore(queued, heap[parent])) break;
      heap[hole] = heap[parent];
      hole = parent;
    }
    heap[hole] = queued;
  }

  #popHeap(): Queued {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop() as Queued;
    if (heap.length === 0) return first;
    let hole = 0;
    for (let child = 1; child < heap.length; child = 2 * hole + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (!isBefore(heap[child], last)) break;
      heap[hole] = heap[child];
      hole = child;
    }
    heap[hole] = last;
    return first;
  }

  /** Writes the labels in the order they will come out. */
  save(out: SnapshotWriter): void {
    const queue = [...this.#line.slice(this.#lineAt), ...this.#heap].sort((a, b) => isBefore(a, b) ? -1 : 1);
    const words = new Uint32Array(queue.length * WORDS);
    const numbers = new Float64Array(queue.length * NUMBERS);
    queue.forEach(({ label }, i) => {
      const { transactionKey, customerKey, terminalKey } = label;
      words[i * WORDS] = transactionKey[0];
      words[i * WORDS + 1] = transactionKey[1];
      words[i * WORDS + 2] = customerKey[0];
      words[i * WORDS + 3] = customerKey[1];
      words[i * WORDS + 4] = terminalKey[0];
      words[i * WORDS + 5] = terminalKey[1];
      numbers[i * NUMBERS] = label.timestampMs;
      numbers[i * NUMBERS + 1] = label.labelledAtMs;
      numbers[i * NUMBERS + 2] = label.z;
      numbers[i * NUMBERS + 3] = label.isFraud ? 1 : 0;
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
        timestampMs: numbers[number],
        labelledAtMs: numbers[number + 1],
        z: numbers[number + 2],
        isFraud: numbers[number + 3] === 1,
      });
    }
  }
}

function isBefore(a: Queued, b: Queued): boolean {
  return a.label.labelledAtMs < b.label.labelledAtMs ||
    (a.label.labelledAtMs === b.label.labelledAtMs && a.order < b.order);
}
