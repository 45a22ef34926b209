// From the sets of rows that reach the leaves of a tree to the rows' path lengths.
import { BLOCK_ROWS, LEAF_FOLD, SET_BYTES } from "./layout";

/** Trees whose path lengths are added together, so that a sum is read and written once for them. */
const TOGETHER = 4;
/** Leaves of a tree of which a byte is number enough. */
const FEW_LEAVES: u32 = 256;
/** Most bits of a leaf's number, in threes as a fold gives them. */
const MOST_BITS = 18;
/** By bit of a leaf's number: the rows in whose leaf's number it is set. */
const bits: usize = memory.data(MOST_BITS * SET_BYTES, 16);
/** The leaf's number of each row in some trees, a byte each; of a large tree the low bytes and then the high ones. */
const numbers: usize = memory.data(TOGETHER * BLOCK_ROWS, 16);
/** Addresses of the path lengths of these trees. */
const lengthsOf: usize = memory.data(TOGETHER * 4, 16);
/** Trees of which numbers wait. */
let waiting: u32 = 0;

/**
 * Folds sets by eight: three bits of the number, and a set for each eight, which takes the place of the sets.
 *
 * The sets are filled up with empty ones.
 */
// @ts-ignore: decorator
@inline
function foldSets(sets: usize, eights: u32, bit: usize): void {
  const zero = i8x16.splat(0);
  let b0 = zero;
  let b1 = zero;
  let b2 = zero;
  let to = sets;
  for (const end = sets + <usize>eights * (LEAF_FOLD * SET_BYTES); sets < end; sets += LEAF_FOLD * SET_BYTES) {
    const s1 = v128.load(sets, 16);
    const s3 = v128.load(sets, 48);
    const s5 = v128.load(sets, 80);
    const s7 = v128.load(sets, 112);
    b0 = v128.or(b0, v128.or(v128.or(s1, s3), v128.or(s5, s7)));
    const s23 = v128.or(v128.load(sets, 32), s3);
    const s67 = v128.or(v128.load(sets, 96), s7);
    b1 = v128.or(b1, v128.or(s23, s67));
    const s4567 = v128.or(v128.or(v128.load(sets, 64), s5), s67);
    b2 = v128.or(b2, s4567);
    v128.store(to, v128.or(v128.or(v128.or(v128.load(sets), s1), s23), s4567));
    to += SET_BYTES;
  }
  v128.store(bit, b0, 0);
  v128.store(bit, b1, 16);
  v128.store(bit, b2, 32);
}

// @ts-ignore: decorator
@inline
function fillUp(sets: usize, count: u32): void {
  const zero = i8x16.splat(0);
  const at = sets + (<usize>count << 4);
  v128.store(at, zero, 0);
  v128.store(at, zero, 16);
  v128.store(at, zero, 32);
  v128.store(at, zero, 48);
  v128.store(at, zero, 64);
  v128.store(at, zero, 80);
  v128.store(at, zero, 96);
}

/** Turns 8 × 8 bits in each half of a vector: bit i of byte j becomes bit j of byte i (Hacker's Delight, 7-3). */
// @ts-ignore: decorator
@inline
function turn(x: v128): v128 {
  let t = v128.and(v128.xor(x, i64x2.shr_u(x, 7)), i64x2.splat(0x00aa00aa00aa00aa));
  x = v128.xor(x, v128.xor(t, i64x2.shl(t, 7)));
  t = v128.and(v128.xor(x, i64x2.shr_u(x, 14)), i64x2.splat(0x0000cccc0000cccc));
  x = v128.xor(x, v128.xor(t, i64x2.shl(t, 14)));
  t = v128.and(v128.xor(x, i64x2.shr_u(x, 28)), i64x2.splat(0x00000000f0f0f0f0));
  return v128.xor(x, v128.xor(t, i64x2.shl(t, 28)));
}

// @ts-ignore: decorator
@inline
function low8(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}

