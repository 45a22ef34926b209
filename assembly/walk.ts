// Walks trees node by node, eight (row, tree) pairs at a time so that their loads overlap.
import {
  FIELD_BITS, HEADER, KEYS, LEAF_KEY, LENGTHS, N_FEATURES, NODE_KEY, NODE_LINK, ROOT_BYTES, ROOT_DEPTH, ROOT_NODE, ROW_KEYS,
  ROW_KEYS_BYTES, ROWS, SCORES, USUAL_FIELD_BITS, WALKED_TOGETHER,
} from "./layout";

/** Steps before the first look whether all eight walks have ended, where trees are deeper. */
const FIRST_STEPS: u32 = 12;
/** Steps between two looks. */
const MORE_STEPS: u32 = 4;

/** Rows up to which each is walked through all trees before the next one. */
const FEW_ROWS: u32 = 7;
const EIGHT_ROOTS: usize = WALKED_TOGETHER * ROOT_BYTES;

/** Keys of values that take `bytes`; there is room for a vector behind the values, and for two behind the keys. */
// @ts-ignore: decorator
@inline
function keysOf(from: usize, bytes: usize, to: usize): void {
  const zero = i32x4.splat(0);
  for (const end = from + bytes; from < end; from += 16) {
    const bits = f32x4.add(v128.load(from), zero); // −0 becomes 0
    const keys = v128.xor(bits, i32x4.shr_u(i32x4.shr_s(bits, 31), 1));
    v128.store(to, v128.shuffle<i32>(zero, keys, 0, 4, 1, 5), 0);
    v128.store(to, v128.shuffle<i32>(zero, keys, 2, 6, 3, 7), 16);
    to += 32;
  }
}

/**
 * The node that a row goes to; its keys lie ROW_KEYS behind `keys`, so that a constant costs nothing.
 *
 * A row's key has zeros where a node has its link, so of equal ones the node's is not less.
 */
// @ts-ignore: decorator
@inline
function next(node: usize, keys: usize, bits: u32): usize {
  const packed = load<i64>(node);
  const goesRight = load<i64>(keys + <usize>(packed & (((<i64>1) << bits) - 1)), ROW_KEYS) > packed;
  return node + ((<usize>(<u32>packed >> bits) + <usize>goesRight) << 3);
}

/** Key of a node's threshold; only that of a leaf is LEAF_KEY, and only leaves have all its bits. */
// @ts-ignore: decorator
@inline
function keyAt(node: usize): i32 {
  return load<i32>(node, NODE_KEY);
}

/** Path length of a leaf. */
// @ts-ignore: decorator
@inline
function lengthAt(leaf: usize, lengths: usize, bits: u32): f64 {
  return load<f64>(lengths + (<usize>(load<u32>(leaf, NODE_LINK) & ((1 << bits) - 1)) << 3));
}

