// Sets of rows that go left at each of a feature's thresholds, where these are few: by the bits of the rows' ranks.
import { MOST_SPREAD_BITS, SET_BYTES } from "./layout";

/** By bit of a rank: the rows in whose rank it is 0. */
const zeros: usize = memory.data(MOST_SPREAD_BITS * SET_BYTES, 16);

/** Which rows have a 0 in each bit of their ranks. */
// @ts-ignore: decorator
@inline
function findZeros(ranks: usize, bits: u32): void {
  const ones = i16x8.splat(-1);
  const low = i16x8.splat(255);
  for (let at = zeros; at < zeros + <usize>SET_BYTES; at += 2) {
    const r0 = v128.xor(v128.load(ranks, 0), ones);
    const r1 = v128.xor(v128.load(ranks, 16), ones);
    let b = i8x16.narrow_i16x8_u(v128.and(r0, low), v128.and(r1, low));
    store<u16>(at, i8x16.bitmask(b), 7 * SET_BYTES);
    b = i8x16.add(b, b);
    store<u16>(at, i8x16.bitmask(b), 6 * SET_BYTES);
    b = i8x16.add(b, b);
    store<u16>(at, i8x16.bitmask(b), 5 * SET_BYTES);
    b = i8x16.add(b, b);
    store<u16>(at, i8x16.bitmask(b), 4 * SET_BYTES);
    b = i8x16.add(b, b);
    store<u16>(at, i8x16.bitmask(b), 3 * SET_BYTES);
    b = i8x16.add(b, b);
    store<u16>(at, i8x16.bitmask(b), 2 * SET_BYTES);
    b = i8x16.add(b, b);
    store<u16>(at, i8x16.bitmask(b), 1 * SET_BYTES);
    b = i8x16.add(b, b);
    store<u16>(at, i8x16.bitmask(b), 0 * SET_BYTES);
    if (bits > 8) store<u16>(at, i8x16.bitmask(i8x16.narrow_i16x8_s(i16x8.shl(r0, 7), i16x8.shl(r1, 7))), 8 * SET_BYTES);
    ranks += 32;
  }
}

/**
 * Puts the set of rows whose rank is at most i at place i, for each rank of some bits.
 *
 * Of two numbers one is at most the other if its highest bit is less, or the bit is the same and the rest is at most the
 * rest: so each further bit turns a set into two.
 */
export function spreadRanks(ranks: usize, bits: u32, sets: usize): void {
  findZeros(ranks, bits);
  const end = zeros + (<usize>bits << 4);
  let at = zeros;
  let room: usize = SET_BYTES; // bytes of the sets so far
  v128.store(sets, i8x16.splat(-1));
  if ((bits & 1) != 0) {
    const zero = v128.load(at);
    v128.store(sets, zero);
    v128.store(sets, i8x16.splat(-1), 16);
    at += SET_BYTES;
    room <<= 1;
  }
  for (; at < end; at += 2 * SET_BYTES) {
    const zero = v128.load(at, 0);
    const zeroAbove = v128.load(at, 16);
    const to1 = room;
    const to2 = room << 1;
    const to3 = to1 + to2;
    for (let set = sets; set < sets + to1; set += SET_BYTES) {
      const rows = v128.load(set);
      const a = v128.and(rows, zero);
      const b = v128.or(rows, zero);
      v128.store(set, v128.and(a, zeroAbove));
      v128.store(set + to1, v128.and(b, zeroAbove));
      v128.store(set + to2, v128.or(a, zeroAbove));
      v128.store(set + to3, v128.or(b, zeroAbove));
    }
    room <<= 2;
  }
}
