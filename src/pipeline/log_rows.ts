/**
 * The rows of a batch that the ledger logs, straight from columns: no object is made for any of them.
 *
 * @module
 */
import type { RecordBatch } from "../broker/broker.ts";
import type { LogMode, LogRows } from "../ledger/ledger.ts";
import type { DecodedColumns } from "../domain/transaction.ts";

/** A batch that was decided on. */
export interface DecidedRows {
  columns: DecodedColumns;
  scores: Float64Array;
  /** Which of them are flagged, rising. */
  flaggedRows: readonly number[];
}

/** The rows that the log mode asks for; those of all transactions are not copied. */
export function logRows(batch: RecordBatch, decided: DecidedRows, logMode: LogMode): LogRows {
  if (logMode === "none") return chosenRows(batch, decided, []);
  if (logMode === "flagged") return chosenRows(batch, decided, decided.flaggedRows);
  const { columns, scores, flaggedRows } = decided;
  const { count, recordIndex } = columns;
  const flagged = new Uint8Array(count);
  for (const row of flaggedRows) flagged[row] = 1;
  const ofRecords = (column: Float64Array) =>
    count === batch.count ? column : recordIndex.subarray(0, count).reduce((out, record, row) => {
      out[row] = column[record];
      return out;
    }, new Float64Array(count));
  // Not all of `columns`: it holds on to the bytes of the records.
  const { timestampMs, amountMinor, currency, transactionKey, idBytes, idOffsets } = columns;
  return {
    ...{ count, timestampMs, amountMinor, currency, transactionKey, idBytes, idOffsets },
    flagged,
    anomalyScore: scores,
    offset: ofRecords(batch.offsets),
    producedAtMs: ofRecords(batch.timestampMs),
  };
}

function chosenRows(batch: RecordBatch, { columns, scores }: DecidedRows, rows: readonly number[]): LogRows {
  const { recordIndex, timestampMs, amountMinor, currency, transactionKey, idBytes, idOffsets } = columns;
  const chosenKeys = new Uint32Array(2 * rows.length);
  const chosenOffsets = new Uint32Array(3 * rows.length + 1);
  rows.forEach((row, i) => {
    chosenKeys.set(transactionKey.subarray(2 * row, 2 * row + 2), 2 * i);
    const moved = chosenOffsets[3 * i] - idOffsets[3 * row];
    for (let id = 1; id <= 3; id++) chosenOffsets[3 * i + id] = idOffsets[3 * row + id] + moved;
  });
  const chosenBytes = new Uint8Array(chosenOffsets[3 * rows.length]);
  rows.forEach((row, i) => {
    chosenBytes.set(idBytes.subarray(idOffsets[3 * row], idOffsets[3 * row + 3]), chosenOffsets[3 * i]);
  });
  return {
    count: rows.length,
    offset: Float64Array.from(rows, (row) => batch.offsets[recordIndex[row]]),
    producedAtMs: Float64Array.from(rows, (row) => batch.timestampMs[recordIndex[row]]),
    anomalyScore: Float64Array.from(rows, (row) => scores[row]),
    flagged: new Uint8Array(rows.length).fill(1),
    timestampMs: Float64Array.from(rows, (row) => timestampMs[row]),
    amountMinor: Float64Array.from(rows, (row) => amountMinor[row]),
    currency: Uint32Array.from(rows, (row) => currency[row]),
    transactionKey: chosenKeys,
    idBytes: chosenBytes,
    idOffsets: chosenOffsets,
  };
}
