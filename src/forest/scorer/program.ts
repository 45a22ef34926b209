import type { Forest } from "../forest.ts";

/**
 * One tree as a list of nodes that split sets of rows, parents before children. A child of at least 0 is a place in this
 * list; a negative one, −1 − number, is a leaf by its number.
 */
export interface TreeProgram {
  nodes: number[];
  /** Child for rows that go left. */
  left: number[];
  /** Child for rows that go right. */
  right: number[];
  /** Path length by number of the leaf, in edges, at least one. */
  lengths: number[];
}

/**
 * Turns a tree into a list of nodes, level by level.
 *
 * A node whose subtrees end in the same path length for every row is a leaf here.
 *
 * @param forest A forest that `checkForest` accepts.
 * @param tree Index of the tree.
 * @param leafLengths Path length of every leaf, by node.
 */
export function compileTree(forest: Forest, tree: number, leafLengths: Float64Array): TreeProgram {
  const { feature, left, right } = forest;
  const start = forest.treeStart[tree];
  const size = forest.treeStart[tree + 1] - start;
  const same = new Float64Array(size).fill(NaN); // path length of all leaves below a node; NaN if they differ
  for (let i = size - 1; i >= 0; i--) {
    const node = start + i;
    if (feature[node] < 0) same[i] = leafLengths[node];
    else if (same[left[node] - start] === same[right[node] - start]) same[i] = same[left[node] - start];
  }
  const program: TreeProgram = { nodes: [], left: [], right: [], lengths: [] };
  if (!Number.isNaN(same[0])) return { ...program, lengths: [same[0]] };
  program.nodes.push(start);
  const place = (child: number): number => {
    const length = same[child - start];
    return Number.isNaN(length) ? program.nodes.push(child) - 1 : -program.lengths.push(length);
  };
  for (let i = 0; i < program.nodes.length; i++) {
    const node = program.nodes[i];
    program.left.push(place(left[node]));
    program.right.push(place(right[node]));
  }
  return program;
}
