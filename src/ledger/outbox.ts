/**
 * Part of the ledger: flagged transactions as objects need them.
 *
 * @module
 */

/** How much a flagged transaction takes. */
export interface FlaggedSize {
  offset: number;
  /** Bytes of its verdict in UTF-8. */
  verdictBytes: number;
}

/** The flagged transactions of one event hour. */
export interface FlaggedHour {
  /** Start of the hour, milliseconds since 1970. */
  hourMs: number;
  firstOffset: number;
  rows: number;
  /** Their verdicts in UTF-8, in offset order, each with a line feed behind it. */
  lines: Uint8Array;
}

/** Flagged transactions on their way to objects, without a JavaScript object for each of them. */
export interface LedgerOutbox {
  /** Sizes of the flagged transactions after an offset, at most `limit`, in offset order. */
  sizesAfter(topic: string, partition: number, offset: number, limit: number): Promise<FlaggedSize[]>;
  /** The flagged transactions from one offset through another, by event hour, in the order of their first offsets. */
  byHour(topic: string, partition: number, firstOffset: number, lastOffset: number): Promise<FlaggedHour[]>;
}
