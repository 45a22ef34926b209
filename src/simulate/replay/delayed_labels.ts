import { Heap } from "../../runtime/heap.ts";

/** A label of a replayed file before it is written. */
export interface DelayedLabel {
  readonly transactionId: string;
  readonly customerId: string;
  readonly terminalId: string;
  /** Time of the transaction, milliseconds since 1970. */
  readonly timestampMs: number;
  readonly isFraud: boolean;
  /** Null where the file has none. */
  readonly scenario: number | null;
}

/** A thousand labels: their ids one after another in one text, the other fields in columns. */
interface Packed {
  ids: string;
  /** Where each id ends: the three of a label side by side. */
  idEnd: Uint32Array;
  timestampMs: Float64Array;
  isFraud: Uint8Array;
  /** NaN where there is none. */
  scenario: Float64Array;
}

const PACK_LENGTH = 1024;

/**
 * Labels that are not known yet, given back in the order of their transactions' times, and as they came for equal times.
 *
 * Those in time order, nearly all of a file, are packed by the thousand, at about the bytes of their ids and 29 more;
 * the others wait in a heap.
 */
export class DelayedLabels {
  /** In time order: labels being read, packed ones, and labels being collected. */
  #head: DelayedLabel[] = [];
  #headNext = 0;
  #packs: (Packed | undefined)[] = [];
  #packNext = 0;
  #tail: DelayedLabel[] = [];
  #newestMs = -Infinity;
  /** Labels that came late. */
  readonly #heap = new Heap<{ label: DelayedLabel; order: number }>((a, b) => {
    const byTime = a.label.timestampMs - b.label.timestampMs;
    return byTime < 0 || (byTime === 0 && a.order < b.order);
  });
  #nLate = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Time of the earliest label's transaction, milliseconds since 1970; infinity when none waits. */
  get oldestMs(): number {
    return Math.min(this.#headMs(), this.#heapMs());
  }

  push(label: DelayedLabel): void {
    this.#length++;
    if (label.timestampMs < this.#newestMs) {
      this.#heap.push({ label, order: this.#nLate++ });
      return;
    }
    this.#newestMs = label.timestampMs;
    this.#tail.push(label);
    if (this.#tail.length === PACK_LENGTH) {
      this.#packs.push(pack(this.#tail));
      this.#tail = [];
    }
  }

  /** Takes out the label of the earliest transaction. Throws RangeError when none waits. */
  shift(): DelayedLabel {
    if (this.#length === 0) {
      throw new RangeError("Cannot take a label as one must be waiting: current value is 0 waiting");
    }
    this.#length--;
    if (this.#heapMs() < this.#headMs()) return this.#heap.pop().label;
    return this.#head[this.#headNext++];
  }

  #headMs(): number {
    if (this.#headNext === this.#head.length) this.#refill();
    return this.#headNext < this.#head.length ? this.#head[this.#headNext].timestampMs : Infinity;
  }

  #refill(): void {
    this.#headNext = 0;
    if (this.#packNext < this.#packs.length) {
      this.#head = unpack(this.#packs[this.#packNext]!);
      this.#packs[this.#packNext++] = undefined;
      if (2 * this.#packNext > this.#packs.length) {
        this.#packs = this.#packs.slice(this.#packNext);
        this.#packNext = 0;
      }
    } else {
      this.#head = this.#tail;
      this.#tail = [];
    }
  }

  #heapMs(): number {
    return this.#heap.first?.label.timestampMs ?? Infinity;
  }
}

function pack(labels: DelayedLabel[]): Packed {
  const ids: string[] = [];
  for (const label of labels) ids.push(label.transactionId, label.customerId, label.terminalId);
  let end = 0;
  return {
    ids: ids.join(""),
    idEnd: Uint32Array.from(ids, (id) => end += id.length),
    timestampMs: Float64Array.from(labels, (label) => label.timestampMs),
    isFraud: Uint8Array.from(labels, (label) => label.isFraud ? 1 : 0),
    scenario: Float64Array.from(labels, (label) => label.scenario ?? NaN),
  };
}

function unpack({ ids, idEnd, timestampMs, isFraud, scenario }: Packed): DelayedLabel[] {
  const labels: DelayedLabel[] = [];
  for (let i = 0, start = 0; i < timestampMs.length; i++) {
    const [first, second, third] = [idEnd[3 * i], idEnd[3 * i + 1], idEnd[3 * i + 2]];
    labels.push({
      transactionId: ids.slice(start, first),
      customerId: ids.slice(first, second),
      terminalId: ids.slice(second, third),
      timestampMs: timestampMs[i],
      isFraud: isFraud[i] === 1,
      scenario: Number.isNaN(scenario[i]) ? null : scenario[i],
    });
    start = third;
  }
  return labels;
}
