/**
 * Outcomes for the tests of ledgers.
 *
 * @module
 */
import { currencyCode } from "../../domain/currency.ts";
import { hashId } from "../../domain/hash_id.ts";
import type { Transaction } from "../../domain/transaction.ts";
import type { Outcome } from "../ledger.ts";

/**
 * An outcome for tests: offsets `from` up to `to`, each third one flagged, each tenth one a dead letter.
 *
 * @param changes Fields to set otherwise.
 * @param edit Fields of each transaction to set otherwise, in the log and where it is flagged.
 */
export function outcomeOf(
  topic: string,
  [from, to]: [from: number, to: number],
  epoch: number,
  changes: Partial<Outcome> = {},
  edit: (transaction: Transaction, offset: number) => Partial<Transaction> = () => ({}),
): Outcome {
  const transactionAt = (offset: number): Transaction => {
    const transaction = transactionOf(offset);
    return { ...transaction, ...edit(transaction, offset) };
  };
  const offsets = Array.from({ length: to - from }, (_, i) => from + i);
  const good = offsets.filter((offset) => offset % 10 !== 9);
  const flagged = good.filter((offset) => offset % 3 === 0);
  return {
    topic,
    partition: 0,
    epoch,
    firstOffset: from,
    nextOffset: to,
    labelOffsets: [],
    model: "m1",
    logMode: "all",
    scored: good.length,
    passed: 0,
    log: {
      count: good.length,
      offset: Float64Array.from(good),
      producedAtMs: Float64Array.from(good, () => 1000),
      anomalyScore: Float64Array.from(good, (offset) => 1 / (offset + 2)),
      flagged: Uint8Array.from(good, (offset) => Number(offset % 3 === 0)),
      ...columnsOf(good.map(transactionAt)),
    },
    flagged: flagged.map((offset) => {
      const { transactionId, customerId, terminalId, amountMinor, timestampMs } = transactionAt(offset);
      return {
        offset,
        transactionId,
        customerId,
        terminalId,
        amountMinor,
        currency: offset % 2 ? "EUR" : null,
        timestampMs,
        anomalyScore: 1 / (offset + 2),
        verdict: JSON.stringify({ offset, text: "quote ' ß 😀 \\ \u0000" }),
      };
    }),
    deadLetters: offsets.filter((offset) => offset % 10 === 9).map((offset) => ({
      offset,
      reason: "not-json",
      detail: `it's "bad" \\ ${offset}`,
      key: offset % 20 === 9 ? null : new Uint8Array([0xff, 0, offset & 255]),
      value: new Uint8Array([0, 1, 2, 0xc3]),
      producedAtMs: 990,
    })),
    committedAtMs: 1000 + (to - from),
    ...changes,
  };
}

/** Transactions as the log takes them. */
function columnsOf(transactions: readonly Transaction[]) {
  const ids = transactions.flatMap(({ transactionId, customerId, terminalId }) => [
    transactionId,
    customerId,
    terminalId,
  ]).map((id) => encoder.encode(id));
  const idOffsets = new Uint32Array(ids.length + 1);
  ids.forEach((id, i) => idOffsets[i + 1] = idOffsets[i] + id.length);
  const transactionKey = new Uint32Array(2 * transactions.length);
  transactions.forEach((_, row) => hashId(ids[3 * row], 0, ids[3 * row].length, transactionKey, 2 * row));
  return {
    timestampMs: Float64Array.from(transactions, ({ timestampMs }) => timestampMs),
    amountMinor: Float64Array.from(transactions, ({ amountMinor }) => amountMinor),
    currency: Uint32Array.from(transactions, ({ currency }) => currencyCode(currency)),
    transactionKey,
    idBytes: Uint8Array.from(ids.flatMap((id) => [...id])),
    idOffsets,
  };
}

const encoder = new TextEncoder();

function transactionOf(offset: number): Transaction {
  return {
    transactionId: `t${offset}`,
    customerId: `c'${offset % 7}`,
    terminalId: `ß\\${offset % 5}`,
    amount: offset + 0.5,
    amountMinor: offset * 100 + 50,
    currency: offset % 2 ? "EUR" : undefined,
    timestampMs: 1_700_000_000_000 + offset * 60_000,
    source: {},
  };
}
