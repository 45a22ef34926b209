// Turns the values of rows into ranks among thresholds.
import {
  BLOCK_ROWS, FEATURE_BUCKETS, FEATURE_BYTES, FEATURE_COLUMN, FEATURE_LAST_BUCKET, FEATURE_LOW, FEATURE_RANKS,
  FEATURE_SCALE, FEATURE_STEPS, FEATURE_THRESHOLD_LIST, HEADER, N_FEATURES, RANK_WINDOW, ROWS,
} from "./layout";

// @ts-ignore: decorator
@inline
function advance(rank: usize, value: f32, step: usize, thresholds: usize): usize {
  return rank + (value > load<f32>(thresholds + ((rank + step) << 2) - 4) ? step : 0);
}

/** Adds how many of the four thresholds from a rank on are below the value. */
// @ts-ignore: decorator
@inline
function finish(rank: usize, value: f32, thresholds: usize): usize {
  return rank + popcnt(i32x4.bitmask(f32x4.lt(v128.load(thresholds + (rank << 2)), f32x4.splat(value))));
}

/**
 * Ranks of the first `count` rows in each feature of a section: the number of thresholds below the value. A bucket of
 * equal width leads close, halving to four thresholds, and one comparison of a vector to the place. Rows that fill up the
 * last block get some rank.
 */
export function rankSection(features: usize, nFeatures: u32, count: u32): void {
  const rowBytes: usize = load<u32>(HEADER, N_FEATURES) << 2;
  const zero = f32x4.splat(0);
  const toInteger = f32x4.splat(8388608);
  for (const end = features + nFeatures * FEATURE_BYTES; features < end; features += FEATURE_BYTES) {
    const thresholds: usize = load<u32>(features, FEATURE_THRESHOLD_LIST);
    const buckets: usize = load<u32>(features, FEATURE_BUCKETS);
    const firstStep: usize = (RANK_WINDOW << load<u32>(features, FEATURE_STEPS)) >> 1;
    const low = v128.load32_splat(features, FEATURE_LOW);
    const scale = v128.load32_splat(features, FEATURE_SCALE);
    const lastBucket = v128.load32_splat(features, FEATURE_LAST_BUCKET);
    let ranks: usize = load<u32>(features, FEATURE_RANKS);
    let row = <usize>load<u32>(HEADER, ROWS) + <usize>(load<u32>(features, FEATURE_COLUMN) << 2);
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
      for (let step = firstStep; step >= <usize>RANK_WINDOW; step >>= 1) {
        r0 = advance(r0, x0, step, thresholds);
        r1 = advance(r1, x1, step, thresholds);
        r2 = advance(r2, x2, step, thresholds);
        r3 = advance(r3, x3, step, thresholds);
      }
      r0 = finish(r0, x0, thresholds);
      r1 = finish(r1, x1, thresholds);
      r2 = finish(r2, x2, thresholds);
      r3 = finish(r3, x3, thresholds);
      store<u64>(ranks, <u64>(<u32>r0 | (<u32>r1 << 16)) | (<u64>(<u32>r2 | (<u32>r3 << 16)) << 32));
      ranks += 8;
      row += 4 * rowBytes;
    }
    const ranked: u32 = (count + 3) & -4;
    memory.fill(ranks, 0, <usize>(((count + BLOCK_ROWS - 1) & -BLOCK_ROWS) - ranked) << 1);
  }
}
