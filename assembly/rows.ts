// Looks over the rows of a batch before they are scored.
import { HEADER, N_FEATURES, ROWS } from "./layout";

/** Index of the first NaN among the values of the first `count` rows, or −1. */
export function findNaN(count: u32): i32 {
  const rows: usize = load<u32>(HEADER, ROWS);
  const end = rows + (<usize>(count * load<u32>(HEADER, N_FEATURES)) << 2);
  let at = rows;
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
