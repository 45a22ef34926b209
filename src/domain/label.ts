/**
 * What became known of a transaction later: a chargeback, or an analyst's decision.
 *
 * @module
 */

/** One label as the features take it; keys are the 64-bit hashes of the ids (`hashId`), low word and high word. */
export interface Label {
  transactionKey: readonly [number, number];
  customerKey: readonly [number, number];
  terminalKey: readonly [number, number];
  /** Event time of the transaction, milliseconds since 1970. */
  timestampMs: number;
  /** Whether it was a fraud; false where it was legitimate. */
  isFraud: boolean;
  /** When it became known, milliseconds since 1970; a transaction sees labels up to its own time. */
  labelledAtMs: number;
  /** The customer's z at the transaction, where the label carries it; NaN where it does not. */
  z: number;
}

/** A label to be filled again and again, so that none is made for each record; whoever takes it keeps a copy. */
export class ReusedLabel implements Label {
  readonly transactionKey: [number, number] = [0, 0];
  readonly customerKey: [number, number] = [0, 0];
  readonly terminalKey: [number, number] = [0, 0];
  timestampMs = 0;
  isFraud = false;
  labelledAtMs = 0;
  z: number = NaN;
}

/** Labels of one record batch as columns, row by row in offset order, each of at least `count` elements; units as in `Label`. */
export interface LabelColumns {
  readonly count: number;
  /** Position of each row's record in its record batch. */
  readonly recordIndex: Int32Array;
  readonly transactionKey: Uint32Array;
  readonly customerKey: Uint32Array;
  readonly terminalKey: Uint32Array;
  /** Event time of the transaction. */
  readonly timestampMs: Float64Array;
  readonly labelledAtMs: Float64Array;
  /** 1 for a fraud. */
  readonly isFraud: Uint8Array;
  /** The customer's z at the transaction, NaN where the label does not carry it. */
  readonly z: Float64Array;
}
