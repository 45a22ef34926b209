import { Velocity } from "./velocity.ts";

/**
 * What the features of one row are read from: the row's own fields, and what the state said before the row.
 *
 * One object is filled anew for every row, so that no object is made per record. Fields of a state part that no
 * feature of the set needs keep their starting value.
 */
export class RowState {
  /** Amount in major units. */
  amount = 0;
  /** Event time, milliseconds since 1970. */
  timestampMs = 0;
  /** Earlier transactions of the customer that the state has seen. */
  customerCount = 0;
  /** Usual amount of the customer, shrunk to that of all customers while little is known, major units. */
  customerMean = 0;
  /** Usual spread of the customer's amounts, greater than 0, major units. */
  customerSd = 1;
  /** (amount − mean) / sd. */
  z = 0;
  /** Decayed sum of what the customer's earlier z exceeded the usual by. */
  suspicion = 0;
  /** The customer's earlier transactions of late. */
  readonly customerVelocity: Velocity = new Velocity();
  /** Decayed sum of the customer's earlier amounts, time constant one hour, major units. */
  customerAmountHour = 0;
  /** Decayed count of the customer's transactions that are known to be frauds, time constant 28 days. */
  customerFrauds = 0;
  /** The terminal's earlier transactions of late. */
  readonly terminalVelocity: Velocity = new Velocity();
  /** Decayed share of the terminal's labels that are frauds put down to the terminal, in [0, 1]. */
  terminalRisk = 0;
  /** Exponentially weighted mean of the terminal's labels, fraud 1 and legitimate 0, in [0, 1]. */
  terminalLabelEwma = 0;
  /** Fraud labels in a row at the terminal, up to the newest. */
  terminalLabelStreak = 0;
}
