/**
 * The part of the ledger that keeps what a listener that is told in groups was told, and what is held for it.
 *
 * @module
 */

/** Of which listener and partition a state is. */
export interface AlertStateKey {
  listener: string;
  topic: string;
  /** Partition of the flagged transactions, from 0. */
  partition: number;
}

/** States of listeners: written by the owner of a partition before it tells anything. */
export interface LedgerAlertStates {
  /** The state as it was recorded last, or undefined. */
  read(key: AlertStateKey): Promise<string | undefined>;
  /**
   * Records a state in the place of the one before, and moves the listener's position forward to `offset`, in one SQL
   * transaction; throws `FencedError`, and writes nothing, where the partition's epoch is another one.
   */
  record(key: AlertStateKey, epoch: number, recorded: { state: string; offset: number }): Promise<void>;
}
