/**
 * Part of the ledger: analysts' labels.
 *
 * @module
 */

/** Least time from a label to the one that replaces it: features tell labels apart by the second. */
export const LATER_BY_MS = 1000;

/** An analyst's label of a transaction. */
export interface GivenLabel {
  /** The label topic that it goes to. */
  topic: string;
  transactionId: string;
  customerId: string;
  terminalId: string;
  /** Its event time, milliseconds since 1970. */
  timestampMs: number;
  /** The customer's z at the transaction, or null where its verdict does not say. */
  z: number | null;
  /** Whether it was a fraud; false where it was legitimate. */
  isFraud: boolean;
  /** When it became known, milliseconds since 1970. */
  labelledAtMs: number;
  /** Who said so, or null. */
  labelledBy: string | null;
}

/** A label as the ledger keeps it. */
export interface RecordedLabel extends GivenLabel {
  /** Rises with each label that is recorded. */
  labelId: number;
  /** Whether it is known to be in the label topic. */
  produced: boolean;
}

/** Analysts' labels: the newest of a transaction is the truth, the ones before are its history. */
export interface LedgerLabels {
  /**
   * Records labels in one SQL transaction, skipping any that repeat the transaction's newest label. A transaction is its
   * id, customer, terminal and time. A label that replaces another gets a `labelledAtMs` at least `LATER_BY_MS` after it,
   * so that features can tell which of them holds.
   *
   * @returns The labels that were recorded, in order.
   */
  add(labels: readonly GivenLabel[]): Promise<RecordedLabel[]>;
  /** All labels of the transactions with this id, in the order of their recording. */
  history(transactionId: string): Promise<RecordedLabel[]>;
  /** Labels not yet known to be in this label topic, in the order of their recording. */
  pending(topic: string, limit: number): Promise<RecordedLabel[]>;
  /** Notes that these labels are in the label topic. */
  markProduced(labelIds: readonly number[]): Promise<void>;
}
