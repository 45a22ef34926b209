// Turns the values of rows into ranks among thresholds, so that a comparison needs one byte.
import {
  BLOCK_ROWS, FEATURE_BYTES, GROUP_FEATURE_BYTES, GROUP_RANKS, HEADER, N_FEATURES, ROWS,
} from "./layout";

// @ts-ignore: decorator
@inline
function advance(rank: usize, value: f32, step: usize, thresholds: usize): usize {
  return rank + (value > load<f32>(thresholds + ((rank + step) << 2) - 4) ? step : 0);
}

/**
 * Ranks of the first `count` rows, a multiple of four, in each feature of a section: the number of thresholds below the
 * value. A bucket of equal width leads close, halving to the place.
 */
export function rankSection(features: usize, nFeatures: u32, count: u32): void {
  const rowBytes: usize = load<u32>(HEADER, N_FEATURES) << 2;
  const zero = f32x4.splat(0);
  const toInteger = f32x4.splat(8388608);
  for (const end = features + nFeatures * FEATURE_BYTES; features < end; features += FEATURE_BYTES) {
    const thresholds: usize = load<u32>(features, 4);
    const buckets: usize = load<u32>(features, 8);
    const firstStep: usize = (1 << load<u32>(features, 12)) >> 1;
    const low = v128.load32_splat(features, 16);
    const scale = v128.load32_splat(features, 20);
    const lastBucket = v128.load32_splat(features, 24);
    let ranks: usize = load<u32>(features, 28);
    let row = <usize>load<u32>(HEADER, ROWS) + <usize>(load<u32>(features) << 2);
    for (let i: u32 = 0; i < count; i += 4) {
      const x0 = load<f32>(row);
      const x1 = load<f32>(row + rowBytes);
      const x2 = load<f32>(row + 2 * rowBytes);
      const x3 = load<f32>(row + 3 * rowBytes);
      let x = f32x4.replace_lane(f32x4.replace_lane(f32x4.splat(x0), 1, x1), 2, x2);
      x = f32x4.replace_lane(x, 3, x3);
      // pmax takes its first operand where the other is NaN: rows after the last one may hold anything.
      const place = f32x4.pmin(lastBucket, f32x4.pmax(zero, f32x4.mul(f32x4.sub(x, low), scale)));
      const bucket = i32x4.shl(f32x4.add(place, toInteger), 1);
      let r0: usize = load<u16>(buckets + (i32x4.extract_lane(bucket, 0) & 0xffffff));
      let r1: usize = load<u16>(buckets + (i32x4.extract_lane(bucket, 1) & 0xffffff));
      let r2: usize = load<u16>(buckets + (i32x4.extract_lane(bucket, 2) & 0xffffff));
      let r3: usize = load<u16>(buckets + (i32x4.extract_lane(bucket, 3) & 0xffffff));
      for (let step = firstStep; step > 0; step >>= 1) {
        r0 = advance(r0, x0, step, thresholds);
        r1 = advance(r1, x1, step, thresholds);
        r2 = advance(r2, x2, step, thresholds);
        r3 = advance(r3, x3, step, thresholds);
      }
      store<u16>(ranks, r0, 0);
      store<u16>(ranks, r1, 2);
      store<u16>(ranks, r2, 4);
      store<u16>(ranks, r3, 6);
      ranks += 8;
      row += 4 * rowBytes;
    }
  }
}

/** Ranks of `rows` rows of a block from `firstRow` on in each feature of a group, by tables from the section's ranks. */
export function rankGroup(features: usize, nFeatures: u32, firstRow: u32, rows: u32): void {
  let to: usize = load<u32>(HEADER, GROUP_RANKS);
  for (const end = features + nFeatures * GROUP_FEATURE_BYTES; features < end; features += GROUP_FEATURE_BYTES) {
    let from = <usize>load<u32>(features) + <usize>(firstRow << 1);
    const table: usize = load<u32>(features, 4);
    for (let at = to; at < to + rows; at += 4) {
      store<u8>(at, load<u8>(table + <usize>load<u16>(from, 0)), 0);
      store<u8>(at, load<u8>(table + <usize>load<u16>(from, 2)), 1);
      store<u8>(at, load<u8>(table + <usize>load<u16>(from, 4)), 2);
      store<u8>(at, load<u8>(table + <usize>load<u16>(from, 6)), 3);
      from += 8;
    }
    to += BLOCK_ROWS;
  }
}
