/**
 * Transactions and labels in the form that the features take them, for tests.
 *
 * @module
 */
import { hashId } from "../../domain/hash_id.ts";
import type { Label } from "../../domain/label.ts";
import type { TransactionColumns } from "../../domain/transaction.ts";
import type { Features } from "../features.ts";

/** A transaction of a test; ids are any text, times milliseconds. */
export interface TestTransaction {
  /** Name of the transaction. */
  id: string;
  /** Name of its customer ("customer" by default). */
  customer?: string;
  /** Name of its terminal ("terminal" by default). */
  terminal?: string;
  /** Amount in major units (default 10). */
  amount?: number;
  /** Event time, milliseconds since 1970 (default 0). */
  timestampMs?: number;
}

/** The 64-bit key of an id. */
export function testKey(id: string): [number, number] {
  const bytes = new TextEncoder().encode(id);
  const key = new Uint32Array(2);
  hashId(bytes, 0, bytes.length, key, 0);
  return [key[0], key[1]];
}

/** Transactions as columns; an amount of 10 at time 0 of one customer at one terminal unless told. */
export function testColumns(transactions: readonly TestTransaction[]): TransactionColumns {
  const keys = (of: (transaction: TestTransaction) => string) =>
    Uint32Array.from(transactions.flatMap((transaction) => testKey(of(transaction))));
  return {
    count: transactions.length,
    recordIndex: Int32Array.from(transactions, (_, i) => i),
    amount: Float64Array.from(transactions, ({ amount }) => amount ?? 10),
    timestampMs: Float64Array.from(transactions, ({ timestampMs }) => timestampMs ?? 0),
    transactionKey: keys(({ id }) => id),
    customerKey: keys(({ customer }) => customer ?? "customer"),
    terminalKey: keys(({ terminal }) => terminal ?? "terminal"),
    transaction(row) {
      throw new RangeError(`Cannot give transaction ${row} as these columns must be read as columns`);
    },
  };
}

/** The label of a transaction; known at once and without z unless told. */
export function testLabel(
  { id, customer, terminal, timestampMs = 0 }: TestTransaction,
  isFraud: boolean,
  labelledAtMs: number = timestampMs,
  z: number = NaN,
): Label {
  return {
    transactionKey: testKey(id),
    customerKey: testKey(customer ?? "customer"),
    terminalKey: testKey(terminal ?? "terminal"),
    timestampMs,
    isFraud,
    labelledAtMs,
    z,
  };
}

/** The features of transactions, row-major, which the state takes in. */
export function valuesOf(features: Features, transactions: readonly TestTransaction[]): Float32Array {
  const out = new Float32Array(transactions.length * features.nFeatures);
  features.compute(testColumns(transactions), out);
  return out;
}
