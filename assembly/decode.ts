// Decodes records that are flat JSON objects with ordinary values. What is not for certain a transaction is left to the
// host, which decides by its own decoder: nothing is refused here.
import {
  AMOUNTS, CUSTOMER_KEYS, FIELD_AMOUNT, FIELD_CHANNEL, FIELD_COUNTRY, FIELD_CURRENCY, FIELD_CUSTOMER_ID,
  FIELD_MERCHANT_CATEGORY, FIELD_TERMINAL_ID, FIELD_TIMESTAMP, FIELD_TRANSACTION_ID, RECORD_ENDS, RECORD_STARTS,
  TERMINAL_KEYS, TIMES, TRANSACTION_KEYS,
} from "./layout";
import { forgetUnknownNames, isNewName, matchName, nameLength, UNKNOWN } from "./decode_names";
import { afterAmount } from "./decode_number";
import { afterSpace, afterTextValue, afterUnknownValue } from "./decode_json";
import { afterId } from "./decode_id";
import { afterTimestamp } from "./decode_time";
import { afterCategory, afterChannel, afterLetters, isNull } from "./decode_code";

const QUOTE: u32 = 0x22;
const COMMA: u32 = 0x2c;
const COLON: u32 = 0x3a;
const OPEN: u32 = 0x7b;
const CLOSE: u32 = 0x7d;
/** One bit for each required field. */
const REQUIRED: u32 = (1 << FIELD_CURRENCY) - 1;

/**
 * Decodes the records `first` to `count` − 1 into the rows from `row` on, one a record.
 *
 * @returns The first record that is left to the host, or `count`; rows of the records before it are written.
 */
export function decodeRecords(first: u32, count: u32, row: u32): u32 {
  for (let record = first; record < count; record++) {
    const at = <usize>record << 2;
    if (!decodeRecord(load<u32>(at, RECORD_STARTS), load<u32>(at, RECORD_ENDS), row)) return record;
    row++;
  }
  return count;
}

/** Whether the bytes are a transaction, which then is in the row. A read may pass `end`, but a record that does is left. */
function decodeRecord(start: usize, end: usize, row: u32): bool {
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
    at = afterValue(afterSpace(at + 1, end), end, field, row);
    if (at == 0) return false;
    at = afterSpace(at, end);
    const next: u32 = load<u8>(at);
    if (next == COMMA) continue;
    if (next != CLOSE) return false;
    return afterSpace(at + 1, end) == end && (seen & REQUIRED) == REQUIRED;
  }
}

/** The address after the value of a field, which is written to its column; 0 where it is left to the host. */
// @ts-ignore: decorator
@inline
function afterValue(at: usize, end: usize, field: u32, row: u32): usize {
  const to = <usize>row << 3;
  switch (field) {
    case FIELD_TRANSACTION_ID: return afterId(at, end, to + TRANSACTION_KEYS);
    case FIELD_CUSTOMER_ID: return afterId(at, end, to + CUSTOMER_KEYS);
    case FIELD_TERMINAL_ID: return afterId(at, end, to + TERMINAL_KEYS);
    case FIELD_AMOUNT: return afterAmount(at, to + AMOUNTS);
    case FIELD_TIMESTAMP: return afterTimestamp(at, to + TIMES);
    case FIELD_CURRENCY: return isNull(at) ? at + 4 : afterLetters(at, 3);
    case FIELD_MERCHANT_CATEGORY: return isNull(at) ? at + 4 : afterCategory(at);
    case FIELD_COUNTRY: return isNull(at) ? at + 4 : afterLetters(at, 2);
    case FIELD_CHANNEL: return isNull(at) ? at + 4 : afterChannel(at);
    default: return afterUnknownValue(at, end);
  }
}
