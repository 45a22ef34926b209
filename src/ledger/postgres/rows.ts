/**
 * Log rows in PostgreSQL's binary COPY format (https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format").
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { currencyText } from "../../domain/currency.ts";
import type { LogRows, Outcome } from "../ledger.ts";
import { bigintArray, doubleArray, PostgresFields, textArray, withoutNul } from "./binary.ts";
import { idTexts, storableTime } from "../sql/rows.ts";

/** Columns of `transaction_log` in the order in which {@link encodeLogRows} writes them. */
export const LOG_COLUMNS: string =
  'topic, partition, "offset", transaction_id, customer_id, terminal_id, amount_minor, currency, timestamp_ms, ' +
  "anomaly_score, flagged, produced_at_ms, committed_at_ms";

const COLUMN_COUNT = 13;
/** Signature, flags, length of the header extension. */
const HEADER = [
  ...[..."PGCOPY\n\xff\r\n\0"].map((character) => character.charCodeAt(0)),
  ...[0, 0, 0, 0],
  ...[0, 0, 0, 0],
];
/** A row's numbers and currency, and the lengths of all fields. */
const FIXED_BYTES = COLUMN_COUNT * 4 + 6 * 8 + 3 + 1;

/**
 * Encodes the log rows of an outcome for `COPY transaction_log (…) FROM STDIN BINARY`.
 *
 * @returns Header, one tuple a row in the order of {@link LOG_COLUMNS}, trailer.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { outcomeOf } from "../testing/outcomes.ts";
 * import { encodeLogRows } from "./rows.ts";
 *
 * const bytes = encodeLogRows(outcomeOf("transactions", [0, 10], 1));
 * assertEquals(new TextDecoder().decode(bytes.subarray(0, 6)), "PGCOPY");
 * ```
 */
export function encodeLogRows(outcome: Outcome): Uint8Array {
  const { log, committedAtMs } = outcome;
  const { count, idBytes, idOffsets } = log;
  const start = new PostgresFields(2 + 4 + Buffer.byteLength(outcome.topic) + 8);
  start.int16(COLUMN_COUNT);
  start.text(outcome.topic);
  start.int32Field(outcome.partition);
  const prefix = start.written();

  const tuples = new PostgresFields(
    HEADER.length + count * (prefix.length + FIXED_BYTES) + idOffsets[3 * count] + 2,
  );
  tuples.raw(HEADER);
  for (let row = 0; row < count; row++) {
    tuples.raw(prefix);
    tuples.int64(log.offset[row]);
    for (let id = 3 * row; id < 3 * row + 3; id++) tuples.utf8(idBytes, idOffsets[id], idOffsets[id + 1]);
    tuples.int64(log.amountMinor[row]);
    tuples.currency(log.currency[row]);
    tuples.int64(log.timestampMs[row]);
    tuples.float64(log.anomalyScore[row]);
    tuples.boolean(log.flagged[row] !== 0);
    tuples.int64(storableTime(log.producedAtMs[row]));
    tuples.int64(committedAtMs);
  }
  tuples.int16(-1);
  return tuples.written();
}

/** The same rows as parameters, an array a column: those of {@link LOG_COLUMNS} that differ from row to row. */
export function logColumns(log: LogRows): unknown[] {
  const { count, amountMinor, currency, timestampMs, anomalyScore, flagged, producedAtMs } = log;
  const idText = idTexts(log);
  const ids = (which: number) =>
    textArray(Array.from({ length: count }, (_, row) => withoutNul(idText(3 * row + which))));
  const integers = (column: Float64Array) => bigintArray(column.subarray(0, count));
  return [
    integers(log.offset),
    ids(0),
    ids(1),
    ids(2),
    integers(amountMinor),
    textArray(Array.from(currency.subarray(0, count), currencyText)),
    integers(timestampMs),
    doubleArray(anomalyScore.subarray(0, count)),
    Array.from(flagged.subarray(0, count), (each) => each !== 0),
    bigintArray(producedAtMs.subarray(0, count).map(storableTime)),
  ];
}
