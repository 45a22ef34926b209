import * as layout from "../../assembly/layout.ts";
import { averagePathLength, type Forest } from "./forest.ts";
import { packNodes } from "./scorer_nodes.ts";

/** Views of a module's linear memory; they stay valid, since the memory is grown only before they are made. */
export interface ScorerMemory {
  /** Where rows are scored from: length maxRows × nFeatures, row-major. */
  rows: Float32Array;
  /** Where their scores appear: length maxRows. */
  scores: Float64Array;
}

const PAGE_BYTES = 65536;
const ALIGNMENT = 64;

/**
 * Lays a forest out in a module's linear memory, as `assembly/layout.ts` says, and grows the memory to fit.
 *
 * @param memory Memory of a fresh instance.
 * @param forest A forest that `checkForest` accepts.
 * @param maxRows Number of rows that one call of the module can score.
 * @returns Views to write rows to and to read scores from.
 * @throws RangeError if the forest does not fit into the 4 GiB that a module can address.
 */
export function fillMemory(memory: WebAssembly.Memory, forest: Forest, maxRows: number): ScorerMemory {
  const trees = forest.treeStart.length - 1;
  const nodes = packNodes(forest);
  let end = layout.HEADER + layout.HEADER_BYTES;
  const place = (bytes: number): number => {
    const start = Math.ceil(end / ALIGNMENT) * ALIGNMENT;
    end = start + bytes;
    return start;
  };
  const rowsAt = place(4 * maxRows * forest.nFeatures);
  const scoresAt = place(8 * maxRows);
  const rootsAt = place(4 * trees);
  const nodesAt = place(nodes.links.byteLength);
  const lengthsAt = place(nodes.lengths.byteLength);
  grow(memory, end);

  const { buffer } = memory;
  new Uint32Array(buffer, rootsAt, trees).set(
    forest.treeStart.subarray(0, trees).map((node) => nodesAt + node * layout.NODE_BYTES),
  );
  new Uint32Array(buffer, nodesAt, nodes.links.length).set(nodes.links);
  new Float64Array(buffer, lengthsAt, nodes.lengths.length).set(nodes.lengths);

  const header = new DataView(buffer, layout.HEADER, layout.HEADER_BYTES);
  header.setUint32(layout.N_FEATURES, forest.nFeatures, true);
  header.setUint32(layout.TREES, trees, true);
  header.setUint32(layout.ROWS, rowsAt, true);
  header.setUint32(layout.SCORES, scoresAt, true);
  header.setUint32(layout.ROOTS, rootsAt, true);
  header.setUint32(layout.NODES, nodesAt, true);
  header.setUint32(layout.LENGTHS, lengthsAt, true);
  header.setUint32(layout.FEATURE_BITS, nodes.featureBits, true);
  header.setFloat64(layout.NORMALISER, trees * averagePathLength(forest.maxSamples), true);
  return {
    rows: new Float32Array(buffer, rowsAt, maxRows * forest.nFeatures),
    scores: new Float64Array(buffer, scoresAt, maxRows),
  };
}

function grow(memory: WebAssembly.Memory, bytes: number): void {
  const pages = Math.ceil((bytes - memory.buffer.byteLength) / PAGE_BYTES);
  if (pages <= 0) return;
  try {
    memory.grow(pages);
  } catch (cause) {
    throw new RangeError(
      `Cannot score the forest as it must fit into the 4 GiB of a WebAssembly module: current value is ${bytes} bytes`,
      { cause },
    );
  }
}
