/**
 * What the simulator and the replay of a file yield: transactions and, later, their labels, in wire form.
 *
 * @module
 */
import type { Channel } from "../../domain/transaction.ts";

/** 0 no fraud, 1 high amount, 2 compromised terminal, 3 compromised card, 4 card testing. */
export type Scenario = 0 | 1 | 2 | 3 | 4;

/** Which transactions get a label: every one, the frauds alone (as with chargebacks), or none. */
export type LabelMode = "all" | "frauds" | "none";

/** A transaction of a file in wire form; a row passed on although it is faulty keeps its own text. */
export interface ReplayedTransaction {
  transaction_id: string;
  customer_id: string;
  terminal_id: string;
  /** Major units; the cell's own text where a faulty row is passed on. */
  amount: number | string;
  /** ISO 4217. */
  currency?: string;
  /** MCC, four digits. */
  merchant_category?: string;
  /** ISO 3166-1 alpha-2. */
  country?: string;
  channel?: string;
  /** RFC 3339, UTC, milliseconds; the cell's own text where a faulty row is passed on. */
  timestamp: string;
}

/** A simulated transaction in wire form; it does not say whether it is fraud. */
export interface SimulatedTransaction extends Required<ReplayedTransaction> {
  /** Major units, two decimals, greater than 0. */
  amount: number;
  channel: Channel;
}

/** A label of a file in wire form; times are RFC 3339, UTC, milliseconds. */
export interface ReplayedLabel {
  transaction_id: string;
  customer_id: string;
  terminal_id: string;
  /** When the transaction was made. */
  timestamp: string;
  is_fraud: boolean;
  labelled_at: string;
  /** Ground truth beyond the wire format, for measuring, if the file has it; readers of labels ignore it. */
  scenario?: number;
}

/** A simulated label in wire form. */
export interface SimulatedLabel extends ReplayedLabel {
  scenario: Scenario;
}

/** A transaction of a file; `isFraud` and `scenario` are null where the file does not say. */
export interface ReplayedTransactionEvent {
  kind: "transaction";
  /** What goes over the wire. */
  transaction: ReplayedTransaction;
  isFraud: boolean | null;
  scenario: number | null;
}

/** A simulated transaction and its ground truth. */
export interface TransactionEvent extends ReplayedTransactionEvent {
  transaction: SimulatedTransaction;
  isFraud: boolean;
  scenario: Scenario;
}

/** A label at the moment it becomes known. */
export interface LabelEvent {
  kind: "label";
  label: SimulatedLabel;
}

/** One step of a simulated stream. */
export type SimulatedEvent = TransactionEvent | LabelEvent;

/** One step of a replayed file; a `SimulatedEvent` is one as well. */
export type ReplayedEvent = ReplayedTransactionEvent | { kind: "label"; label: ReplayedLabel };
