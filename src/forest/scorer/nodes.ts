import * as layout from "../../../assembly/layout.ts";
import { averagePathLength, type Forest } from "../forest.ts";
import { roundDown } from "./rank.ts";
import type { TreeProgram } from "./program.ts";

/** The nodes of a forest as the module walks them; `assembly/layout.ts` says what a node holds. */
export interface PackedNodes {
  /** Link and key of every node; behind those of all trees a leaf of the path length 0. */
  words: Uint32Array<ArrayBuffer>;
  /** First node of every tree. */
  roots: number[];
  /** Depth of the deepest leaf of every tree, in edges. */
  depths: number[];
  /** Distinct path lengths in edges, which leaves point at. */
  lengths: Float64Array<ArrayBuffer>;
  /** Width of a link's low field, see `FIELD_BITS` in `assembly/layout.ts`. */
  fieldBits: number;
}

const LINK_BITS = 32;
const NODE_WORDS = layout.NODE_BYTES / Uint32Array.BYTES_PER_ELEMENT;
const LINK_WORD = layout.NODE_LINK / Uint32Array.BYTES_PER_ELEMENT;
const KEY_WORD = layout.NODE_KEY / Uint32Array.BYTES_PER_ELEMENT;
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
  const usual = layout.USUAL_FIELD_BITS;
  const leastBits = LINK_BITS -
    Math.clz32(Math.max(layout.KEY_BYTES * forest.nFeatures - 1, indexOf.size - 1));
  const fieldBits = leastBits <= usual && mostNodes <= 2 ** (LINK_BITS - usual) ? usual : leastBits;
  const longest = 2 ** (LINK_BITS - fieldBits) - 1;
  const all = programs.reduce((sum, { lengths }) => sum + 2 * lengths.length - 1, 0);
  const words = new Uint32Array(NODE_WORDS * (all + 1));
  const store = (place: number, link: number, key: number) => {
    words[NODE_WORDS * place + LINK_WORD] = link;
    words[NODE_WORDS * place + KEY_WORD] = key;
  };
  const packed: PackedNodes = {
    words,
    roots: [],
    depths: [],
    lengths: Float64Array.from(indexOf.keys()),
    fieldBits,
  };
  store(all, 0, layout.LEAF_KEY);
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
        store(place, indexOf.get(lengths[-1 - child])!, layout.LEAF_KEY);
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
      const link = distance * 2 ** fieldBits + layout.KEY_BYTES * forest.feature[node];
      store(place, link, keyOf(roundDown(forest.threshold[node])));
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
