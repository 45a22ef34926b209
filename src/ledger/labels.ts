/**
 * Part of the ledger: labels of analysts and of the stream.
 *
 * @module
 */

/** Least time from a label to the one that replaces it: features tell labels apart by the second. */
export const LATER_BY_MS = 1000;

/** The ways by which labels come: the label topic, HTTP, and the command `label`. */
export const LABEL_SOURCES = ["stream", "api", "command"] as const;
export type LabelSource = typeof LABEL_SOURCES[number];

/** A label of a transaction, as it came by the stream. */
export interface StreamLabel {
  transactionId: string;
  customerId: string;
  terminalId: string;
  /** Its event time, milliseconds since 1970. */
  timestampMs: number;
  /** The customer's z at the transaction, or null where the label does not say. */
  z: number | null;
  isFraud: boolean;
  /** When it became known, milliseconds since 1970. */
  labelledAtMs: number;
}

/** An analyst's label of a transaction. */
export interface GivenLabel extends StreamLabel {
  /** The label topic that it goes to, or came by. */
  topic: string;
  /** Who said so, as far as it is known for sure; null where it is not. */
  labelledBy: string | null;
  /** Whom the caller named as the author, where that is another one. */
  claimedBy: string | null;
  /** The clock's time when it was given, or read from the stream; null in a ledger of an earlier version. */
  decidedAtMs: number | null;
  /** Null in a ledger of an earlier version. */
  source: LabelSource | null;
}

/** A label as the ledger keeps it. */
export interface RecordedLabel extends GivenLabel {
  /** Rises with each label that is recorded. */
  labelId: number;
  /** Whether it is known to be in the label topic, or does not go there. */
  produced: boolean;
  /** It says what the label before it said: history that changes nothing. */
  repeats: boolean;
}

/** What was said of the transactions with one id. */
export interface LabelHistory {
  /** The newest, the one that holds last; among them is the one that holds. */
  labels: RecordedLabel[];
  /** Number of all. */
  total: number;
}

/** A stretch of one partition of the label topic. */
export interface LabelStretch {
  topic: string;
  partition: number;
  /** Where the reader found the ledger's position: the offset that it had to read next. */
  expectedOffset: number;
  /** The offset to read next from now on. */
  nextOffset: number;
}

/**
 * Labels of transactions: the newest of a transaction is the truth, the ones before are its history. Newest is the one with the latest
 * `labelledAtMs`; an answer holds over labels that were there before it, also over those of a later time, which a replay has. A
 * transaction is its id, customer, terminal and time.
 */
export interface LedgerLabels {
  /**
   * Records answers in one SQL transaction. One that says what the transaction's newest answer and its newest label say is recorded as
   * a repetition, with the answer's `labelledAtMs`, and does not pend. One that replaces another label gets a `labelledAtMs` at least
   * `LATER_BY_MS` after it, so that features can tell which of them holds.
   *
   * @returns The labels as they were recorded, in order.
   */
  add(labels: readonly GivenLabel[]): Promise<RecordedLabel[]>;
  /**
   * Records labels that came by the stream, and how far it was read, in one SQL transaction. A label that the ledger holds, with the same
   * answer and the same time, is not recorded again: so answers that went to the topic from here do not come back.
   *
   * @returns The offset to read next; where it is another than `nextOffset`, another reader was there and nothing was written.
   */
  addFromStream(stretch: LabelStretch, labels: readonly StreamLabel[], nowMs: number): Promise<number>;
  /** The offset of this partition of a label topic to read next; 0 where none of it was recorded. */
  streamOffset(topic: string, partition: number): Promise<number>;
  /**
   * Labels of the transactions with this id.
   *
   * @param most Most of them, at least 1 (default: all).
   */
  history(transactionId: string, most?: number): Promise<LabelHistory>;
  /** Labels not yet known to be in this label topic, in the order of their recording. */
  pending(topic: string, limit: number): Promise<RecordedLabel[]>;
  /** Notes that these labels are in the label topic. */
  markProduced(labelIds: readonly number[]): Promise<void>;
}
