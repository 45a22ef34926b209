/**
 * Log rows in PostgreSQL's binary COPY format (https://www.postgresql.org/docs/current/sql-copy.html, "Binary Format").
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Outcome } from "./ledger.ts";
import { withoutNul } from "./postgres_text.ts";

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
/** A row's numbers, and the lengths of all fields. */
const FIXED_BYTES = 2 + COLUMN_COUNT * 4 + 5 * 8 + 8 + 1;
const NULL_LENGTH = -1;
const TWO_POW_32 = 2 ** 32;

/**
 * Encodes the log rows of an outcome for `COPY transaction_log (…) FROM STDIN BINARY`.
 *
 * @returns Header, one tuple a row in the order of {@link LOG_COLUMNS}, trailer.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { outcomeOf } from "./outcome_fixture.ts";
 * import { encodeLogRows } from "./postgres_rows.ts";
 *
 * const bytes = encodeLogRows(outcomeOf("transactions", [0, 10], 1));
 * assertEquals(new TextDecoder().decode(bytes.subarray(0, 6)), "PGCOPY");
 * ```
 */
export function encodeLogRows(outcome: Outcome): Uint8Array {
  const { log, committedAtMs } = outcome;
  const start = new Tuples(64);
  start.int16(COLUMN_COUNT);
  start.text(outcome.topic);
  start.int32Field(outcome.partition);
  const prefix = start.written();

  const tuples = new Tuples(HEADER.length + log.count * 192 + 2);
  tuples.raw(HEADER);
  for (let row = 0; row < log.count; row++) {
    const transaction = log.transaction(row);
    tuples.reserve(prefix.length + FIXED_BYTES);
    tuples.raw(prefix);
    tuples.int64(log.offset[row]);
    tuples.text(transaction.transactionId);
    tuples.text(transaction.customerId);
    tuples.text(transaction.terminalId);
    tuples.reserve(FIXED_BYTES);
    tuples.int64(transaction.amountMinor);
    if (transaction.currency === undefined) tuples.null();
    else tuples.text(transaction.currency);
    tuples.reserve(FIXED_BYTES);
    tuples.int64(transaction.timestampMs);
    tuples.float64(log.anomalyScore[row]);
    tuples.boolean(log.flagged[row] !== 0);
    tuples.int64(log.producedAtMs[row]);
    tuples.int64(committedAtMs);
  }
  tuples.reserve(2);
  tuples.int16(-1);
  return tuples.written();
}

/** Bytes that grow; what is written at once is reserved first. */
class Tuples {
  #bytes: Buffer;
  #view: DataView;
  #at = 0;

  constructor(byteLength: number) {
    this.#bytes = Buffer.allocUnsafeSlow(byteLength);
    this.#view = new DataView(this.#bytes.buffer);
  }

  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  reserve(byteLength: number) {
    if (this.#at + byteLength <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#at + byteLength));
    larger.set(this.written());
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }

  raw(bytes: ArrayLike<number>) {
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  int16(value: number) {
    this.#view.setInt16(this.#at, value);
    this.#at += 2;
  }

  null() {
    this.#view.setInt32(this.#at, NULL_LENGTH);
    this.#at += 4;
  }

  int32Field(value: number) {
    this.#view.setInt32(this.#at, 4);
    this.#view.setInt32(this.#at + 4, value);
    this.#at += 8;
  }

  /** A safe integer, in two words: no BigInt is made. */
  int64(value: number) {
    this.#view.setInt32(this.#at, 8);
    this.#view.setInt32(this.#at + 4, Math.floor(value / TWO_POW_32));
    this.#view.setUint32(this.#at + 8, value >>> 0);
    this.#at += 12;
  }

  float64(value: number) {
    this.#view.setInt32(this.#at, 8);
    this.#view.setFloat64(this.#at + 4, value);
    this.#at += 12;
  }

  boolean(value: boolean) {
    this.#view.setInt32(this.#at, 1);
    this.#bytes[this.#at + 4] = value ? 1 : 0;
    this.#at += 5;
  }

  text(value: string) {
    this.reserve(4 + value.length * 3 + FIXED_BYTES);
    const bytes = this.#bytes;
    const start = this.#at + 4;
    let length = value.length;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code === 0 || code > 0x7f) {
        length = bytes.write(withoutNul(value), start, "utf8");
        break;
      }
      bytes[start + i] = code;
    }
    this.#view.setInt32(this.#at, length);
    this.#at = start + length;
  }
}
