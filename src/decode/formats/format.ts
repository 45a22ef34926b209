import type { RecordBatch } from "../../broker/broker.ts";

/** Reads the bytes of a record's value. */
export interface RecordFormat {
  /**
   * The value of a record: plain objects, arrays, text, numbers, bigints beyond 2^53, bytes, decimals as text, and `Date`
   * where the type of a time names its unit.
   *
   * @throws TransactionError with the reason.
   */
  read(bytes: Uint8Array | null): unknown;
  /** Loads what reading these records needs and is not at hand yet, such as a schema of a registry. */
  prepare?(batch: RecordBatch): Promise<void>;
}
