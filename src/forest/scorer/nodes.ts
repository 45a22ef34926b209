import { averagePathLength, type Forest } from "../forest.ts";
import { roundDown } from "./rank.ts";
import type { TreeProgram } from "./program.ts";

/** The nodes of a forest as the module walks them; `assembly/layout.ts` says what a node holds. */
export interface PackedNodes {
  /** Link and key of every node, 4 bytes each; behind those of all trees a leaf of the path length 0. */
  words: Uint32Array<ArrayBuffer>;
  /** First node of every tree. */
  roots: number[];
  /** Depth of the deepest leaf of every tree, in edges. */
  depths: number[];
  /** Distinct path lengths in edges, which leaves point at. */
  lengths: Float64Array<ArrayBuffer>;
  /** Low bits of a link that hold eight times the feature, or a leaf's path length; the others hold the distance. */
  fieldBits: number;
}

/** Bits of that field that the module's compiler knows: see USUAL_BITS in `assembly/walk.ts`. */
const USUAL_BITS = 16;
const GREATEST_KEY = 0x7fffffff;
const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

/** Integer that is in the order of float32 values, with one key for both zeros, as `assembly/walk.ts` makes it of a row's. */
function keyOf(value: number): number {
  float[0] = value + 0;
  return bits[0] ^ ((bits[0] >> 31) >>> 1);
}

/**
 * Packs a forest into 8-byte nodes, siblings side by side, with float32 thresholds as keys.
 *
 * The children of a node that most training rows reach come right behind it, so that a usual path is in few cache lines.
 *
 * @param forest A forest that `checkForest` accepts.
 * @param programs One program a tree, as `compileTree` makes them.
 * @returns Nodes of all trees, in the order of the trees.
 * @throws RangeError if the features or path lengths and the breadth of a tree do not fit into a link of 32 bits together.
 */
export function packNodes(forest: Forest, programs: readonly TreeProgram[]): PackedNodes {
  const indexOf = new Map([[0, 0]]);
  for (const { lengths } of programs) {
    for (const length of lengths) if (!indexOf.has(length)) indexOf.set(length, indexOf.size);
  }
  const mostNodes = programs.reduce((most, { lengths }) => Math.max(most, 2 * lengths.length - 1), 0);
  const leastBits = 32 - Math.clz32(Math.max(8 * forest.nFeatures - 1, indexOf.size - 1));
  const fieldBits = leastBits <= USUAL_BITS && mostNodes <= 2 ** (32 - USUAL_BITS) ? USUAL_BITS : leastBits;
  const longest = 2 ** (32 - fieldBits) - 1;
  const all = programs.reduce((sum, { lengths }) => sum + 2 * lengths.length - 1, 0);
  const words = new Uint32Array(2 * (all + 1));
  const packed: PackedNodes = {
    words,
    roots: [],
    depths: [],
    lengths: Float64Array.from(indexOf.keys()),
    fieldBits,
  };
  words[2 * all + 1] = GREATEST_KEY;
  let free = 0;
  programs.forEach(({ nodes, left, right, lengths }, tree) => {
    packed.roots.push(free);
    let deepest = 0;
    // Children that have a place: as in the program, with place and depth.
    const open: [child: number, place: number, depth: number][] = [[nodes.length > 0 ? 0 : -1, free++, 0]];
    for (let next = open.pop(); next; next = open.pop()) {
      const [child, place, depth] = next;
      deepest = Math.max(deepest, depth);
      if (child < 0) {
        words[2 * place] = indexOf.get(lengths[-1 - child])!;
        words[2 * place + 1] = GREATEST_KEY;
        continue;
      }
      const distance = free - place;
      if (distance > longest) {
        throw new RangeError(
          `Cannot score the forest as tree ${tree} must have children within ${longest} nodes of ` +
            `their parent with ${forest.nFeatures} features: current value is ${distance}`,
        );
      }
      const node = nodes[child];
      words[2 * place] = distance * 2 ** fieldBits + 8 * forest.feature[node];
      words[2 * place + 1] = keyOf(roundDown(forest.threshold[node]));
      const children: typeof open = [[left[child], free, depth + 1], [right[child], free + 1, depth + 1]];
      free += 2;
      const { nSamples } = forest;
      const isLeftLarger = nSamples[forest.left[node]] >= nSamples[forest.right[node]];
      open.push(...(isLeftLarger ? children.reverse() : children));
    }
    packed.depths.push(deepest);
  });
  return packed;
}

/**
 * Path length in edges that a row gets in each leaf: the leaf's depth plus c(nSamples).
 *
 * @param forest A forest that `checkForest` accepts.
 * @returns Lengths by node of the forest; 0 for inner nodes.
 */
export function leafPathLengths(forest: Forest): Float64Array {
  const { feature, left, right, nSamples } = forest;
  const depth = new Int32Array(feature.length);
  const lengths = new Float64Array(feature.length);
  for (let node = 0; node < feature.length; node++) {
    if (feature[node] < 0) lengths[node] = depth[node] + averagePathLength(nSamples[node]);
    else depth[left[node]] = depth[right[node]] = depth[node] + 1;
  }
  return lengths;
}
