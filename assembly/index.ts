import { BLOCK_LEAST, BLOCK_ROWS, HEADER, SCORES, SECTIONS, TREES } from "./layout";
import { decodeLabels, decodeTransactions } from "./decode";
import { scoreBlocks } from "./block";
import { findNaN } from "./rows";
import { sumsToScores } from "./score";
import { walkByRows, walkByTrees } from "./walk";

export { decodeLabels, decodeTransactions };

/** Rows from which on it pays to walk eight of them through one tree, not one through eight trees. */
const WALK_BY_ROWS_LEAST: u32 = 8;

/**
 * Scores the first `count` rows: whole blocks as sets, and the rest of them by walking where that is quicker.
 *
 * @returns -1, or the index of the first NaN among the values, and then no score is written.
 */
export function score(count: u32): i32 {
  const nan = findNaN(count);
  if (nan >= 0) return nan;
  // Room for the sums is a multiple of a block, and the last block adds to rows that nobody asked for.
  memory.fill(load<u32>(HEADER, SCORES), 0, <usize>((count + BLOCK_ROWS - 1) & -BLOCK_ROWS) << 3);
  const trees = load<u32>(HEADER, TREES);
  let inBlocks: u32 = 0;
  if (load<u32>(HEADER, SECTIONS) > 0) {
    inBlocks = count & -BLOCK_ROWS;
    if (count - inBlocks >= load<u32>(HEADER, BLOCK_LEAST)) inBlocks = count;
    if (inBlocks > 0) scoreBlocks(inBlocks);
  }
  const walked = count - inBlocks;
  if (walked >= WALK_BY_ROWS_LEAST) walkByRows(0, trees, inBlocks, walked);
  else if (walked > 0) walkByTrees(0, trees, inBlocks, walked);
  sumsToScores(count);
  return -1;
}
