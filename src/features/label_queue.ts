import type { Label } from "../label.ts";
import type { SnapshotReader } from "./snapshot_reader.ts";
import type { SnapshotWriter } from "./snapshot_writer.ts";

interface Queued {
  label: Label;
  order: number;
}

const WORDS = 6;
const NUMBERS = 4;

/** Labels that became available and wait for the stream to reach their time: out by `labelledAtMs`, then as offered. */
export class LabelQueue {
  /** A binary heap, the next label first. */
  #heap: Queued[] = [];
  #offered = 0;

  /** Number of labels that wait. */
  get size(): number {
    return this.#heap.length;
  }

  /** When the next label became known, milliseconds since 1970; Infinity where none waits. */
  get nextMs(): number {
    return this.#heap.length > 0 ? this.#heap[0].label.labelledAtMs : Infinity;
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
    this.#add({ label: copy, order: this.#offered++ });
  }

  /** Takes the next label out; there must be one. */
  next(): Label {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop() as Queued;
    if (heap.length > 0) {
      let hole = 0;
      for (let child = 1; child < heap.length; child = 2 * hole + 1) {
        if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
        if (!isBefore(heap[child], last)) break;
        heap[hole] = heap[child];
        hole = child;
      }
      heap[hole] = last;
    }
    return first.label;
  }

  #add(queued: Queued): void {
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

  /** Writes the labels in the order they will come out. */
  save(out: SnapshotWriter): void {
    const queue = [...this.#heap].sort((a, b) => isBefore(a, b) ? -1 : 1);
    const words = new Uint32Array(queue.length * WORDS);
    const numbers = new Float64Array(queue.length * NUMBERS);
    queue.forEach(({ label }, i) => {
      words.set([...label.transactionKey, ...label.customerKey, ...label.terminalKey], i * WORDS);
      numbers.set([label.timestampMs, label.labelledAtMs, label.z, label.isFraud ? 1 : 0], i * NUMBERS);
    });
    out.numbers([queue.length]);
    out.words(words);
    out.numbers(numbers);
  }

  /** Takes the labels that `save` wrote in the place of its own. */
  load(from: SnapshotReader): void {
    const [size] = from.numbers(1);
    const words = from.words(size * WORDS);
    const numbers = from.numbers(size * NUMBERS);
    this.#heap = [];
    this.#offered = 0;
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
