import * as layout from "../../assembly/layout.ts";
import { averagePathLength, type Forest } from "./forest.ts";
import { placeBlocks } from "./scorer_blocks.ts";
import { MemoryImage } from "./scorer_image.ts";
import { leafPathLengths, packNodes } from "./scorer_nodes.ts";
import { planBlocks } from "./scorer_plan.ts";

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
  const nodes = packNodes(forest, leafLengths);
  const plan = planBlocks(forest, leafLengths, layout.BLOCK_ROWS);

  const image = new MemoryImage(layout.HEADER);
  const header = new DataView(new ArrayBuffer(layout.HEADER_BYTES));
  image.place(header);
  const field = (offset: number, value: number) => header.setUint32(offset, value, true);
  const rowsAt = image.reserve(4 * maxRows * forest.nFeatures);
  const scoresAt = image.reserve(8 * maxRows);
  const nodesAt = image.place(nodes.links);
  const roots = Uint32Array.from(
    forest.treeStart.subarray(0, trees),
    (node) => nodesAt + node * layout.NODE_BYTES,
  );
  field(layout.N_FEATURES, forest.nFeatures);
  field(layout.TREES, trees);
  field(layout.ROWS, rowsAt);
  field(layout.SCORES, scoresAt);
  field(layout.ROOTS, image.place(roots));
  field(layout.NODES, nodesAt);
  field(layout.LENGTHS, image.place(nodes.lengths));
  field(layout.FEATURE_BITS, nodes.featureBits);
  header.setFloat64(layout.NORMALISER, trees * averagePathLength(forest.maxSamples), true);
  const blocks = placeBlocks(image, forest, plan, maxRows);
  field(layout.SECTIONS, plan.sections.length);
  field(layout.SECTION_LIST, blocks.sectionsAt);
  field(layout.BLOCK_LEAST, plan.leastRows);
  field(layout.NODE_SETS, blocks.nodeSetsAt);
  field(layout.LEAF_SETS, blocks.leafSetsAt);
  image.writeTo(memory);
  return {
    rows: new Float32Array(memory.buffer, rowsAt, maxRows * forest.nFeatures),
    scores: new Float64Array(memory.buffer, scoresAt, maxRows),
  };
}
