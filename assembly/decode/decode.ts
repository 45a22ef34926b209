// Decodes records that are flat JSON objects with ordinary values: transactions, and labels of them. What is not for
// certain one is left to the host, which decides by its own decoder: nothing is refused here.
import {
  AMOUNTS, CURRENCIES, CUSTOMER_KEYS, FIELD_AMOUNT, FIELD_CHANNEL, FIELD_COUNTRY, FIELD_CURRENCY, FIELD_CUSTOMER_ID,
  FIELD_IS_FRAUD, FIELD_LABELLED_AT, FIELD_MERCHANT_CATEGORY, FIELD_TERMINAL_ID, FIELD_TIMESTAMP, FIELD_TRANSACTION_ID,
  FIELD_Z, LABELLED_TIMES, LATEST_TIMES, RECORD_ENDS, RECORD_STARTS, TERMINAL_KEYS, TIMES, TRANSACTION_KEYS, TRUTHS, ZS,
} from "../layout";
import { forgetUnknownNames, isNewName, matchName, nameLength, UNKNOWN } from "./names";
import { afterAmount, afterDecimal } from "./number";
import { afterSpace, afterTextValue, afterUnknownValue } from "./json";
import { afterId, keepIds } from "./id";
import { afterTimestamp } from "./time";
import { afterCategory, afterChannel, afterLetters, afterTruth, isNull } from "./code";

const QUOTE: u32 = 0x22;
const COMMA: u32 = 0x2c;
const COLON: u32 = 0x3a;
const OPEN: u32 = 0x7b;
const CLOSE: u32 = 0x7d;
/** One bit for each field that a transaction, or a label, must have. */
const IDS_AND_TIME: u32 = 1 << FIELD_TRANSACTION_ID | 1 << FIELD_CUSTOMER_ID | 1 << FIELD_TERMINAL_ID | 1 << FIELD_TIMESTAMP;
const OF_TRANSACTION: u32 = IDS_AND_TIME | 1 << FIELD_AMOUNT;
const OF_LABEL: u32 = IDS_AND_TIME | 1 << FIELD_IS_FRAUD | 1 << FIELD_LABELLED_AT;

/**
 * Decodes the records `first` to `count` − 1, which should be transactions, into the rows from `row` on, one a record.
 *
 * @returns The first record that is left to the host, or `count`; rows of the records before it are written.
 */
export function decodeTransactions(first: u32, count: u32, row: u32): u32 {
  for (let record = first; record < count; record++) {
    const at = <usize>record << 2;
    store<u32>((<usize>row << 2) + CURRENCIES, 0);
    if (!decodeRecord(load<u32>(at, RECORD_STARTS), load<u32>(at, RECORD_ENDS), row, false)) return record;
    if (isTooLate(record, row, TIMES)) return record;
    keepIds(row);
    row++;
  }
  return count;
}

/** As decodeTransactions(), of records that should be labels. */
export function decodeLabels(first: u32, count: u32, row: u32): u32 {
  for (let record = first; record < count; record++) {
    const at = <usize>record << 2;
    store<f64>((<usize>row << 3) + ZS, NaN);
    if (!decodeRecord(load<u32>(at, RECORD_STARTS), load<u32>(at, RECORD_ENDS), row, true)) return record;
    if (isTooLate(record, row, TIMES) || isTooLate(record, row, LABELLED_TIMES)) return record;
    row++;
  }
  return count;
}

/** Whether a time of the row is later than its record may say. */
// @ts-ignore: decorator
@inline
function isTooLate(record: u32, row: u32, times: usize): bool {
  return load<f64>((<usize>row << 3) + times) > load<f64>(<usize>record << 3, LATEST_TIMES);
}

/** Whether the bytes are what is looked for, which then is in the row. A read may pass `end`, but a record that does is left. */
// @ts-ignore: decorator
@inline
function decodeRecord(start: usize, end: usize, row: u32, isLabel: bool): bool {
  const required = isLabel ? OF_LABEL : OF_TRANSACTION;
  let at = afterSpace(start, end);
  if (at >= end || load<u8>(at) != OPEN) return false;
  let seen: u32 = 0;
  let field: u32 = UNKNOWN;
  forgetUnknownNames();
  while (true) {
    at = afterSpace(at + 1, end);
    if (load<u8>(at) != QUOTE) return false;
    const name = at + 1;
    field = matchName(name, field);
    if (field < UNKNOWN) {
      const bit: u32 = 1 << field;
      if (seen & bit) return false;
      seen |= bit;
    }
    at = field < UNKNOWN ? name + nameLength(field) : afterTextValue(name, end, false);
    if (at == 0 || (field == UNKNOWN && !isNewName(name, at - 1))) return false;
    at = afterSpace(at, end);
    if (load<u8>(at) != COLON) return false;
    at = afterSpace(at + 1, end);
    at = isLabel ? afterLabelValue(at, end, field, row) : afterTransactionValue(at, end, field, row);
    if (at == 0) return false;
    at = afterSpace(at, end);
    const next: u32 = load<u8>(at);
    if (next == COMMA) continue;
    if (next != CLOSE) return false;
    return afterSpace(at + 1, end) == end && (seen & required) == required;
  }
}

/** The address after the value of a field, which is written to its column; 0 where it is left to the host. */
// @ts-ignore: decorator
@inline
function afterTransactionValue(at: usize, end: usize, field: u32, row: u32): usize {
  const to = <usize>row << 3;
  switch (field) {
    case FIELD_TRANSACTION_ID: return afterId(at, end, field, to + TRANSACTION_KEYS);
    case FIELD_CUSTOMER_ID: return afterId(at, end, field, to + CUSTOMER_KEYS);
    case FIELD_TERMINAL_ID: return afterId(at, end, field, to + TERMINAL_KEYS);
    case FIELD_TIMESTAMP: return afterTimestamp(at, to + TIMES);
    case FIELD_AMOUNT: return afterAmount(at, to + AMOUNTS);
    case FIELD_CURRENCY: {
      if (isNull(at)) return at + 4;
      store<u32>((<usize>row << 2) + CURRENCIES, load<u32>(at + 1) & 0xffffff);
      return afterLetters(at, 3);
    }
    case FIELD_MERCHANT_CATEGORY: return isNull(at) ? at + 4 : afterCategory(at);
    case FIELD_COUNTRY: return isNull(at) ? at + 4 : afterLetters(at, 2);
    case FIELD_CHANNEL: return isNull(at) ? at + 4 : afterChannel(at);
    default: return afterUnknownValue(at, end);
  }
}

/** As afterTransactionValue(), of a label's field. */
// @ts-ignore: decorator
@inline
function afterLabelValue(at: usize, end: usize, field: u32, row: u32): usize {
  const to = <usize>row << 3;
  switch (field) {
    case FIELD_TRANSACTION_ID: return afterId(at, end, field, to + TRANSACTION_KEYS);
    case FIELD_CUSTOMER_ID: return afterId(at, end, field, to + CUSTOMER_KEYS);
    case FIELD_TERMINAL_ID: return afterId(at, end, field, to + TERMINAL_KEYS);
    case FIELD_TIMESTAMP: return afterTimestamp(at, to + TIMES);
    case FIELD_IS_FRAUD: return afterTruth(at, <usize>row + TRUTHS);
    case FIELD_LABELLED_AT: return afterTimestamp(at, to + LABELLED_TIMES);
    case FIELD_Z: return isNull(at) ? at + 4 : afterDecimal(at, to + ZS);
    default: return afterUnknownValue(at, end);
  }
}
