import { KeyTable } from "./key_table.ts";
import { type ColumnSet, elapsedSeconds, type RowState, type StatePart, storedAfter } from "./part.ts";
import { RecordPool } from "./records.ts";
import type { SnapshotReader, SnapshotWriter } from "./snapshot.ts";

const RISK_S = 7 * 86_400;
/** Legitimate labels credited to every terminal, so that one fraud alone is not a rate of 1. */
const RISK_PRIOR = 1;
const LABEL_WEIGHT = 0.4;
const MOST_STREAK = 10;
/** Labels of a terminal that the history word holds, the newest in bit 0. */
const HISTORY_LABELS = 32;

/** Of a terminal: the number of its labels' record, 0 for none. */
const LABELLED = 0;
/** Of a terminal: the time that the columns go by. */
const COLUMNS_TIME = 1;
/** Of its labels' record. */
const TIME = 0, FRAUDS = 1, LABELS = 2, HISTORY = 3, ORDINAL = 4;
const LABEL_WORDS = 5;

/** For each byte of the history, the label EWMA's sum of weights of the bits that are set. */
const ewmaOfByte = [0, 8, 16, 24].map((first) =>
  Float64Array.from({ length: 256 }, (_, byte) => {
    let sum = 0;
    let weight = LABEL_WEIGHT;
    for (let age = 0; age < first + 8; age++) {
      if (age >= first && (byte >>> age - first & 1) === 1) sum += weight;
      weight *= 1 - LABEL_WEIGHT;
    }
    return sum;
  })
);

/** The labels of each terminal. */
export const TERMINAL_LABELS: StatePart = { name: "terminal-labels", open: () => ({}) };
/** Words of a terminal before the columns, if it has any. */
export const TERMINAL_WORDS = 2;

/** One label as it counts at its terminal. */
export interface TerminalLabel {
  /** When it became known, seconds since 1970. */
  seconds: number;
  isFraud: boolean;
  /** Whether a fraud is put down to the terminal; false where it is put down to the card. */
  atTerminal: boolean;
}

/**
 * What the state knows of each terminal: its labels, and the columns of the parts in use.
 *
 * A terminal takes 16 bytes, 4 and the words of the columns if there are any, 20 more once it has a label, and its share
 * of the index. The last 32 labels are kept one by one: label EWMA and streak are exact, and a denied label is turned
 * in its place. The key 0 is no terminal: its transactions are read as at a terminal of which nothing is known.
 */
export class TerminalState {
  readonly table: KeyTable;
  readonly #labels: RecordPool;
  readonly #columns: ColumnSet;
  /** A terminal of which nothing is known. */
  readonly #stranger: KeyTable;

  /** Makes the state of no terminal, with these columns. */
  constructor(columns: ColumnSet, maxKeys: number) {
    this.#columns = columns;
    this.#labels = new RecordPool(LABEL_WORDS, maxKeys);
    const words = Math.max(1, columns.words);
    this.table = new KeyTable(words, maxKeys, (at) => {
      const labelled = this.table.words[at + LABELLED];
      if (labelled !== 0) this.#labels.remove(labelled);
    });
    this.#stranger = new KeyTable(words, 1);
    this.#stranger.touch(0, 0);
  }

  /** Reads what is known of a terminal into the row, and changes nothing. */
  read(low: number, high: number, row: RowState): void {
    this.#readAt(this.table.find(low, high), row);
  }

  /** Reads as `read` does, then takes the row in; `expected` is what `table.find` gave. */
  take(low: number, high: number, row: RowState, expected = -1): void {
    if ((low | high) === 0) return this.#readAt(-1, row);
    const { table } = this;
    if (this.#columns.words === 0) {
      this.#readAt(table.use(low, high, expected), row);
      return;
    }
    const at = table.touch(low, high, expected);
    this.#readAt(at, row);
    this.#columns.take(table, at, row);
    table.words[at + COLUMNS_TIME] = storedAfter(table.words[at + COLUMNS_TIME], row.seconds);
  }

