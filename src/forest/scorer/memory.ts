import * as layout from "../../../assembly/layout.ts";
import { averagePathLength, type Forest } from "../forest.ts";
import { placeBlocks } from "./blocks.ts";
import { MemoryImage } from "./image.ts";
import { leafPathLengths, type PackedNodes, packNodes } from "./nodes.ts";
import { planBlocks } from "./plan.ts";
import { compileTree } from "./program.ts";

/** Views of a module's linear memory; they stay valid, since the memory is grown only before they are made. */
export interface ScorerMemory {
  /** Where rows are scored from: length maxRows × nFeatures, row-major. */
  rows: Float32Array;
  /** Where their scores appear: length maxRows. */
  scores: Float64Array;
}

/**
 * Lays a forest out in a module's linear memory, as `assembly/layout.ts` says, and grows the memory to fit.
 *
 * @param memory Memory of a fresh instance.
 * @param forest A forest that `checkForest` accepts.
 * @param maxRows Number of rows that one call of the module can score, a multiple of the rows of a block.
 * @returns Views to write rows to and to read scores from.
 * @throws RangeError if the forest does not fit into the 4 GiB that a module can address.
 */
export function fillMemory(memory: WebAssembly.Memory, forest: Forest, maxRows: number): ScorerMemory {
  const trees = forest.treeStart.length - 1;
  const leafLengths = leafPathLengths(forest);
  const programs = Array.from({ length: trees }, (_, tree) => compileTree(forest, tree, leafLengths));
  const nodes = packNodes(forest, programs);
  const plan = planBlocks(forest, programs, layout.BLOCK_ROWS);

  const image = new MemoryImage(layout.HEADER);
  const header = new DataView(new ArrayBuffer(layout.HEADER_BYTES));
  image.place(header);
  image.reserve(layout.ROW_KEYS_BYTES);
  const field = (offset: number, value: number) => header.setUint32(offset, value, true);
  const rowsBytes = 4 * maxRows * forest.nFeatures + layout.ROWS_PADDING;
  const rowsAt = image.reserve(rowsBytes);
  const scoresAt = image.reserve(8 * maxRows);
  const nodesAt = image.place(nodes.words);
  const placeRoots = (first: number, last: number) =>
    image.place(rootsOf(nodes, first, last, (node) => nodesAt + node * layout.NODE_BYTES));
  field(layout.N_FEATURES, forest.nFeatures);
  field(layout.TREES, trees);
  field(layout.ROWS, rowsAt);
  field(layout.SCORES, scoresAt);
  field(layout.ROOTS, placeRoots(0, trees));
  field(layout.KEYS, image.reserve(2 * rowsBytes));
  field(layout.LENGTHS, image.place(nodes.lengths));
  field(layout.FIELD_BITS, nodes.fieldBits);
  header.setFloat64(layout.NORMALISER, trees * averagePathLength(forest.maxSamples), true);
  const blocks = placeBlocks(image, forest, plan, { maxRows, placeRoots });
  field(layout.SECTIONS, plan.sections.length);
  field(layout.SECTION_LIST, blocks.sectionsAt);
  field(layout.BLOCK_LEAST, plan.leastRows);
  field(layout.NODE_SETS, blocks.nodeSetsAt);
  field(layout.LEAF_SETS, blocks.leafSetsAt);
  // A step from a leaf takes the path length's index for a feature: what it reads so far behind the keys does not count.
  image.reserve(nodes.lengths.length + 8);
  image.writeTo(memory);
  return {
    rows: new Float32Array(memory.buffer, rowsAt, maxRows * forest.nFeatures),
    scores: new Float64Array(memory.buffer, scoresAt, maxRows),
  };
}

/** Roots of the trees first to last − 1 with the depths of eights of them, filled up with leaves of the path length 0. */
function rootsOf(
  { roots, depths, words }: PackedNodes,
  first: number,
  last: number,
  addressOf: (node: number) => number,
): Uint32Array {
  const leaf = words.length / 2 - 1;
  return Uint32Array.from({ length: 16 * Math.ceil((last - first) / 8) }, (_, i) => {
    const tree = first + (i >> 1);
    if (i % 2 === 0) return addressOf(tree < last ? roots[tree] : leaf);
    return Math.max(0, ...depths.slice(tree, Math.min(tree + 8, last)));
  });
}
