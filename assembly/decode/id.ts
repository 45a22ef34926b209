// Ids: text without escapes, or whole numbers, to their keys.
import { afterDigits, afterTextValue, hasDelete } from "./json";
import { ID_ENDS, IDS, MAX_ID_BYTES } from "../layout";

/** Start and end of the text of the record's ids, by field. */
const places: usize = memory.data(24);

/** The address after an id, whose key is stored at `to`, or 0; `field` is 0, 1 or 2. */
export function afterId(at: usize, end: usize, field: u32, to: usize): usize {
  if (load<u8>(at) != 0x22) {
    const after = afterDigits(at, end);
    // A zero in front is no JSON; too long an id is for the host to refuse.
    if (after - at > <usize>MAX_ID_BYTES || after == at || (after - at > 1 && load<u8>(at) == 0x30)) return 0;
    notePlace(field, at, after);
    storeKey(at, after, to);
    return after;
  }
  const start = at + 1;
  const after = afterTextValue(start, end, false);
  if (after == 0) return 0;
  const last = after - 1;
  if (last == start || last - start > <usize>MAX_ID_BYTES || hasDelete(start, last)) return 0;
  notePlace(field, start, last);
  storeKey(start, last, to);
  return after;
}

// @ts-ignore: decorator
@inline
function notePlace(field: u32, start: usize, end: usize): void {
  const place = places + <usize>(field << 3);
  store<u32>(place, <u32>start);
  store<u32>(place, <u32>end, 4);
}

/** Copies the ids of the record decoded last behind those of the row before. */
export function keepIds(row: u32): void {
  const ends = <usize>(row * 12) + ID_ENDS;
  let to: usize = row == 0 ? 0 : <usize>load<u32>(ends - 4);
  for (let field: usize = 0; field < 3; field++) {
    const start = <usize>load<u32>(places + (field << 3));
    const length = <usize>load<u32>(places + (field << 3), 4) - start;
    // Whole vectors: what is written past the end, the next id takes.
    for (let i: usize = 0; i < length; i += 16) v128.store(to + i, v128.load(start + i), IDS);
    to += length;
    store<u32>(ends + (field << 2), <u32>to);
  }
}

// @ts-ignore: decorator
@inline
function scramble(word: u32): u32 {
  return rotl<u32>(word * 0xcc9e2d51, 15) * 0x1b873593;
}

// @ts-ignore: decorator
@inline
function finish(word: u32): u32 {
  word = (word ^ (word >>> 16)) * 0x85ebca6b;
  word = (word ^ (word >>> 13)) * 0xc2b2ae35;
  return word ^ (word >>> 16);
}

/** MurmurHash3 x86_32 (Appleby 2011, public domain) under the two seeds of `hashId`: low word, then high word. */
function storeKey(start: usize, end: usize, to: usize): void {
  const length = <u32>(end - start);
  let low: u32 = 0;
  let high: u32 = 0x9747b28c;
  for (const whole = start + <usize>(length & ~3); start < whole; start += 4) {
    const word = scramble(load<u32>(start));
    low = rotl<u32>(low ^ word, 13) * 5 + 0xe6546b64;
    high = rotl<u32>(high ^ word, 13) * 5 + 0xe6546b64;
  }
  const bits: u32 = (length & 3) << 3;
  if (bits != 0) {
    const word = scramble(load<u32>(start) & (((<u32>1) << bits) - 1));
    low ^= word;
    high ^= word;
  }
  store<u32>(to, finish(low ^ length));
  store<u32>(to, finish(high ^ length), 4);
}
