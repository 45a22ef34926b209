// Scores blocks of rows: every node of a tree is evaluated for all of them by compare and select, without branches.
import {
  BLOCK_ROWS, GROUP_RANKS, HALF_ROWS, HEADER, PROGRAM_BYTES, SCORES, SECTION_BYTES, SECTION_LIST, SECTIONS,
  SEGMENT_BYTES, SELECTION_BYTES, VALUES,
} from "./layout";
import { rankGroup, rankSection } from "./ranks";
import { walkByRows } from "./walk";

// @ts-ignore: decorator
@inline
function select16(to: usize, left: usize, right: usize, ranks: usize, threshold: v128, row: usize): void {
  const goesRight = i8x16.gt_s(v128.load(ranks + row), threshold);
  v128.store(to + row, v128.bitselect(v128.load(right + row), v128.load(left + row), goesRight));
}

// @ts-ignore: decorator
@inline
function select64(to: usize, left: usize, right: usize, ranks: usize, threshold: v128, row: usize): void {
  select16(to, left, right, ranks, threshold, row);
  select16(to, left, right, ranks, threshold, row + 16);
  select16(to, left, right, ranks, threshold, row + 32);
  select16(to, left, right, ranks, threshold, row + 48);
}

// @ts-ignore: decorator
@inline
function runSelections(program: usize, values: usize, ranks: usize, whole: bool): void {
  const end = program + PROGRAM_BYTES + <usize>load<u32>(program);
  for (let at = program + PROGRAM_BYTES; at < end; at += SELECTION_BYTES) {
    const left = values + <usize>load<u16>(at, 0);
    const right = values + <usize>load<u16>(at, 2);
    const to = values + <usize>load<u16>(at, 4);
    const threshold = v128.load8_splat(at, 6);
    const rank = ranks + <usize>load<u32>(at, 8);
    select64(to, left, right, rank, threshold, 0);
    if (whole) select64(to, left, right, rank, threshold, 64);
  }
}

/** Runs the selections of one tree; its result, a byte a row, is the index of the row's path length. */
function runProgram(program: usize, values: usize, ranks: usize, rows: u32): void {
  if (rows > <u32>HALF_ROWS) runSelections(program, values, ranks, true);
  else runSelections(program, values, ranks, false);
}

/** Adds each row's path length to its sum. */
function addLengths(result: usize, lengths: usize, sums: usize, rows: u32): void {
  for (const end = result + rows; result < end; result += 4) {
    const four = load<u32>(result);
    store<f64>(sums, load<f64>(sums, 0) + load<f64>(lengths + <usize>((four & 255) << 3)), 0);
    store<f64>(sums, load<f64>(sums, 8) + load<f64>(lengths + <usize>(((four >> 8) & 255) << 3)), 8);
    store<f64>(sums, load<f64>(sums, 16) + load<f64>(lengths + <usize>(((four >> 16) & 255) << 3)), 16);
    store<f64>(sums, load<f64>(sums, 24) + load<f64>(lengths + <usize>((four >> 24) << 3)), 24);
    sums += 32;
  }
}

function scoreSegment(segment: usize, count: u32): void {
  const first = load<u32>(segment, 0);
  const last = load<u32>(segment, 4);
  const programs: usize = load<u32>(segment, 16);
  if (programs == 0) {
    walkByRows(first, last, 0, count);
    return;
  }
  const lengths: usize = load<u32>(segment, 20);
  const values: usize = load<u32>(HEADER, VALUES);
  const ranks: usize = load<u32>(HEADER, GROUP_RANKS);
  let sums: usize = load<u32>(HEADER, SCORES);
  for (let row: u32 = 0; row < count; row += BLOCK_ROWS) {
    const rows: u32 = count - row > <u32>HALF_ROWS ? BLOCK_ROWS : HALF_ROWS;
    rankGroup(load<u32>(segment, 12), load<u32>(segment, 8), row, rows);
    let program = programs;
    for (let tree = first; tree < last; tree++) {
      runProgram(program, values, ranks, rows);
      addLengths(values + <usize>load<u32>(program, 4), lengths, sums, rows);
      program += <usize>PROGRAM_BYTES + <usize>load<u32>(program);
    }
    sums += BLOCK_ROWS << 3;
  }
}

/** Adds to the sums of the first `count` rows their path lengths in all trees, in tree order. */
export function scoreBlocks(count: u32): void {
  const ranked = (count + HALF_ROWS - 1) & -HALF_ROWS;
  let section: usize = load<u32>(HEADER, SECTION_LIST);
  const end = section + load<u32>(HEADER, SECTIONS) * SECTION_BYTES;
  for (; section < end; section += SECTION_BYTES) {
    rankSection(load<u32>(section, 4), load<u32>(section), ranked);
    let segment: usize = load<u32>(section, 12);
    const endOfSegments = segment + load<u32>(section, 8) * SEGMENT_BYTES;
    for (; segment < endOfSegments; segment += SEGMENT_BYTES) scoreSegment(segment, count);
  }
}
