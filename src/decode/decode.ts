/**
 * The first stage: bytes of a record to a transaction, or the reason why they are none.
 *
 * @module
 */
import type { RecordBatch } from "../broker/broker.ts";
import { valueOf } from "../broker/record_batch.ts";
import { currencyCode, minorAmount, minorUnits } from "../domain/currency.ts";
import {
  type Channel,
  type DecodedColumns,
  type Transaction,
  TransactionError,
} from "../domain/transaction.ts";
import { DEFAULT_MAX_AHEAD_MS, epochHint, isRecordTime, parseTimestamp } from "../domain/time.ts";
import { numberOf, numberText, wholeDigits } from "../runtime/json.ts";
import { writeKey } from "./key.ts";
import { decodeJsonObject, refuseAhead, wrongField } from "./json.ts";

/** Longest id in UTF-8 bytes. */
export const MAX_ID_BYTES = 128;
const CHANNELS: ReadonlySet<unknown> = new Set<Channel>(["pos", "online", "atm"]);

/** A record batch decoded: what is a transaction, and what is not. */
export interface DecodedBatch {
  /** The records that are transactions, in offset order. */
  columns: DecodedColumns;
  /** Records that are no transactions, by their position in the batch. */
  faults: { recordIndex: number; error: TransactionError }[];
  /** Records that are neither, as a definition passes them over. */
  passed: number;
}

/**
 * Decodes every record of a batch; each one is either a row of the columns or a fault.
 *
 * @param maxAheadMs Most that an event time may lie after its record's own time, if that is one.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { decodeBody, encodeBody } from "../broker/record_batch.ts";
 * import { decodeBatch } from "./decode.ts";
 *
 * const body = encodeBody([{ key: null, value: "not JSON" }], 0);
 * const { columns, faults } = decodeBatch(decodeBody("transactions", 0, 0, body));
 * assertEquals([columns.count, faults[0].error.reason], [0, "not-json"]);
 * ```
 */
export function decodeBatch(batch: RecordBatch, maxAheadMs: number = DEFAULT_MAX_AHEAD_MS): DecodedBatch {
  const faults: DecodedBatch["faults"] = [];
  const transactions: Transaction[] = [];
  const recordIndex = new Int32Array(batch.count);
  for (let i = 0; i < batch.count; i++) {
    try {
      recordIndex[transactions.length] = i;
      const recordMs = batch.timestampMs[i];
      const latestMs = isRecordTime(recordMs) ? recordMs + maxAheadMs : Infinity;
      transactions.push(decodeTransaction(valueOf(batch, i), latestMs));
    } catch (error) {
      if (!(error instanceof TransactionError)) throw error;
      faults.push({ recordIndex: i, error });
    }
  }
  return { faults, passed: 0, columns: columnsOf(transactions, recordIndex) };
}

/**
 * Transactions as columns.
 *
 * @param recordIndex Position of each one's record in its batch.
 */
export function columnsOf(transactions: readonly Transaction[], recordIndex: Int32Array): DecodedColumns {
  const ids = transactions.map(({ transactionId, customerId, terminalId }) => [
    transactionId,
    customerId,
    terminalId,
  ]);
  const keys = (which: number) => {
    const column = new Uint32Array(ids.length * 2);
    // No id, as of the terminal in a stream without terminals, has the key 0.
    ids.forEach((texts, row) => texts[which] !== "" && writeKey(texts[which], column, row * 2));
    return column;
  };
  const idOffsets = new Uint32Array(3 * ids.length + 1);
  ids.flat().forEach((id, i) => idOffsets[i + 1] = idOffsets[i] + encoder.encode(id).length);
  return {
    count: transactions.length,
    recordIndex,
    amount: Float64Array.from(transactions, ({ amount }) => amount),
    timestampMs: Float64Array.from(transactions, ({ timestampMs }) => timestampMs),
    transactionKey: keys(0),
    customerKey: keys(1),
    terminalKey: keys(2),
    amountMinor: Float64Array.from(transactions, ({ amountMinor }) => amountMinor),
    currency: Uint32Array.from(transactions, ({ currency }) => currencyCode(currency)),
    idBytes: encoder.encode(ids.map((texts) => texts.join("")).join("")),
    idOffsets,
    transaction: (row) => transactions[row],
  };
}

