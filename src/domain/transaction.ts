/**
 * The noun that enters: one card transaction, and a batch of them as columns.
 *
 * @module
 */

/** How a transaction was made. */
export type Channel = "pos" | "online" | "atm";

/** One card transaction as the decoder accepts it; `source` is the JSON object it came from, unknown fields included. */
export interface Transaction {
  /** Unique name of the transaction, 1 to 128 bytes. */
  transactionId: string;
  customerId: string;
  terminalId: string;
  /** Amount in major units of the currency, greater than 0. */
  amount: number;
  /** The record's own amount in major units, if its JSON may have more digits than `amount`. */
  writtenAmount?: unknown;
  /** An integer. */
  amountMinor: number;
  /** ISO 4217 code, when given. */
  currency?: string;
  /** Merchant category code (MCC), four digits, when given. */
  merchantCategory?: string;
  /** ISO 3166-1 alpha-2 code, when given. */
  country?: string;
  channel?: Channel;
  /** Event time in milliseconds since 1970-01-01 UTC. */
  timestampMs: number;
  /** The record's own JSON object. */
  source: Readonly<Record<string, unknown>>;
}

/**
 * The accepted transactions of one record batch as columns, row by row in offset order.
 *
 * Columns have at least `count` elements. Keys are the 64-bit hashes of the ids (`hashId`), low word then high word.
 */
export interface TransactionColumns {
  readonly count: number;
  /** Position of each row's record in its record batch. */
  readonly recordIndex: Int32Array;
  /** Major units. */
  readonly amount: Float64Array;
  /** Event time, milliseconds since 1970. */
  readonly timestampMs: Float64Array;
  readonly transactionKey: Uint32Array;
  readonly customerKey: Uint32Array;
  readonly terminalKey: Uint32Array;
  /** The whole transaction of a row, decoded when asked for. */
  transaction(row: number): Transaction;
}

/** Transactions as the decoder gives them: with all that a row of the log shows, and no object for any of them. */
export interface DecodedColumns extends TransactionColumns {
  /** Amount in minor units (cents), an integer. */
  readonly amountMinor: Float64Array;
  /** Number of the ISO 4217 code (`currencyCode`), 0 where the record gave none. */
  readonly currency: Uint32Array;
  /** Text of the ids as UTF-8, without anything between them. */
  readonly idBytes: Uint8Array;
  /**
   * Where they start and end: id `i` of row `r` (0 transaction, 1 customer, 2 terminal) lies in
   * `idBytes[idOffsets[3 * r + i], idOffsets[3 * r + i + 1])`.
   */
  readonly idOffsets: Uint32Array;
}

/**
 * Why a record is no transaction; the record goes to the dead letter with `reason`.
 *
 * `reason` is a stable word to group by, the message says which field and what it held.
 */
export class TransactionError extends Error {
  override readonly name = "TransactionError";
  readonly reason: DeadLetterReason;

  constructor(reason: DeadLetterReason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** The kinds of fault that send a record to the dead letter. */
export type DeadLetterReason =
  | "empty"
  | "too-large"
  | "not-utf8"
  | "not-json"
  | "not-an-object"
  | "duplicate-key"
  | "wrong-format"
  | "unknown-schema"
  | "missing-field"
  | "wrong-field"
  | "too-far-ahead";
