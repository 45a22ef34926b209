// Turns the ranks of a block's rows into sets of rows: which of them go left at a threshold.
import {
  BLOCK_ROWS, FEATURE_BYTES, FEATURE_PLACE_VECTORS, FEATURE_PLACES, FEATURE_RANK_BITS, FEATURE_RANKS, FEATURE_SETS,
  RANK_BYTES, SET_BYTES,
} from "./layout";
import { spreadRanks } from "./spread";

/** By place: set of the rows that are at this place in the order of a feature; zero between two calls. */
const rowsAt: usize = memory.data((BLOCK_ROWS + 1) * SET_BYTES, 16);

/** Counts the block's rows of each rank. */
// @ts-ignore: decorator
@inline
function countRanks(ranks: usize, counts: usize, vectors: u32): void {
  memory.fill(counts, 0, <usize>vectors << 4);
  for (const end = ranks + BLOCK_ROWS * RANK_BYTES; ranks < end; ranks += 8) {
    const r0 = counts + <usize>load<u16>(ranks, 0);
    store<u8>(r0, load<u8>(r0) + 1);
    const r1 = counts + <usize>load<u16>(ranks, 2);
    store<u8>(r1, load<u8>(r1) + 1);
    const r2 = counts + <usize>load<u16>(ranks, 4);
    store<u8>(r2, load<u8>(r2) + 1);
    const r3 = counts + <usize>load<u16>(ranks, 6);
    store<u8>(r3, load<u8>(r3) + 1);
  }
}

/** Turns counts into the number of rows up to each rank. */
// @ts-ignore: decorator
@inline
function sumCounts(counts: usize, vectors: u32): void {
  const zero = i8x16.splat(0);
  let before = zero;
  for (const end = counts + (<usize>vectors << 4); counts < end; counts += 16) {
    let sum = v128.load(counts);
    sum = i8x16.add(sum, i8x16.shuffle(zero, sum, 0, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30));
    sum = i8x16.add(sum, i8x16.shuffle(zero, sum, 0, 1, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29));
    sum = i8x16.add(sum, i8x16.shuffle(zero, sum, 0, 1, 2, 3, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27));
    sum = i8x16.add(sum, i8x16.shuffle(zero, sum, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23));
    sum = i8x16.add(sum, before);
    v128.store(counts, sum);
    before = i8x16.shuffle(sum, sum, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15, 15);
  }
}

// @ts-ignore: decorator
@inline
function addRow(places: usize, rank: u32, byte: usize, bit: u32): void {
  const at = rowsAt + (<usize>load<u8>(places + <usize>rank) << 4) + byte;
  store<u8>(at, load<u8>(at) | bit);
}

/** Counts rows up to each threshold, and puts the set of the first rows for each number of rows at `set`. */
function orderRanks(ranks: usize, places: usize, vectors: u32, set: usize): void {
  countRanks(ranks, places, vectors);
  sumCounts(places, vectors);
  for (let byte: usize = 0; byte < <usize>SET_BYTES; byte++) {
    addRow(places, load<u16>(ranks, 0), byte, 1);
    addRow(places, load<u16>(ranks, 2), byte, 2);
    addRow(places, load<u16>(ranks, 4), byte, 4);
    addRow(places, load<u16>(ranks, 6), byte, 8);
    addRow(places, load<u16>(ranks, 8), byte, 16);
    addRow(places, load<u16>(ranks, 10), byte, 32);
    addRow(places, load<u16>(ranks, 12), byte, 64);
    addRow(places, load<u16>(ranks, 14), byte, 128);
    ranks += 16;
  }
  const zero = i8x16.splat(0);
  let upTo = zero;
  for (let at = rowsAt; at < rowsAt + (BLOCK_ROWS + 1) * SET_BYTES; at += SET_BYTES) {
    upTo = v128.or(upTo, v128.load(at));
    v128.store(at, zero);
    v128.store(set, upTo);
    set += SET_BYTES;
  }
}

/** For each feature of a section: the sets of the rows of the block from `firstRow` on that go left at its thresholds. */
export function placeRows(features: usize, nFeatures: u32, firstRow: u32): void {
  for (const end = features + nFeatures * FEATURE_BYTES; features < end; features += FEATURE_BYTES) {
    const ranks = <usize>load<u32>(features, FEATURE_RANKS) + <usize>firstRow * RANK_BYTES;
    const vectors = load<u32>(features, FEATURE_PLACE_VECTORS);
    const sets: usize = load<u32>(features, FEATURE_SETS);
    if (vectors > 0) orderRanks(ranks, load<u32>(features, FEATURE_PLACES), vectors, sets);
    else spreadRanks(ranks, load<u32>(features, FEATURE_RANK_BITS), sets);
  }
}
