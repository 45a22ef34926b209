import type { Scenario } from "./events/event.ts";
import type { SimulatedStep } from "./simulate.ts";

/** A label without any text. */
export type PendingLabel = Omit<SimulatedStep, "isLabel" | "amountMinor" | "merchant">;

/**
 * Labels that are not known yet, first in first out, in a ring buffer of columns: 25 bytes a label.
 */
export class PendingLabels {
  /** Time of the oldest label's transaction, milliseconds since 1970; infinity when there is none. */
  oldestMs: number = Infinity;
  #capacity = 1024;
  #first = 0;
  #length = 0;
  #index = new Float64Array(this.#capacity);
  #timestampMs = new Float64Array(this.#capacity);
  #customer = new Uint32Array(this.#capacity);
  #terminal = new Uint32Array(this.#capacity);
  #scenario = new Uint8Array(this.#capacity);

  get length(): number {
    return this.#length;
  }

  /** Bytes of room held. */
  get byteLength(): number {
    return [this.#index, this.#timestampMs, this.#customer, this.#terminal, this.#scenario]
      .reduce((sum, column) => sum + column.byteLength, 0);
  }

  /** Adds the label of a transaction that is no older than those before. */
  push(index: number, customer: number, terminal: number, timestampMs: number, scenario: Scenario): void {
    if (this.#length === this.#capacity) this.#grow();
    const at = (this.#first + this.#length++) & (this.#capacity - 1);
    this.#index[at] = index;
    this.#customer[at] = customer;
    this.#terminal[at] = terminal;
    this.#timestampMs[at] = timestampMs;
    this.#scenario[at] = scenario;
    if (this.#length === 1) this.oldestMs = timestampMs;
  }

  /** Takes the oldest label out. Throws RangeError when none is pending. */
  shift(): PendingLabel {
    if (this.#length === 0) {
      throw new RangeError("Cannot take a label as one must be pending: current value is 0 pending");
    }
    const at = this.#first;
    this.#first = (at + 1) & (this.#capacity - 1);
    this.#length--;
    this.oldestMs = this.#length === 0 ? Infinity : this.#timestampMs[this.#first];
    return {
      index: this.#index[at],
      customer: this.#customer[at],
      terminal: this.#terminal[at],
      timestampMs: this.#timestampMs[at],
      scenario: this.#scenario[at] as Scenario,
    };
  }

  #grow(): void {
    const turn = <T extends Float64Array | Uint32Array | Uint8Array>(column: T, twice: T): T => {
      twice.set(column.subarray(this.#first));
      twice.set(column.subarray(0, this.#first), this.#capacity - this.#first);
      return twice;
    };
    const capacity = 2 * this.#capacity;
    this.#index = turn(this.#index, new Float64Array(capacity));
    this.#timestampMs = turn(this.#timestampMs, new Float64Array(capacity));
    this.#customer = turn(this.#customer, new Uint32Array(capacity));
    this.#terminal = turn(this.#terminal, new Uint32Array(capacity));
    this.#scenario = turn(this.#scenario, new Uint8Array(capacity));
    this.#capacity = capacity;
    this.#first = 0;
  }
}
