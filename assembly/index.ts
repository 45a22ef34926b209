import { BLOCK_LEAST, BLOCK_ROWS, HEADER, ROOTS, SCORES, SECTIONS, TREES } from "./layout";
import { decodeLabels, decodeTransactions } from "./decode/decode";
import { scoreBlocks } from "./block";
import { findNaN } from "./rows";
import { sumsToScores } from "./score";
import { walkRows } from "./walk";

export { decodeLabels, decodeTransactions };

/**
 * Scores the first `count` rows: whole blocks as sets, and the rest of them by walking where that is quicker.
 *
 * @returns -1, or the index of the first NaN among the values, and then no score is written.
 */
export function score(count: u32): i32 {
  const nan = findNaN(count);
  if (nan >= 0) return nan;
  let inBlocks: u32 = 0;
  if (load<u32>(HEADER, SECTIONS) > 0) {
    inBlocks = count & -BLOCK_ROWS;
    if (count - inBlocks >= load<u32>(HEADER, BLOCK_LEAST)) inBlocks = count;
  }
  const sums: usize = load<u32>(HEADER, SCORES);
  // Room for the sums is a multiple of a block, and the last block adds to rows that nobody asked for.
  const cleared: u32 = inBlocks == count ? (count + BLOCK_ROWS - 1) & -BLOCK_ROWS : count;
  for (let at = sums; at < sums + (<usize>cleared << 3); at += 8) store<f64>(at, 0);
  if (inBlocks > 0) scoreBlocks(inBlocks);
  if (inBlocks < count) walkRows(load<u32>(HEADER, ROOTS), load<u32>(HEADER, TREES), inBlocks, count - inBlocks);
  sumsToScores(count);
  return -1;
}