/** Adds the path lengths of one row in eight trees, in tree order. */
// @ts-ignore: decorator
@inline
function walkEight(root: usize, keys: usize, lengths: usize, bits: u32, sum: f64): f64 {
  let n0: usize = load<u32>(root, 0 * ROOT_BYTES + ROOT_NODE);
  let n1: usize = load<u32>(root, 1 * ROOT_BYTES + ROOT_NODE);
  let n2: usize = load<u32>(root, 2 * ROOT_BYTES + ROOT_NODE);
  let n3: usize = load<u32>(root, 3 * ROOT_BYTES + ROOT_NODE);
  let n4: usize = load<u32>(root, 4 * ROOT_BYTES + ROOT_NODE);
  let n5: usize = load<u32>(root, 5 * ROOT_BYTES + ROOT_NODE);
  let n6: usize = load<u32>(root, 6 * ROOT_BYTES + ROOT_NODE);
  let n7: usize = load<u32>(root, 7 * ROOT_BYTES + ROOT_NODE);
  let steps: u32 = FIRST_STEPS;
  for (let left = load<u32>(root, ROOT_DEPTH); left > 0; left -= steps) {
    steps = min(steps, left);
    for (let step = steps; step > 0; step--) {
      n0 = next(n0, keys, bits);
      n1 = next(n1, keys, bits);
      n2 = next(n2, keys, bits);
      n3 = next(n3, keys, bits);
      n4 = next(n4, keys, bits);
      n5 = next(n5, keys, bits);
      n6 = next(n6, keys, bits);
      n7 = next(n7, keys, bits);
    }
    if (left == steps) break;
    if ((keyAt(n0) & keyAt(n1) & keyAt(n2) & keyAt(n3) & keyAt(n4) & keyAt(n5) & keyAt(n6) & keyAt(n7)) == LEAF_KEY) break;
    steps = MORE_STEPS;
  }
  sum += lengthAt(n0, lengths, bits);
  sum += lengthAt(n1, lengths, bits);
  sum += lengthAt(n2, lengths, bits);
  sum += lengthAt(n3, lengths, bits);
  sum += lengthAt(n4, lengths, bits);
  sum += lengthAt(n5, lengths, bits);
  sum += lengthAt(n6, lengths, bits);
  return sum + lengthAt(n7, lengths, bits);
}

/** Walks a row through all trees before the next one: for few rows, which need the nodes once. */
function walkFew(root: usize, end: usize, row: usize, count: u32, sums: usize): void {
  const rowBytes: usize = load<u32>(HEADER, N_FEATURES) << 2;
  const lengths: usize = load<u32>(HEADER, LENGTHS);
  for (const endOfSums = sums + (<usize>count << 3); sums < endOfSums; sums += 8) {
    keysOf(row, rowBytes, ROW_KEYS);
    let sum = load<f64>(sums);
    for (let at = root; at < end; at += EIGHT_ROOTS) sum = walkEight(at, 0, lengths, USUAL_FIELD_BITS, sum);
    store<f64>(sums, sum);
    row += rowBytes;
  }
}

/** Walks all rows through eight trees before the next eight, whose nodes then stay in the cache. */
// @ts-ignore: decorator
@inline
function walkMany(root: usize, end: usize, row: usize, count: u32, sums: usize, bits: u32): void {
  const rowBytes: usize = load<u32>(HEADER, N_FEATURES) << 2;
  const lengths: usize = load<u32>(HEADER, LENGTHS);
  const keys: usize = load<u32>(HEADER, KEYS);
  keysOf(row, <usize>count * rowBytes, keys);
  for (; root < end; root += EIGHT_ROOTS) {
    let keysAt = keys - ROW_KEYS;
    for (let at = sums; at < sums + (<usize>count << 3); at += 8) {
      store<f64>(at, walkEight(root, keysAt, lengths, bits, load<f64>(at)));
      keysAt += rowBytes << 1;
    }
  }
}

/**
 * Adds to the sums of `count` rows their path lengths in the trees of some roots, in their order.
 *
 * @param root Address of the first root, see ROOT_BYTES.
 * @param trees Number of roots; leaves fill up the last eight of them.
 */
export function walkRows(root: usize, trees: u32, firstRow: u32, count: u32): void {
  const rowBytes: usize = load<u32>(HEADER, N_FEATURES) << 2;
  const row = <usize>load<u32>(HEADER, ROWS) + <usize>firstRow * rowBytes;
  const sums = <usize>load<u32>(HEADER, SCORES) + (<usize>firstRow << 3);
  const bits = load<u32>(HEADER, FIELD_BITS);
  const end = root + <usize>((trees + WALKED_TOGETHER - 1) / WALKED_TOGETHER) * EIGHT_ROOTS;
  if (bits != USUAL_FIELD_BITS) walkMany(root, end, row, count, sums, bits);
  else if (count <= FEW_ROWS && rowBytes << 1 <= <usize>ROW_KEYS_BYTES) walkFew(root, end, row, count, sums);
  else walkMany(root, end, row, count, sums, USUAL_FIELD_BITS);
}
