import { decodeBody, encodeBody, valueOf } from "../../../src/broker/record_batch.ts";
import type { LogMode, Outcome } from "../../../src/ledger/ledger.ts";
import { logRows } from "../../../src/pipeline/log_rows.ts";
import { simulate } from "../../../src/simulate/simulate.ts";
import { decodeBatch } from "../../../src/decode/decode.ts";

/** Where an outcome goes. */
export interface OutcomePlace {
  /** The claim's epoch. */
  epoch: number;
  /** The next offset that the ledger holds. */
  firstOffset: number;
}

/** One transaction of so many is flagged. */
const FLAGGED_EVERY = 100;
const SCORE = 0.5;
/** About what a verdict with its reasons takes. */
const REASONS = "z,17.5,the amount is 17.5 standard deviations above the customer's mean. ".repeat(6);

/**
 * Makes outcomes of simulated transactions, one in a hundred flagged, the same ones at other offsets each time.
 *
 * @param topic Their topic; they lie in partition 0.
 * @param rows Transactions of each outcome.
 * @param logMode Which of them are logged.
 */
export function outcomeMaker(
  topic: string,
  rows: number,
  logMode: LogMode,
): (place: OutcomePlace) => Outcome {
  const records: { key: string; value: string }[] = [];
  for (
    const event of simulate({ randomSeed: 3, start: Date.UTC(2026, 0, 1), count: rows, labels: "none" })
  ) {
    if (event.kind === "label") continue;
    records.push({ key: event.transaction.customer_id, value: JSON.stringify(event.transaction) });
  }
  const batch = decodeBody(topic, 0, 0, encodeBody(records, Date.now()));
  const { columns } = decodeBatch(batch);
  const flaggedRows = records.map((_, row) => row).filter((row) => row % FLAGGED_EVERY === FLAGGED_EVERY - 1);
  const log = logRows(batch, { columns, scores: new Float64Array(rows).fill(SCORE), flaggedRows }, logMode);
  const text = new TextDecoder();
  const flagged = flaggedRows.map((row) => {
    const source = JSON.parse(text.decode(valueOf(batch, row)!));
    return {
      transactionId: source.transaction_id,
      customerId: source.customer_id,
      terminalId: source.terminal_id,
      amountMinor: Math.round(source.amount * 100),
      currency: source.currency,
      timestampMs: Date.parse(source.timestamp),
      anomalyScore: SCORE,
      verdict: JSON.stringify({ ...source, reasons: REASONS }),
    };
  });
  return ({ epoch, firstOffset }) => ({
    ...{ topic, partition: 0, epoch, firstOffset, nextOffset: firstOffset + rows },
    ...{ labelOffsets: [0], model: "0".repeat(64), logMode, scored: rows, deadLetters: [] },
    log: { ...log, offset: log.offset.map((offset) => offset + firstOffset) },
    flagged: flagged.map((each, i) => ({ ...each, offset: firstOffset + flaggedRows[i] })),
    committedAtMs: Date.now(),
  });
}
