/**
 * Growing the trees of an Isolation Forest on sub-samples that are already drawn.
 *
 * @module
 */
import type { Forest } from "../forest/forest.ts";
import { Random } from "./random.ts";

/** Number of the random stream that grows tree `t`; the odd ones draw the sub-samples. */
const growthStream = (t: number): number => 2 * t + 2;

/**
 * Trees under construction: grows one after another and joins them into flat arrays.
 *
 * A node splits on a feature drawn uniformly among those that are not constant in it, at a threshold drawn uniformly
 * from [minimum, maximum), so both children hold a row. It is a leaf with one row, at the height limit
 * ceil(log2(max(maxSamples, 2))), or where all features are constant. (Liu, Ting & Zhou 2008, algorithms 1 and 2, with the random
 * split of scikit-learn's ExtraTree; unlike there, features of a range below 1e-7 are not taken for constant.)
 */
export class TreeGrower {
  readonly #nFeatures: number;
  readonly #maxSamples: number;
  readonly #heightLimit: number;
  readonly #seed: number;
  /** Nodes written so far, and the first node of each tree. */
  #nodes = 0;
  readonly #treeStart: number[] = [0];
  #feature = new Int32Array(4096);
  #threshold = new Float64Array(4096);
  #left = new Int32Array(4096);
  #right = new Int32Array(4096);
  #nSamples = new Int32Array(4096);
  /** All features, those known to be constant in the node at hand first. */
  readonly #order: Int32Array;
  /** Open nodes, five numbers each: parent or -1, first row, row count, depth, number of constant features. */
  readonly #stack: number[] = [];

  /**
   * Starts a forest.
   *
   * @param nFeatures Number of columns, at least 1.
   * @param maxSamples Rows that each tree is given, at least 1: it sets the height limit and normalises the scores.
   * @param randomSeed As in TrainOptions.
   */
  constructor(nFeatures: number, maxSamples: number, randomSeed: number) {
    this.#nFeatures = nFeatures;
    this.#maxSamples = maxSamples;
    // 32 - clz32(n - 1) is ceil(log2(n)) in integers.
    this.#heightLimit = 32 - Math.clz32(Math.max(maxSamples, 2) - 1);
    this.#seed = randomSeed;
    this.#order = Int32Array.from({ length: nFeatures }, (_, i) => i);
  }

  /**
   * Grows the next tree on the rows at `indices`, which it reorders.
   *
   * @param rows Row-major values, finite.
   * @param indices Positions of the tree's rows in `rows`, at least one.
   */
  grow(rows: Float32Array, indices: Int32Array): void {
    const nFeatures = this.#nFeatures;
    const order = this.#order;
    const random = new Random(this.#seed, growthStream(this.#treeStart.length - 1));
    const stack = this.#stack;
    this.#reserve(2 * indices.length - 1);
    const left = this.#left;
    const right = this.#right;
    for (let f = 0; f < nFeatures; f++) order[f] = f;
    stack.push(-1, 0, indices.length, 0, 0);
    while (stack.length > 0) {
      let nConstant = stack.pop()!;
      const depth = stack.pop()!;
      const count = stack.pop()!;
      const start = stack.pop()!;
      const parent = stack.pop()!;
      const end = start + count;
      const node = this.#nodes++;
      if (parent >= 0) {
        // A left child follows its parent at once; the right one comes when the left subtree is done.
        if (left[parent] < 0) left[parent] = node;
        else right[parent] = node;
      }
      left[node] = right[node] = -1;
      this.#feature[node] = -1;
      this.#threshold[node] = 0;
      this.#nSamples[node] = count;
      if (count < 2 || depth >= this.#heightLimit) continue;
      while (nConstant < nFeatures) {
        const drawn = nConstant + random.below(nFeatures - nConstant);
        const feature = order[drawn];
        let low = rows[indices[start] * nFeatures + feature];
        let high = low;
        for (let i = start + 1; i < end; i++) {
          const value = rows[indices[i] * nFeatures + feature];
          if (value < low) low = value;
          else if (value > high) high = value;
        }
        if (low === high) {
          order[drawn] = order[nConstant];
          order[nConstant++] = feature;
          continue;
        }
        let threshold = low + random.float() * (high - low);
        if (threshold >= high) threshold = low;
        const middle = partition(rows, nFeatures, feature, threshold, indices, start, end);
        this.#feature[node] = feature;
        this.#threshold[node] = threshold;
        // The first nConstant entries of `order` are untouched until the right child is popped: the nodes below
        // the left one only reorder what lies behind them.
        stack.push(node, middle, end - middle, depth + 1, nConstant);
        stack.push(node, start, middle - start, depth + 1, nConstant);
        break;
      }
    }
    this.#treeStart.push(this.#nodes);
  }

  /** The forest of the trees grown so far, in arrays of its own. */
  finish(): Forest {
    const nodes = this.#nodes;
    return {
      nFeatures: this.#nFeatures,
      maxSamples: this.#maxSamples,
      treeStart: Int32Array.from(this.#treeStart),
      feature: this.#feature.slice(0, nodes),
      threshold: this.#threshold.slice(0, nodes),
      left: this.#left.slice(0, nodes),
      right: this.#right.slice(0, nodes),
      nSamples: this.#nSamples.slice(0, nodes),
    };
  }

  #reserve(more: number): void {
    const needed = this.#nodes + more;
    if (needed <= this.#feature.length) return;
    const length = Math.max(needed, 2 * this.#feature.length);
    const grown = <T extends Int32Array | Float64Array>(old: T, fresh: T): T => (fresh.set(old), fresh);
    this.#feature = grown(this.#feature, new Int32Array(length));
    this.#threshold = grown(this.#threshold, new Float64Array(length));
    this.#left = grown(this.#left, new Int32Array(length));
    this.#right = grown(this.#right, new Int32Array(length));
    this.#nSamples = grown(this.#nSamples, new Int32Array(length));
  }
}

/** Moves the rows with `value <= threshold` to the front of [start, end) and returns where the others begin. */
function partition(
  rows: Float32Array,
  nFeatures: number,
  feature: number,
  threshold: number,
  indices: Int32Array,
  start: number,
  end: number,
): number {
  let middle = start;
  for (let i = start; i < end; i++) {
    const index = indices[i];
    if (rows[index * nFeatures + feature] <= threshold) {
      indices[i] = indices[middle];
      indices[middle++] = index;
    }
  }
  return middle;
}