  /** Takes a transaction's first label in; returns its ordinal among the terminal's labels, 0 without a terminal. */
  label(low: number, high: number, label: TerminalLabel): number {
    if ((low | high) === 0) return 0;
    const entry = this.table.touch(low, high);
    const labelled = this.table.words[entry + LABELLED] ||= this.#labels.add();
    const at = this.#labels.at(labelled);
    const { words, floats } = this.#labels;
    const stored = words[at + TIME];
    const now = storedAfter(stored, label.seconds);
    const decay = Math.exp(-elapsedSeconds(stored, now) / RISK_S);
    const weight = Math.exp(-elapsedSeconds(label.seconds, now) / RISK_S);
    floats[at + FRAUDS] = floats[at + FRAUDS] * decay + (label.atTerminal ? weight : 0);
    floats[at + LABELS] = floats[at + LABELS] * decay + weight;
    words[at + HISTORY] = words[at + HISTORY] << 1 | (label.isFraud ? 1 : 0);
    words[at + TIME] = now;
    return ++words[at + ORDINAL];
  }

  /** Gives an earlier label, taken in under `ordinal`, another truth; a terminal forgotten since stays as it is. */
  relabel(low: number, high: number, ordinal: number, earlier: TerminalLabel, truth: TerminalLabel): void {
    const entry = this.table.find(low, high);
    const labelled = entry < 0 ? 0 : this.table.words[entry + LABELLED];
    if (labelled === 0) return;
    const at = this.#labels.at(labelled);
    const { words, floats } = this.#labels;
    const age = words[at + ORDINAL] - ordinal;
    if (age < 0) return;
    if (age < HISTORY_LABELS && earlier.isFraud !== truth.isFraud) words[at + HISTORY] ^= 1 << age;
    const change = (truth.atTerminal ? 1 : 0) - (earlier.atTerminal ? 1 : 0);
    const weight = Math.exp(-elapsedSeconds(earlier.seconds, words[at + TIME]) / RISK_S);
    floats[at + FRAUDS] = Math.max(floats[at + FRAUDS] + change * weight, 0);
  }

  #readAt(at: number, row: RowState): void {
    if (at < 0) return this.#readFrom(this.#stranger, this.#stranger.find(0, 0), row);
    this.#readFrom(this.table, at, row);
  }

  #readFrom(table: KeyTable, at: number, row: RowState): void {
    row.terminalRisk =
      row.terminalLabelEwma =
      row.terminalLabelStreak =
        0;
    const labelled = table.words[at + LABELLED];
    if (labelled !== 0) this.#readLabels(this.#labels.at(labelled), row);
    if (this.#columns.words === 0) return;
    const elapsed = elapsedSeconds(table.words[at + COLUMNS_TIME], row.seconds);
    this.#columns.read(table, at, row, elapsed);
  }

  #readLabels(at: number, row: RowState): void {
    const { words, floats } = this.#labels;
    const frauds = floats[at + FRAUDS];
    if (frauds > 0) {
      const decay = Math.exp(-elapsedSeconds(words[at + TIME], row.seconds) / RISK_S);
      row.terminalRisk = frauds * decay / (floats[at + LABELS] * decay + RISK_PRIOR);
    }
    const history = words[at + HISTORY];
    if (history !== 0) {
      row.terminalLabelEwma = ewmaOfByte[0][history & 255] + ewmaOfByte[1][history >>> 8 & 255] +
        ewmaOfByte[2][history >>> 16 & 255] + ewmaOfByte[3][history >>> 24];
      // Ones at the low end: the zeros there of the complement, whose lowest set bit is isolated first.
      const complement = ~history;
      const streak = complement === 0 ? HISTORY_LABELS : 31 - Math.clz32(complement & -complement);
      row.terminalLabelStreak = Math.min(streak, MOST_STREAK);
    }
  }

  /** Copies what another state knows of one terminal. */
  copyFrom(other: TerminalState, low: number, high: number): void {
    const from = other.table.find(low, high);
    if (from < 0) return;
    this.table.copyFrom(other.table, low, high);
    const labelled = other.table.words[from + LABELLED];
    if (labelled === 0) return;
    const at = this.table.find(low, high);
    this.table.words[at + LABELLED] = this.#labels.addCopy(other.#labels.record(labelled));
  }

  save(out: SnapshotWriter): void {
    this.table.save(out);
    this.#labels.save(out);
  }

  load(from: SnapshotReader): void {
    this.table.load(from);
    const saved = RecordPool.saved(from, LABEL_WORDS);
    // Copied one by one: a lower bound may have forgotten some terminals.
    this.#labels.clear();
    for (const at of this.table.payloads()) {
      const labelled = this.table.words[at + LABELLED];
      if (labelled !== 0) this.table.words[at + LABELLED] = this.#labels.addCopy(saved(labelled));
    }
  }
}
