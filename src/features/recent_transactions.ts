import { KeyTable } from "./key_table.ts";
import type { SnapshotReader } from "./snapshot_reader.ts";
import type { SnapshotWriter } from "./snapshot_writer.ts";

/** Flags of a remembered transaction. */
export const TAKEN = 1, LABELLED = 2, FRAUD = 4, AT_TERMINAL = 8, PRESUMED = 16;

const Z = 0, FLAGS = 1, ORDINAL = 2, LABELLED_AT = 3;
const TERMINAL_LOW = 4, TERMINAL_HIGH = 5, TAKEN_AT = 6;

/** A transaction that was presumed legitimate. */
export interface PresumedTransaction {
  terminalLow: number;
  terminalHigh: number;
  /** When the presumption holds from, seconds since 1970. */
  seconds: number;
}

/**
 * The transactions remembered one by one, the first remembered forgotten first: to know a repeated one, to put a late
 * label down to card or terminal by the z of its time, and to leave one truth where a transaction is labelled twice.
 *
 * 32 bytes a transaction, 44 with presumption, and its share of the index.
 */
export class RecentTransactions {
  readonly #table: KeyTable;
  readonly #presumeAfterS: number;
  /** Position of the next transaction that may be presumed legitimate, or -1. */
  #cursor = -1;

  /** Remembers nothing yet; `presumeAfterS` is Infinity where nothing is presumed. */
  constructor(maxTransactions: number, presumeAfterS: number) {
    this.#presumeAfterS = presumeAfterS;
    this.#table = new KeyTable(presumeAfterS < Infinity ? 7 : 4, maxTransactions);
  }

  /** Transactions remembered. */
  get size(): number {
    return this.#table.size;
  }

  /** Position of a transaction, or -1; it holds until the next `remember`. */
  find(low: number, high: number): number {
    return this.#table.find(low, high);
  }

  /** Position of a transaction not remembered before. */
  remember(low: number, high: number): number {
    const table = this.#table;
    const evicted = table.evicted;
    const { oldest } = table;
    const afterOldest = oldest < 0 ? -1 : table.newer(oldest);
    const at = table.touch(low, high);
    if (this.#cursor < 0) this.#cursor = at;
    else if (table.evicted > evicted && this.#cursor === oldest) {
      this.#cursor = afterOldest < 0 ? at : afterOldest;
    }
    return at;
  }

  /** z of the transaction when it was taken in, NaN where it was not. */
  z(at: number): number {
    return (this.#table.words[at + FLAGS] & TAKEN) !== 0 ? this.#table.floats[at + Z] : NaN;
  }

  /** Flags of a transaction. */
  flags(at: number): number {
    return this.#table.words[at + FLAGS];
  }

  /** Ordinal of its first label among those of its terminal. */
  ordinal(at: number): number {
    return this.#table.words[at + ORDINAL];
  }

  /** When its first label became known, seconds since 1970. */
  labelledAt(at: number): number {
    return this.#table.words[at + LABELLED_AT];
  }

  /** Notes that a transaction was taken in at `seconds` of the state's clock. */
  setTaken(at: number, z: number, seconds: number, terminalLow: number, terminalHigh: number): void {
    const { words, floats } = this.#table;
    floats[at + Z] = z;
    words[at + FLAGS] |= TAKEN;
    if (this.#presumeAfterS === Infinity) return;
    words[at + TERMINAL_LOW] = terminalLow;
    words[at + TERMINAL_HIGH] = terminalHigh;
    words[at + TAKEN_AT] = seconds;
  }

  /** Notes a transaction's first label and where it counts. */
  setLabelled(at: number, flags: number, ordinal: number, seconds: number): void {
    const { words } = this.#table;
    words[at + FLAGS] = words[at + FLAGS] & TAKEN | flags;
    words[at + ORDINAL] = ordinal;
    words[at + LABELLED_AT] = seconds;
  }

  /** Puts another truth in the place of the one noted; its place among the labels stays. */
  setTruth(at: number, flags: number): void {
    const { words } = this.#table;
    words[at + FLAGS] = words[at + FLAGS] & TAKEN | flags;
  }

  /**
   * Calls `presume` for each transaction without a label whose time for one has passed by `seconds`, in the order they
   * came; `presume` returns the ordinal of the label at the terminal.
   */
  presumeUpTo(seconds: number, presume: (transaction: PresumedTransaction) => number): void {
    const table = this.#table;
    while (this.#cursor >= 0) {
      const at = this.#cursor;
      const { words } = table;
      const due = words[at + TAKEN_AT] + this.#presumeAfterS;
      const waits = (words[at + FLAGS] & (TAKEN | LABELLED)) === TAKEN;
      if (waits && due > seconds) return;
      // The newest one stays under the cursor, so that it goes on from there once another is remembered.
      const next = table.newer(at);
      if (waits && (words[at + FLAGS] & PRESUMED) === 0) {
        const ordinal = presume({
          terminalLow: words[at + TERMINAL_LOW],
          terminalHigh: words[at + TERMINAL_HIGH],
          seconds: due,
        });
        this.setLabelled(at, PRESUMED, ordinal, due);
      }
      if (next < 0) return;
      this.#cursor = next;
    }
  }

  /** Writes the state. */
  save(out: SnapshotWriter): void {
    out.numbers([this.#cursor]);
    this.#table.save(out);
  }

  /** Takes a state that `save` wrote; one of a larger bound loses its first transactions. */
  load(from: SnapshotReader): void {
    const [cursor] = from.numbers(1);
    const evicted = this.#table.load(from);
    this.#cursor = evicted === 0 ? cursor : this.#table.oldest;
  }
}
