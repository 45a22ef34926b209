import { averagePathLength, type Forest } from "./forest.ts";
import { roundDown } from "./rank.ts";

/** The nodes of a forest as the module walks them; `assembly/layout.ts` says what a node holds. */
export interface PackedNodes {
  /** Threshold and link of every node, 8 bytes each, as float32. */
  thresholds: Float32Array<ArrayBuffer>;
  /** The same bytes, as the links' unsigned integers. */
  links: Uint32Array<ArrayBuffer>;
  /** Path length in edges that ends at a node (depth + c(nSamples)): length nodes; 0 for inner nodes. */
  lengths: Float64Array<ArrayBuffer>;
  /** Low bits of a link that hold the feature. */
  featureBits: number;
}

/**
 * Packs a forest into 8-byte nodes, level by level, siblings side by side, with float32 thresholds.
 *
 * The root of tree `t` is node `treeStart[t]`, as in the forest.
 *
 * @param forest A forest that `checkForest` accepts.
 * @param leafLengths Path length of every leaf, by node.
 * @returns Nodes of all trees, in the order of the trees.
 * @throws RangeError if the features and the breadth of a tree do not fit into a link of 32 bits together.
 */
export function packNodes(forest: Forest, leafLengths: Float64Array): PackedNodes {
  const { feature, left, right, treeStart } = forest;
  const nodes = feature.length;
  const thresholds = new Float32Array(2 * nodes);
  const links = new Uint32Array(thresholds.buffer);
  const lengths = new Float64Array(nodes);
  const featureBits = 32 - Math.clz32(forest.nFeatures - 1);
  const longest = 2 ** (32 - featureBits) - 1;
  const from = new Int32Array(nodes); // node of the forest that lies at a place
  for (let tree = 0; tree + 1 < treeStart.length; tree++) {
    let free = treeStart[tree];
    from[free++] = treeStart[tree];
    for (let place = treeStart[tree]; place < treeStart[tree + 1]; place++) {
      const node = from[place];
      if (feature[node] < 0) {
        thresholds[2 * place] = Infinity;
        lengths[place] = leafLengths[node];
        continue;
      }
      const distance = free - place;
      if (distance > longest) {
        throw new RangeError(
          `Cannot score the forest as tree ${tree} must have children within ${longest} nodes of their parent ` +
            `with ${forest.nFeatures} features: current value is ${distance}`,
        );
      }
      thresholds[2 * place] = roundDown(forest.threshold[node]);
      links[2 * place + 1] = distance * 2 ** featureBits + feature[node];
      from[free++] = left[node];
      from[free++] = right[node];
    }
  }
  return { thresholds, links, lengths, featureBits };
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
