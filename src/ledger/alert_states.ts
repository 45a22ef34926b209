/**
 * Part of the ledger: the state of each listener that gets alerts in groups.
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

/** States of listeners: the owner of a partition writes one before it sends anything. */
export interface LedgerAlertStates {
  /** The state as it was recorded last, or undefined. */
  read(key: AlertStateKey): Promise<string | undefined>;
  /**
   * Replaces the state, and moves the listener's position forward to `offset`, in one SQL
   * transaction; throws `FencedError`, and writes nothing, where the partition's epoch is another one.
   */
  record(key: AlertStateKey, epoch: number, recorded: { state: string; offset: number }): Promise<void>;
}
