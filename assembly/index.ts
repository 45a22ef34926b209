import { HEADER, SCORES, TREES } from "./layout";
import { findNaN } from "./rows";
import { sumsToScores } from "./score";
import { walkByRows, walkByTrees } from "./walk";

/**
 * Scores the first `count` rows in place of their path-length sums.
 *
 * @returns -1, or the index of the first NaN among the values, and then no score is written.
 */
export function score(count: u32): i32 {
  const nan = findNaN(count);
  if (nan >= 0) return nan;
  memory.fill(load<u32>(HEADER, SCORES), 0, <usize>count << 3);
  if (count < 8) walkByTrees(0, load<u32>(HEADER, TREES), count);
  else walkByRows(0, load<u32>(HEADER, TREES), count);
  sumsToScores(count);
  return -1;
}
