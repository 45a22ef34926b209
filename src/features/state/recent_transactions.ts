import { KeyIndex } from "./key_index.ts";
import { Records } from "./records.ts";
import type { SnapshotReader, SnapshotWriter } from "./snapshot.ts";

/** Flags of a transaction: taken into the state, labelled, and what its label says. */
export const TAKEN = 1, LABELLED = 2, FRAUD = 4, AT_TERMINAL = 8, PRESUMED = 16;

/** The index is rebuilt after this share of the transactions was forgotten. */
const SPARE_SHARE = 0.25;
const Z = 2, FLAGS = 3, ORDINAL = 4, LABELLED_AT = 5, TRUTH_AT = 6;
const TERMINAL_LOW = 7, TERMINAL_HIGH = 8, TAKEN_AT = 9;

/**
 * The newest transactions, one by one: to know a repeated one, to put a late label down to card or terminal by the z of
 * its time, and to leave one truth where a transaction is labelled twice.
 *
 * A ring buffer of entries, 28 bytes a transaction, 40 with presumption, and its share of the index.
 */
export class RecentTransactions extends Records {
  readonly #index: KeyIndex;
  readonly #presumeAfterS: number;
  /** Transactions remembered since the stream's start; number `n` is in the ring's place `n % maxRecords`. */
  #remembered = 0;
  /** Number of the next transaction that may be presumed legitimate. */
  #cursor = 0;

  /** Remembers nothing yet; `presumeAfterS` is Infinity for no presumption. */
  constructor(maxTransactions: number, presumeAfterS: number) {
    super(presumeAfterS < Infinity ? 10 : 7, maxTransactions);
    this.#index = new KeyIndex(maxTransactions, SPARE_SHARE);
    this.#presumeAfterS = presumeAfterS;
  }

  get size(): number {
    return Math.min(this.#remembered, this.maxRecords);
  }

  /** Position of a transaction, or -1; it holds until the next `remember`. */
  find(low: number, high: number): number {
    const entry = this.#index.find(low, high, this.words, this.stride);
    return entry < 0 ? -1 : entry * this.stride;
  }

  /** Brings the memory that `find` reads first into the cache. */
  warmSlot(low: number, high: number): number {
    return this.#index.warmSlot(low, high);
  }

  /** Position of a transaction that is not remembered yet. */
  remember(low: number, high: number): number {
    const entry = this.#remembered % this.maxRecords;
    const at = entry * this.stride;
    // The forgotten one stays in the index: removing it would be one more place in memory to wait for.
    if (this.#remembered >= this.maxRecords) this.words.fill(0, at, at + this.stride);
    else this.reserve(entry + 1);
    this.#remembered++;
    this.words[at] = low;
    this.words[at + 1] = high;
    this.#index.add(entry, this.size, this.words, this.stride);
    return at;
  }

  /** z of the transaction when it was taken in; NaN if it was not. */
  z(at: number): number {
    return (this.words[at + FLAGS] & TAKEN) !== 0 ? this.floats[at + Z] : NaN;
  }

  flags(at: number): number {
    return this.words[at + FLAGS];
  }

  /** Ordinal of its first label among those of its terminal. */
  ordinal(at: number): number {
    return this.words[at + ORDINAL];
  }

  /** When its first label became known, seconds since 1970. */
  labelledAt(at: number): number {
    return this.words[at + LABELLED_AT];
  }

  /** When its present label became known, seconds since 1970. */
  truthAt(at: number): number {
    return this.words[at + TRUTH_AT];
  }

  /** Notes that a transaction was taken in at `seconds` of the state's clock. */
  setTaken(at: number, z: number, seconds: number, terminalLow: number, terminalHigh: number): void {
    const words = this.words;
    this.floats[at + Z] = z;
    words[at + FLAGS] |= TAKEN;
    if (this.#presumeAfterS === Infinity) return;
    words[at + TERMINAL_LOW] = terminalLow;
    words[at + TERMINAL_HIGH] = terminalHigh;
    words[at + TAKEN_AT] = seconds;
  }

  /** Notes a transaction's first label and where it counts. */
  setLabelled(at: number, flags: number, ordinal: number, seconds: number): void {
    this.setTruth(at, flags, seconds);
    this.words[at + ORDINAL] = ordinal;
    this.words[at + LABELLED_AT] = seconds;
  }

  /** Replaces the truth by another, known since `seconds`; its place among the labels stays. */
  setTruth(at: number, flags: number, seconds: number): void {
    this.words[at + TRUTH_AT] = seconds;
    this.words[at + FLAGS] = this.words[at + FLAGS] & TAKEN | flags;
  }

  /**
   * Calls `presume` for each unlabelled transaction whose time for a label has passed by `seconds`, in order; it returns
   * the ordinal of the label at the terminal. A transaction forgotten before that is never presumed.
   */
  presumeUpTo(
    seconds: number,
    presume: (terminalLow: number, terminalHigh: number, seconds: number) => number,
  ): void {
    const words = this.words;
    this.#cursor = Math.max(this.#cursor, this.#remembered - this.maxRecords);
    for (; this.#cursor < this.#remembered; this.#cursor++) {
      const at = this.#cursor % this.maxRecords * this.stride;
      if ((words[at + FLAGS] & (TAKEN | LABELLED)) !== TAKEN) continue;
      const due = words[at + TAKEN_AT] + this.#presumeAfterS;
      if (due > seconds) return;
      const ordinal = presume(words[at + TERMINAL_LOW], words[at + TERMINAL_HIGH], due);
      this.setLabelled(at, PRESUMED, ordinal, due);
    }
  }

  save(out: SnapshotWriter): void {
    const { size } = this;
    const first = (this.#remembered - size) % this.maxRecords;
    out.numbers([this.stride, size, this.#remembered, this.#cursor]);
    out.words(this.words.subarray(first * this.stride, size * this.stride));
    out.words(this.words.subarray(0, first * this.stride));
  }

  /** Loads a snapshot; forgets the first beyond the bound. Throws RangeError for entries of another layout. */
  load(from: SnapshotReader): void {
    const [stride, size, remembered, cursor] = from.numbers(4);
    if (stride !== this.stride) {
      throw new RangeError(
        `Cannot restore the features as a transaction must have ${this.stride} words: current value is ${stride}`,
      );
    }
    const saved = from.words(size * stride);
    const kept = Math.min(size, this.maxRecords);
    // Numbers count from 0 again: only their order and their distance to the cursor matter.
    this.#remembered = kept;
    this.#cursor = Math.max(0, cursor - (remembered - kept));
    this.empty();
    this.reserve(kept);
    this.words.set(saved.subarray((size - kept) * stride));
    this.#index.rebuild(this.words, stride, kept);
  }
}
