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
 * @returns Nodes of all trees, in the order of the trees.
 * @throws RangeError if the features and the breadth of a tree do not fit into a link of 32 bits together.
 */
export function packNodes(forest: Forest): PackedNodes {
  const { feature, left, right, nSamples, treeStart } = forest;
  const nodes = feature.length;
  const thresholds = new Float32Array(2 * nodes);
  const links = new Uint32Array(thresholds.buffer);
  const lengths = new Float64Array(nodes);
  const featureBits = 32 - Math.clz32(forest.nFeatures - 1);
  const longest = 2 ** (32 - featureBits) - 1;
  const from = new Int32Array(nodes); // node of the forest that lies at a place
  const depth = new Int32Array(nodes); // by place
  for (let tree = 0; tree + 1 < treeStart.length; tree++) {
    let free = treeStart[tree];
    from[free++] = treeStart[tree];
    for (let place = treeStart[tree]; place < treeStart[tree + 1]; place++) {
      const node = from[place];
      if (feature[node] < 0) {
        thresholds[2 * place] = Infinity;
        lengths[place] = depth[place] + averagePathLength(nSamples[node]);
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
      depth[free] = depth[free + 1] = depth[place] + 1;
      from[free++] = left[node];
      from[free++] = right[node];
    }
  }
  return { thresholds, links, lengths, featureBits };
}
