/**
 * What became known of a transaction later: a chargeback, or an analyst's decision.
 *
 * @module
 */

/** One label as the features take it; keys are the 64-bit hashes of the ids (`hashId`), low word and high word. */
export interface Label {
  /** Which transaction. */
  transactionKey: readonly [number, number];
  /** Its customer. */
  customerKey: readonly [number, number];
  /** Its terminal. */
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
