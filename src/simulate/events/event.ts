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

/** A simulated transaction, field by field as it goes over the wire; it does not say whether it is fraud. */
export interface SimulatedTransaction {
  /** Unique name of the transaction. */
  transaction_id: string;
  /** The card or its holder. */
  customer_id: string;
  /** Where the card was used. */
  terminal_id: string;
  /** Major units of the currency, two decimals, greater than 0. */
  amount: number;
  /** ISO 4217. */
  currency: string;
  /** Four digits. */
  merchant_category: string;
  /** ISO 3166-1 alpha-2. */
  country: string;
  /** How it was made. */
  channel: Channel;
  /** RFC 3339, UTC, milliseconds. */
  timestamp: string;
}

/** A simulated label, field by field as it goes over the wire. */
export interface SimulatedLabel {
  /** Unique name of the transaction. */
  transaction_id: string;
  /** The card or its holder. */
  customer_id: string;
  /** Where the card was used. */
  terminal_id: string;
  /** When the transaction was made; RFC 3339, UTC, milliseconds. */
  timestamp: string;
  /** Whether it was fraud. */
  is_fraud: boolean;
  /** When it became known; RFC 3339, UTC, milliseconds. */
  labelled_at: string;
  /** Ground truth beyond the wire format, for measuring; readers of labels pass over it. */
  scenario: Scenario;
}

/** A transaction and its ground truth; only `transaction` goes over the wire. */
export interface TransactionEvent {
  /** Tells a transaction from a label. */
  kind: "transaction";
  /** What goes over the wire. */
  transaction: SimulatedTransaction;
  /** Whether it is fraud. */
  isFraud: boolean;
  /** Which fraud it is. */
  scenario: Scenario;
}

/** A label at the moment it becomes known. */
export interface LabelEvent {
  /** Tells a transaction from a label. */
  kind: "label";
  /** What goes over the wire. */
  label: SimulatedLabel;
}

/** One step of a simulated stream. */
export type SimulatedEvent = TransactionEvent | LabelEvent;

/** A transaction of a file in wire form; a row passed on although it is faulty keeps its own text. */
export interface ReplayedTransaction {
  /** Unique name of the transaction. */
  transaction_id: string;
  /** The card or its holder. */
  customer_id: string;
  /** Where the card was used. */
  terminal_id: string;
  /** A number; the cell's own text where a faulty row is passed on. */
  amount: number | string;
  /** ISO 4217, when given. */
  currency?: string;
  /** Four digits, when given. */
  merchant_category?: string;
  /** ISO 3166-1 alpha-2, when given. */
  country?: string;
  /** How it was made. */
  channel?: string;
  /** RFC 3339, UTC, milliseconds; the cell's own text where a faulty row is passed on. */
  timestamp: string;
}

/** A label of a file in wire form. */
export interface ReplayedLabel extends Omit<SimulatedLabel, "scenario"> {
  /** The file's own scenario number, where it has one. */
  scenario?: number;
}

/** A transaction of a file; `isFraud` and `scenario` are null where the file does not say. */
export interface ReplayedTransactionEvent {
  /** Tells a transaction from a label. */
  kind: "transaction";
  /** What goes over the wire. */
  transaction: ReplayedTransaction;
  /** Whether it is fraud. */
  isFraud: boolean | null;
  /** Which fraud it is. */
  scenario: number | null;
}

/** One step of a replayed file; a `SimulatedEvent` is one as well. */
export type ReplayedEvent = ReplayedTransactionEvent | { kind: "label"; label: ReplayedLabel };
