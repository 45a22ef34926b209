/**
 * The flat arrays of an Isolation Forest: what the trainer writes and every scorer reads.
 *
 * Nodes of all trees lie one after another; tree `t` holds the nodes `treeStart[t]` (its root) up to, not including,
 * `treeStart[t + 1]`. A row goes to the left child where `row[feature] <= threshold`, as in scikit-learn. Children
 * are absolute node indices, always greater than their parent's and inside the same tree.
 *
 * @module
 */

/** An Isolation Forest as flat arrays (Liu, Ting & Zhou 2008; the node layout is that of scikit-learn's `tree_`). */
export interface Forest {
  /** Number of columns of a row. */
  nFeatures: number;
  /** Sub-sample size ψ that a tree was grown on; it normalises the path length by c(ψ). */
  maxSamples: number;
  /** First node of each tree, and the number of nodes at the end: length trees + 1. */
  treeStart: Int32Array;
  /** Feature a node splits on, in [0, nFeatures), or -1 for a leaf: length nodes. */
  feature: Int32Array;
  /** Split value of an inner node, finite; 0 for a leaf: length nodes. */
  threshold: Float64Array;
  /** Absolute index of the left child (`<=`), or -1 for a leaf: length nodes. */
  left: Int32Array;
  /** Absolute index of the right child (`>`), or -1 for a leaf: length nodes. */
  right: Int32Array;
  /** Training rows that reached the node, at least 1: length nodes. */
  nSamples: Int32Array;
}

const EULER_GAMMA = 0.5772156649015329;

/**
 * Average path length of an unsuccessful search in a binary search tree of `n` keys: c(n) of Liu, Ting & Zhou 2008,
 * equation 1, with the exact values c(1) = 0 and c(2) = 1 that scikit-learn uses.
 *
 * @param n Number of samples, at least 0.
 * @returns Path length in edges, at least 0.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { averagePathLength } from "./forest.ts";
 *
 * assertEquals(averagePathLength(2), 1);
 * ```
 */
export function averagePathLength(n: number): number {
  if (n <= 1) return 0;
  if (n === 2) return 1;
  return 2 * (Math.log(n - 1) + EULER_GAMMA) - 2 * (n - 1) / n;
}
