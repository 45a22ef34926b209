/**
 * Outcomes for the tests of ledgers.
 *
 * @module
 */
import type { Transaction } from "../transaction.ts";
import type { Outcome } from "./ledger.ts";

/**
 * An outcome for tests: offsets `from` up to `to`, each third one flagged, each tenth one a dead letter.
 *
 * @param changes Fields to set otherwise.
 */
export function outcomeOf(
  topic: string,
  [from, to]: [from: number, to: number],
  epoch: number,
  changes: Partial<Outcome> = {},
): Outcome {
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
    log: {
      count: good.length,
      offset: Float64Array.from(good),
      producedAtMs: Float64Array.from(good, () => 1000),
      anomalyScore: Float64Array.from(good, (offset) => 1 / (offset + 2)),
      flagged: Uint8Array.from(good, (offset) => Number(offset % 3 === 0)),
      transaction: (row) => transactionOf(good[row]),
    },
    flagged: flagged.map((offset) => {
      const { transactionId, customerId, terminalId, amountMinor, timestampMs } = transactionOf(offset);
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
