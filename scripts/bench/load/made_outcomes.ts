import { decodeBody, encodeBody, valueOf } from "../../../src/broker/record_batch.ts";
import { minorOfShort } from "../../../src/domain/currency.ts";
import type { LogMode, Outcome } from "../../../src/ledger/ledger.ts";
import { logRows } from "../../../src/pipeline/log_rows.ts";
import { decodeBatch } from "../../../src/decode/decode.ts";
import { simulatedRecords } from "./simulated_records.ts";

export interface OutcomePlace {
  epoch: number;
  firstOffset: number;
}

/** One transaction of so many is flagged. */
const FLAGGED_EVERY = 100;
const SCORE = 0.5;
/** About as long as the reasons of a verdict. */
const REASONS = "z,17.5,the amount is 17.5 standard deviations above the customer's mean. ".repeat(6);

/**
 * Makes outcomes of simulated transactions, one in a hundred flagged, the same ones at other offsets each time.
 *
 * @param topic They lie in its partition 0.
 * @param rows Transactions of each outcome.
 */
export function outcomeMaker(
  topic: string,
  rows: number,
  logMode: LogMode,
): (place: OutcomePlace) => Outcome {
  const records = simulatedRecords(rows, 3);
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
      amountMinor: minorOfShort(source.amount, 100),
      currency: source.currency,
      timestampMs: Date.parse(source.timestamp),
      anomalyScore: SCORE,
      verdict: JSON.stringify({ ...source, reasons: REASONS }),
    };
  });
  return ({ epoch, firstOffset }) => ({
    ...{ topic, partition: 0, epoch, firstOffset, nextOffset: firstOffset + rows },
    ...{ labelOffsets: [0], model: "0".repeat(64), logMode, scored: rows, passed: 0, deadLetters: [] },
    log: { ...log, offset: log.offset.map((offset) => offset + firstOffset) },
    flagged: flagged.map((each, i) => ({ ...each, offset: firstOffset + flaggedRows[i] })),
    committedAtMs: Date.now(),
  });
}
