/** A stored time more than this ahead of a record's was set by a future-dated record, seconds. */
const TRUSTED_AHEAD_S = 86_400;
const LATEST_S = 0xffff_ffff;

/**
 * What every feature can read: the row's own fields, and what the state knew of its card and terminal before it.
 *
 * One object is filled for every row, so that none is made per record.
 */
export class RowState {
  /** Major units. */
  amount = 0;
  /** Event time, milliseconds since 1970. */
  timestampMs = 0;
  /** The event time in whole seconds, see {@link secondsOf}. */
  seconds = 0;
  /** Usual amount of the customer, shrunk to that of all customers while little is known, major units. */
  customerMean = 0;
  /** Usual spread of the customer's amounts, greater than 0, major units. */
  customerSd = 1;
  /** (amount − mean) / sd. */
  z = 0;
  /** Decayed sum of what the customer's earlier z exceeded the usual by. */
  suspicion = 0;
  /** Decayed share of the terminal's labels that are frauds put down to the terminal, in [0, 1]. */
  terminalRisk = 0;
  /** Exponentially weighted mean of the terminal's labels, fraud 1 and legitimate 0, in [0, 1]. */
  terminalLabelEwma = 0;
  /** Fraud labels in a row at the terminal, up to the newest. */
  terminalLabelStreak = 0;
}

/** The words of a table's keys, and the same words as float32. */
export interface KeyWords {
  readonly words: Uint32Array;
  readonly floats: Float32Array;
}

/**
 * Words that a part of the state keeps for each key of a table, a customer or a terminal; all zero for a new key.
 *
 * Its fields hold what `read` found for the row in hand, for `value` of the features and for `take`.
 */
export interface KeyColumns {
  /** Number of 32-bit words. */
  readonly words: number;
  /** Reads the words from `at` on as they are `elapsed` seconds after the key's last transaction. */
  read(key: KeyWords, at: number, row: Readonly<RowState>, elapsed: number): void;
  /** Writes the words with the row taken in, right after `read`. */
  take(key: KeyWords, at: number, row: Readonly<RowState>): void;
}

/** Columns of customers, which may take in labels as well. */
export interface CustomerColumns extends KeyColumns {
  /**
   * Adds a known fraud (`change` 1), or takes back one that a later label denies (-1).
   *
   * @param seconds When the fraud became known, seconds since 1970; for -1 the time that was given with its 1.
   */
  label?(key: KeyWords, at: number, seconds: number, change: 1 | -1): void;
}

/** The columns of a part. */
export interface PartColumns {
  readonly customer?: CustomerColumns;
  readonly terminal?: KeyColumns;
}

/** A part of the state, for the features that need it. */
export interface StatePart<Columns extends PartColumns = PartColumns> {
  /** Its name in the state's id; a snapshot of a part with another name is refused. */
  readonly name: string;
  /** Makes the columns for one stream. */
  open(): Columns;
}

/**
 * The columns of one table that a set of features needs, each with the word of a payload that it begins at.
 *
 * A list of first and rest instead of an array: a call that always meets the same columns is inlined, in a loop it is not.
 */
export class ColumnSet<Columns extends KeyColumns = KeyColumns> {
  /** Words of a payload up to the end of the last columns; 0 if there are none. */
  readonly words: number;
  readonly takesLabels: boolean;
  readonly #first: Columns | undefined;
  readonly #at: number;
  readonly #rest: ColumnSet<Columns> | undefined;

  /** Takes the columns in the order of their places. */
  constructor([first, ...rest]: readonly { columns: Columns; at: number }[]) {
    this.#first = first?.columns;
    this.#at = first?.at ?? 0;
    this.#rest = rest.length > 0 ? new ColumnSet(rest) : undefined;
    this.words = this.#rest?.words ?? (first === undefined ? 0 : first.at + first.columns.words);
    this.takesLabels = first !== undefined && "label" in first.columns || this.#rest?.takesLabels === true;
  }

  read(key: KeyWords, at: number, row: Readonly<RowState>, elapsed: number): void {
    this.#first?.read(key, at + this.#at, row, elapsed);
    this.#rest?.read(key, at, row, elapsed);
  }

  take(key: KeyWords, at: number, row: Readonly<RowState>): void {
    this.#first?.take(key, at + this.#at, row);
    this.#rest?.take(key, at, row);
  }

  label(key: KeyWords, at: number, seconds: number, change: 1 | -1): void {
    (this.#first as CustomerColumns | undefined)?.label?.(key, at + this.#at, seconds, change);
    this.#rest?.label(key, at, seconds, change);
  }
}

/** Whole seconds since 1970 of a time in milliseconds, kept between 1970 and 2106 so that a 32-bit word holds it. */
export function secondsOf(timestampMs: number): number {
  const seconds = Math.floor(timestampMs / 1000);
  return seconds > 0 ? Math.min(seconds, LATEST_S) : 0;
}

/** Seconds from the stored time of a key to the record's time; 0 for a record that is late. */
export function elapsedSeconds(stored: number, now: number): number {
  return now > stored ? now - stored : 0;
}

/**
 * The time to store for a key after a record: the later of both, so that a late record takes nothing back.
 *
 * A stored time more than a day ahead gives way to the record's: one future-dated record would otherwise stop the
 * key's decays until that future has come.
 */
export function storedAfter(stored: number, now: number): number {
  return now > stored || stored - now > TRUSTED_AHEAD_S ? now : stored;
}
