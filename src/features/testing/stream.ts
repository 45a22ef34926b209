import { idKey } from "../../domain/hash_id.ts";
import type { Label } from "../../domain/label.ts";
import type { TransactionColumns } from "../../domain/transaction.ts";
import type { Features } from "../features.ts";

/** A transaction of a test; ids are any text. */
export interface TestTransaction {
  id: string;
  customer?: string;
  terminal?: string;
  amount?: number;
  timestampMs?: number;
}

/** Transactions as columns; by default an amount of 10 at time 0, of "customer" at "terminal". */
export function testColumns(transactions: readonly TestTransaction[]): TransactionColumns {
  const keys = (of: (transaction: TestTransaction) => string) =>
    Uint32Array.from(transactions.flatMap((transaction) => idKey(of(transaction))));
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

/** The label of a transaction, by default known at once and without z. */
export function testLabel(
  { id, customer, terminal, timestampMs = 0 }: TestTransaction,
  isFraud: boolean,
  labelledAtMs: number = timestampMs,
  z: number = NaN,
): Label {
  return {
    transactionKey: idKey(id),
    customerKey: idKey(customer ?? "customer"),
    terminalKey: idKey(terminal ?? "terminal"),
    timestampMs,
    isFraud,
    labelledAtMs,
    z,
  };
}

/** Takes transactions into the state; returns their features, row-major. */
export function valuesOf(features: Features, transactions: readonly TestTransaction[]): Float32Array {
  const out = new Float32Array(transactions.length * features.nFeatures);
  features.compute(testColumns(transactions), out);
  return out;
}