/**
 * Decodes one record.
 *
 * Required are `transaction_id`, `customer_id` and `terminal_id` (text of 1 to 128 bytes without control characters,
 * or a whole number), `amount` (a number above 0 whose minor units stay exact) and `timestamp` (RFC 3339, or epoch
 * milliseconds). `currency`, `merchant_category`, `country` and `channel` may be absent or null, else must be valid.
 *
 * @param bytes Value of the record, or null.
 * @param latestMs Latest event time that it may have, milliseconds since 1970.
 * @throws TransactionError with the reason and the faulty field.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { decodeTransaction } from "./decode.ts";
 *
 * const json = `{"transaction_id":"t1","customer_id":"c1","terminal_id":"m1","amount":12.5,"timestamp":"2026-01-02T03:04:05Z"}`;
 * assertEquals(decodeTransaction(new TextEncoder().encode(json)).amountMinor, 1250);
 * ```
 */
export function decodeTransaction(bytes: Uint8Array | null, latestMs = Infinity): Transaction {
  const { fields, source } = decodeJsonObject(bytes);
  const amount = numberOf(fields.amount);
  if (amount === undefined || !(amount > 0)) throw wrong("amount", "a number above 0", fields.amount);
  const timestampMs = parseTimestamp(numberOf(fields.timestamp) ?? fields.timestamp);
  if (Number.isNaN(timestampMs)) {
    throw wrong(
      "timestamp",
      "RFC 3339 or epoch milliseconds between 1973-03-03 and 9999-12-31",
      fields.timestamp,
      epochHint(numberOf(fields.timestamp)),
    );
  }
  const currency = optional(fields, "currency", isCurrency, "an ISO 4217 code");
  const amountMinor = minorAmount(numberText(fields.amount)!, minorUnits(currencyCode(currency)));
  if (!Number.isSafeInteger(amountMinor)) throw wrong("amount", "below 9e15 minor units", fields.amount);
  refuseAhead("transaction", { timestamp: timestampMs }, latestMs);
  const category = numberOf(fields.merchant_category);
  return {
    transactionId: id(fields, "transaction_id"),
    customerId: id(fields, "customer_id"),
    terminalId: id(fields, "terminal_id"),
    amount,
    writtenAmount: fields.amount,
    amountMinor,
    currency,
    merchantCategory: optional(
      category !== undefined && /^\d{1,4}$/.test(String(category))
        ? { merchant_category: String(category).padStart(4, "0") }
        : fields,
      "merchant_category",
      isMerchantCategory,
      "a code of four digits",
    ),
    country: optional(fields, "country", isCountry, "an ISO 3166-1 alpha-2 code"),
    channel: optional(fields, "channel", isChannel, "pos, online or atm") as Channel | undefined,
    timestampMs,
    source,
  };
}

/** The text of an id: text of 1 to 128 bytes without control characters, or a whole number; undefined for all else. */
export function idText(value: unknown): string | undefined {
  if (typeof value === "string" && isId(value)) return value;
  const digits = wholeDigits(value);
  if (digits !== undefined && digits.length <= MAX_ID_BYTES) return digits;
  return typeof value === "bigint" && value >= 0n ? String(value) : undefined;
}

function id(source: Record<string, unknown>, field: string): string {
  const value = source[field];
  const text = idText(value);
  if (text !== undefined) return text;
  throw wrong(
    field,
    `text of 1 to ${MAX_ID_BYTES} bytes without control characters, or a whole number`,
    value,
  );
}

function isId(value: string): boolean {
  if (value.length === 0 || value.length > MAX_ID_BYTES) return false;
  let isAscii = true;
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i);
    if (code < 0x20 || code === 0x7f) return false;
    if (code > 0x7f) isAscii = false;
  }
  return isAscii || (value.isWellFormed() && encoder.encode(value).length <= MAX_ID_BYTES);
}

function optional(
  source: Record<string, unknown>,
  field: string,
  isValid: (value: unknown) => boolean,
  must: string,
): string | undefined {
  const value = source[field];
  if (value === undefined || value === null) return undefined;
  if (!isValid(value)) throw wrong(field, must, value);
  return value as string;
}

export const isCurrency = (value: unknown): boolean => typeof value === "string" && /^[A-Z]{3}$/.test(value);
export const isMerchantCategory = (value: unknown): boolean =>
  typeof value === "string" && /^[0-9]{4}$/.test(value);
export const isCountry = (value: unknown): boolean => typeof value === "string" && /^[A-Z]{2}$/.test(value);
export const isChannel = (value: unknown): boolean => CHANNELS.has(value);

const wrong = (field: string, must: string, value: unknown, hint?: string) =>
  wrongField("transaction", { field, must, value, hint });
const encoder = new TextEncoder();
