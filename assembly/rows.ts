// Looks over the rows of a batch before they are scored.
import { HEADER, N_FEATURES, ROWS } from "./layout";

/** Index of the first NaN among the values of the first `count` rows, or −1. */
export function findNaN(count: u32): i32 {
  const rows: usize = load<u32>(HEADER, ROWS);
  const end = rows + (<usize>(count * load<u32>(HEADER, N_FEATURES)) << 2);
  let at = rows;
  for (; at + 64 <= end; at += 64) {
    const a = v128.load(at, 0);
    const b = v128.load(at, 16);
    const c = v128.load(at, 32);
    const d = v128.load(at, 48);
    const isNaN = v128.or(v128.or(f32x4.ne(a, a), f32x4.ne(b, b)), v128.or(f32x4.ne(c, c), f32x4.ne(d, d)));
    if (v128.any_true(isNaN)) break;
  }
  for (; at + 16 <= end; at += 16) {
    const four = v128.load(at);
    if (v128.any_true(f32x4.ne(four, four))) break;
  }
  for (; at < end; at += 4) {
    const value = load<f32>(at);
    if (value != value) return <i32>((at - rows) >> 2);
  }
  return -1;
}
