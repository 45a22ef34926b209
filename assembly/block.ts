// Scores blocks of rows: every node of a tree splits a set of rows, one bit a row, into those that go left and right.
import { addLengths, addWaiting } from "./leaves";
import {
  BLOCK_ROWS, HEADER, LEAF_SETS, NODE_SETS, PROGRAM_BYTES, PROGRAM_LEAVES, PROGRAM_LENGTHS, PROGRAM_NODE_BYTES,
  PROGRAM_NODE_CHOICES, PROGRAM_NODE_LEFT, PROGRAM_NODE_PLACE, PROGRAM_NODE_RIGHT, PROGRAM_NODES, SCORES, SECTION_BYTES,
  SECTION_FEATURE_LIST, SECTION_FEATURES, SECTION_LIST, SECTION_SEGMENT_LIST, SECTION_SEGMENTS, SECTIONS, SEGMENT_BYTES,
  SEGMENT_PROGRAMS, SEGMENT_ROOTS, SEGMENT_TREES, SET_BYTES,
} from "./layout";
import { placeRows } from "./places";
import { rankSection } from "./ranks";
import { walkRows } from "./walk";

/** Sends all rows of the block from the root to the leaves. */
function splitSets(node: usize, nodes: u32): void {
  let set: usize = load<u32>(HEADER, NODE_SETS);
  v128.store(set, i8x16.splat(-1));
  for (const end = node + <usize>nodes * PROGRAM_NODE_BYTES; node < end; node += PROGRAM_NODE_BYTES) {
    const place: usize = load<u8>(load<u32>(node, PROGRAM_NODE_PLACE));
    const below = v128.load(<usize>load<u32>(node, PROGRAM_NODE_CHOICES) + (place << 4));
    const rows = v128.load(set);
    v128.store(load<u32>(node, PROGRAM_NODE_LEFT), v128.and(rows, below));
    v128.store(load<u32>(node, PROGRAM_NODE_RIGHT), v128.andnot(rows, below));
    set += SET_BYTES;
  }
}

function scoreSegment(segment: usize, row: u32, rows: u32): void {
  const trees = load<u32>(segment, SEGMENT_TREES);
  let program: usize = load<u32>(segment, SEGMENT_PROGRAMS);
  if (program == 0) {
    walkRows(load<u32>(segment, SEGMENT_ROOTS), trees, row, rows);
    return;
  }
  const leafSets: usize = load<u32>(HEADER, LEAF_SETS);
  const sums = <usize>load<u32>(HEADER, SCORES) + (<usize>row << 3);
  for (let tree: u32 = 0; tree < trees; tree++) {
    const nodes = load<u32>(program, PROGRAM_NODES);
    splitSets(program + PROGRAM_BYTES, nodes);
    addLengths(leafSets, load<u32>(program, PROGRAM_LEAVES), load<u32>(program, PROGRAM_LENGTHS), sums);
    program += <usize>PROGRAM_BYTES + <usize>nodes * PROGRAM_NODE_BYTES;
  }
  addWaiting(sums);
}

/** Adds to the sums of the first `count` rows, and of the rows that fill up their block, their path lengths in tree order. */
export function scoreBlocks(count: u32): void {
  let section: usize = load<u32>(HEADER, SECTION_LIST);
  const end = section + load<u32>(HEADER, SECTIONS) * SECTION_BYTES;
  for (; section < end; section += SECTION_BYTES) {
    const nFeatures = load<u32>(section, SECTION_FEATURES);
    const features: usize = load<u32>(section, SECTION_FEATURE_LIST);
    const segments: usize = load<u32>(section, SECTION_SEGMENT_LIST);
    const endOfSegments = segments + load<u32>(section, SECTION_SEGMENTS) * SEGMENT_BYTES;
    rankSection(features, nFeatures, count);
    for (let row: u32 = 0; row < count; row += BLOCK_ROWS) {
      placeRows(features, nFeatures, row);
      const rows = min<u32>(count - row, BLOCK_ROWS);
      for (let segment = segments; segment < endOfSegments; segment += SEGMENT_BYTES) scoreSegment(segment, row, rows);
    }
  }
}