// @ts-ignore: decorator
@inline
function high8(a: v128, b: v128): v128 {
  return i8x16.shuffle(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/** Turns eight sets into a byte for each row, the first set into its lowest bit. */
function setsToBytes(sets: usize, to: usize): void {
  const p0 = v128.load(sets, 0);
  const p1 = v128.load(sets, 16);
  const p2 = v128.load(sets, 32);
  const p3 = v128.load(sets, 48);
  const p4 = v128.load(sets, 64);
  const p5 = v128.load(sets, 80);
  const p6 = v128.load(sets, 96);
  const p7 = v128.load(sets, 112);
  let a = low8(p0, p4);
  let b = low8(p2, p6);
  let c = low8(p1, p5);
  let d = low8(p3, p7);
  let e = low8(a, b);
  let f = low8(c, d);
  v128.store(to, turn(low8(e, f)), 0);
  v128.store(to, turn(high8(e, f)), 16);
  e = high8(a, b);
  f = high8(c, d);
  v128.store(to, turn(low8(e, f)), 32);
  v128.store(to, turn(high8(e, f)), 48);
  a = high8(p0, p4);
  b = high8(p2, p6);
  c = high8(p1, p5);
  d = high8(p3, p7);
  e = low8(a, b);
  f = low8(c, d);
  v128.store(to, turn(low8(e, f)), 64);
  v128.store(to, turn(high8(e, f)), 80);
  e = high8(a, b);
  f = high8(c, d);
  v128.store(to, turn(low8(e, f)), 96);
  v128.store(to, turn(high8(e, f)), 112);
}

/** Adds the path lengths of one tree whose leaves are numbered in a byte. */
function addOne(at: usize, lengths: usize, sums: usize): void {
  for (const end = at + BLOCK_ROWS; at < end; at++) {
    store<f64>(sums, load<f64>(sums) + load<f64>(lengths + (<usize>load<u8>(at) << 3)));
    sums += 8;
  }
}

/** Adds the path lengths of four such trees. */
function addFour(sums: usize): void {
  const lengths0: usize = load<u32>(lengthsOf, 0);
  const lengths1: usize = load<u32>(lengthsOf, 4);
  const lengths2: usize = load<u32>(lengthsOf, 8);
  const lengths3: usize = load<u32>(lengthsOf, 12);
  for (let at = numbers; at < numbers + BLOCK_ROWS; at++) {
    let sum = load<f64>(sums);
    sum += load<f64>(lengths0 + (<usize>load<u8>(at, 0 * BLOCK_ROWS) << 3));
    sum += load<f64>(lengths1 + (<usize>load<u8>(at, 1 * BLOCK_ROWS) << 3));
    sum += load<f64>(lengths2 + (<usize>load<u8>(at, 2 * BLOCK_ROWS) << 3));
    sum += load<f64>(lengths3 + (<usize>load<u8>(at, 3 * BLOCK_ROWS) << 3));
    store<f64>(sums, sum);
    sums += 8;
  }
}

/** Adds the path lengths of a tree whose leaves are numbered in two bytes. */
function addMany(lengths: usize, sums: usize): void {
  for (let at = numbers; at < numbers + BLOCK_ROWS; at++) {
    const leaf = <usize>load<u8>(at) | (<usize>load<u8>(at, BLOCK_ROWS) << 8);
    store<f64>(sums, load<f64>(sums) + load<f64>(lengths + (leaf << 3)));
    sums += 8;
  }
}

/** Adds the path lengths that wait to the sums. */
export function addWaiting(sums: usize): void {
  if (waiting == TOGETHER) addFour(sums);
  else for (let i: u32 = 0; i < waiting; i++) addOne(numbers + i * BLOCK_ROWS, load<u32>(lengthsOf + (i << 2)), sums);
  waiting = 0;
}

/**
 * Adds to the sums of a block's rows the path length of the leaf that each row is in, at once or with those of the next
 * trees, after those of the trees before; the sets are used up.
 */
export function addLengths(sets: usize, leaves: u32, lengths: usize, sums: usize): void {
  let bit = bits;
  let count = leaves;
  while (count > 1) {
    fillUp(sets, count);
    count = (count + LEAF_FOLD - 1) / LEAF_FOLD;
    foldSets(sets, count, bit);
    bit += 3 * SET_BYTES;
  }
  const zero = i8x16.splat(0);
  for (; bit < bits + 8 * SET_BYTES; bit += SET_BYTES) v128.store(bit, zero);
  if (leaves <= FEW_LEAVES) {
    setsToBytes(bits, numbers + waiting * BLOCK_ROWS);
    store<u32>(lengthsOf + (waiting << 2), lengths);
    if (++waiting == TOGETHER) addWaiting(sums);
    return;
  }
  addWaiting(sums);
  for (; bit < bits + 16 * SET_BYTES; bit += SET_BYTES) v128.store(bit, zero);
  setsToBytes(bits, numbers);
  setsToBytes(bits + 8 * SET_BYTES, numbers + BLOCK_ROWS);
  addMany(lengths, sums);
}
