// Walks trees node by node, eight (row, tree) pairs at a time so that their loads overlap.
import {
  FEATURE_BITS, HEADER, LENGTHS, N_FEATURES, NODE_BYTES, NODE_LINK, NODES, ROOTS, ROWS, SCORES,
} from "./layout";

// @ts-ignore: decorator
@inline
function next(node: usize, row: usize, bits: u32, mask: u32): usize {
  const link = load<u32>(node, NODE_LINK);
  const goesRight = load<f32>(row + (<usize>(link & mask) << 2)) > load<f32>(node);
  return node + (<usize>(link >> bits) << 3) + (<usize>goesRight << 3);
}

/** Where the eight walks of walkEight() ended: addresses of leaves. */
const ends: usize = memory.data(32);

function walkEight(
  r0: usize, r1: usize, r2: usize, r3: usize, r4: usize, r5: usize, r6: usize, r7: usize,
  n0: usize, n1: usize, n2: usize, n3: usize, n4: usize, n5: usize, n6: usize, n7: usize,
): void {
  const bits = load<u32>(HEADER, FEATURE_BITS);
  const mask: u32 = (1 << bits) - 1;
  let moved: usize = 1;
  while (moved != 0) {
    const m0 = next(n0, r0, bits, mask);
    const m1 = next(n1, r1, bits, mask);
    const m2 = next(n2, r2, bits, mask);
    const m3 = next(n3, r3, bits, mask);
    const m4 = next(n4, r4, bits, mask);
    const m5 = next(n5, r5, bits, mask);
    const m6 = next(n6, r6, bits, mask);
    const m7 = next(n7, r7, bits, mask);
    moved = (m0 ^ n0) | (m1 ^ n1) | (m2 ^ n2) | (m3 ^ n3) | (m4 ^ n4) | (m5 ^ n5) | (m6 ^ n6) | (m7 ^ n7);
    n0 = m0; n1 = m1; n2 = m2; n3 = m3; n4 = m4; n5 = m5; n6 = m6; n7 = m7;
  }
  store<usize>(ends, n0, 0);
  store<usize>(ends, n1, 4);
  store<usize>(ends, n2, 8);
  store<usize>(ends, n3, 12);
  store<usize>(ends, n4, 16);
  store<usize>(ends, n5, 20);
  store<usize>(ends, n6, 24);
  store<usize>(ends, n7, 28);
}

function walkOne(row: usize, node: usize): usize {
  const bits = load<u32>(HEADER, FEATURE_BITS);
  const mask: u32 = (1 << bits) - 1;
  let before: usize = 0;
  while (node != before) {
    before = node;
    node = next(node, row, bits, mask);
  }
  return node;
}

/** Adds to the sums of `count` rows their path lengths in the trees first to last − 1, in tree order: eight trees at a time. */
export function walkByTrees(first: u32, last: u32, firstRow: u32, count: u32): void {
  const roots: usize = load<u32>(HEADER, ROOTS);
  const toLength: usize = load<u32>(HEADER, LENGTHS) - load<u32>(HEADER, NODES);
  const rowBytes: usize = load<u32>(HEADER, N_FEATURES) << 2;
  let row = <usize>load<u32>(HEADER, ROWS) + <usize>firstRow * rowBytes;
  let sumAt = <usize>load<u32>(HEADER, SCORES) + (<usize>firstRow << 3);
  for (let i: u32 = 0; i < count; i++) {
    let sum = load<f64>(sumAt);
    let root = roots + (<usize>first << 2);
    const end = roots + (<usize>last << 2);
    for (; root + 32 <= end; root += 32) {
      walkEight(
        row, row, row, row, row, row, row, row,
        load<u32>(root, 0), load<u32>(root, 4), load<u32>(root, 8), load<u32>(root, 12),
        load<u32>(root, 16), load<u32>(root, 20), load<u32>(root, 24), load<u32>(root, 28),
      );
      for (let at = ends; at < ends + 32; at += 4) sum += load<f64>(load<usize>(at) + toLength);
    }
    for (; root < end; root += 4) sum += load<f64>(walkOne(row, load<u32>(root)) + toLength);
    store<f64>(sumAt, sum);
    row += rowBytes;
    sumAt += 8;
  }
}

/** Does what walkByTrees() does, eight rows at a time: for trees that should stay in the cache. */
export function walkByRows(first: u32, last: u32, firstRow: u32, count: u32): void {
  const roots: usize = load<u32>(HEADER, ROOTS);
  const toLength: usize = load<u32>(HEADER, LENGTHS) - load<u32>(HEADER, NODES);
  const w: usize = load<u32>(HEADER, N_FEATURES) << 2;
  for (let tree = first; tree < last; tree++) {
    const root: usize = load<u32>(roots + (<usize>tree << 2));
    let row = <usize>load<u32>(HEADER, ROWS) + <usize>firstRow * w;
    let sumAt = <usize>load<u32>(HEADER, SCORES) + (<usize>firstRow << 3);
    let left = count;
    for (; left >= 8; left -= 8) {
      walkEight(
        row, row + w, row + 2 * w, row + 3 * w, row + 4 * w, row + 5 * w, row + 6 * w, row + 7 * w,
        root, root, root, root, root, root, root, root,
      );
      for (let at = ends; at < ends + 32; at += 4) {
        store<f64>(sumAt, load<f64>(sumAt) + load<f64>(load<usize>(at) + toLength));
        sumAt += 8;
      }
      row += 8 * w;
    }
    for (; left > 0; left--) {
      store<f64>(sumAt, load<f64>(sumAt) + load<f64>(walkOne(row, root) + toLength));
      sumAt += 8;
      row += w;
    }
  }
}
