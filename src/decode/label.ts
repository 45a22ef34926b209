/**
 * Bytes of a record of the label topic to a label.
 *
 * @module
 */
import type { Label } from "../domain/label.ts";
import { epochHint, parseTimestamp } from "../domain/time.ts";
import { numberOf, wholeDigits } from "../runtime/json.ts";
import { decodeJsonObject, refuseAhead, wrongField } from "./json.ts";
import { writeKey } from "./key.ts";

/**
 * Decodes one label: `transaction_id`, `customer_id`, `terminal_id`, `timestamp`, `is_fraud` (true, false, 1 or 0),
 * `labelled_at`, and, where the sender knows it, `z`, the customer's z at the transaction.
 *
 * @param latestMs Latest time that it may name, milliseconds since 1970.
 * @throws TransactionError with the reason and the faulty field.
 *
 * @example
 * ```ts
 * import { assert } from "../testing/assert.ts";
 * import { decodeLabel } from "./label.ts";
 *
 * const json = `{"transaction_id":"t1","customer_id":"c1","terminal_id":"m1","timestamp":"2026-01-02T03:04:05Z",
 *   "is_fraud":true,"labelled_at":"2026-01-09T03:04:05Z"}`;
 * assert(decodeLabel(new TextEncoder().encode(json)).isFraud);
 * ```
 */
export function decodeLabel(bytes: Uint8Array | null, latestMs = Infinity): Label {
  const { fields: source } = decodeJsonObject(bytes);
  const number = numberOf(source.is_fraud);
  const isFraud = number === 1 ? true : number === 0 ? false : source.is_fraud;
  if (typeof isFraud !== "boolean") throw wrong("is_fraud", "true or false", source.is_fraud);
  const timestampMs = time(source, "timestamp");
  const labelledAtMs = time(source, "labelled_at");
  refuseAhead("label", { timestamp: timestampMs, labelled_at: labelledAtMs }, latestMs);
  return {
    transactionKey: key(source, "transaction_id"),
    customerKey: key(source, "customer_id"),
    terminalKey: key(source, "terminal_id"),
    timestampMs,
    isFraud,
    labelledAtMs,
    z: numberOf(source.z) ?? NaN,
  };
}

const words = new Uint32Array(2);

function key(source: Record<string, unknown>, field: string): [number, number] {
  const value = source[field];
  const id = wholeDigits(value) ?? value;
  if (typeof id !== "string" || id.length === 0 || id.length > 128) throw wrong(field, "an id", value);
  writeKey(id, words, 0);
  return [words[0], words[1]];
}

function time(source: Record<string, unknown>, field: string): number {
  const number = numberOf(source[field]);
  const ms = parseTimestamp(number ?? source[field]);
  if (Number.isNaN(ms)) {
    throw wrong(field, "RFC 3339 or epoch milliseconds", source[field], epochHint(number));
  }
  return ms;
}

const wrong = (field: string, must: string, value: unknown, hint?: string) =>
  wrongField("label", { field, must, value, hint });
