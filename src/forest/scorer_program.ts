import type { Forest } from "./forest.ts";

/**
 * One tree as a list of selections without branches: each writes to its slot the value of its left or of its right
 * operand. An operand of at least 0 is a slot; a negative one, −1 − leaf, is the path length of that leaf.
 */
export interface TreeProgram {
  /** Inner nodes of the forest, children before parents: one selection each. */
  nodes: number[];
  /** Operand for rows that go left. */
  left: number[];
  /** Operand for rows that go right. */
  right: number[];
  /** Slot that takes the result. */
  slot: number[];
  /** Operand that holds the tree's path length in the end. */
  result: number;
  /** Number of slots in use at most. */
  slots: number;
}

/**
 * Turns a tree into selections, in an order that needs few slots: of two subtrees the one that needs more goes first
 * (Sethi & Ullman 1970), so slots grow with the logarithm of the nodes.
 *
 * A node whose subtrees end in the same path length for every row needs no selection.
 *
 * @param forest A forest that `checkForest` accepts.
 * @param tree Index of the tree.
 * @param leafLengths Path length of every leaf, by node.
 */
export function compileTree(forest: Forest, tree: number, leafLengths: Float64Array): TreeProgram {
  const { feature, left, right } = forest;
  const start = forest.treeStart[tree];
  const size = forest.treeStart[tree + 1] - start;
  const need = new Uint8Array(size); // slots a subtree needs; 0 if its path length is the same for every row
  const leaf = new Int32Array(size).fill(-1); // such a path length's leaf
  for (let i = size - 1; i >= 0; i--) {
    const node = start + i;
    if (feature[node] < 0) {
      leaf[i] = node;
      continue;
    }
    const [l, r] = [left[node] - start, right[node] - start];
    if (leaf[l] >= 0 && leaf[r] >= 0 && leafLengths[leaf[l]] === leafLengths[leaf[r]]) leaf[i] = leaf[l];
    else {need[i] = need[l] === need[r]
        ? Math.max(1, need[l] + (need[l] > 0 ? 1 : 0))
        : Math.max(need[l], need[r]);}
  }
  const program: TreeProgram = { nodes: [], left: [], right: [], slot: [], result: 0, slots: need[0] };
  const operand = new Int32Array(size);
  const free = Array.from({ length: need[0] }, (_, i) => need[0] - 1 - i);
  const open = [0]; // nodes to evaluate; those with their children evaluated are ~node
  while (open.length > 0) {
    const i = open.pop()!;
    if (i >= 0) {
      if (leaf[i] >= 0) {
        operand[i] = -1 - leaf[i];
        continue;
      }
      const [l, r] = [left[start + i] - start, right[start + i] - start];
      open.push(~i, ...(need[l] >= need[r] ? [r, l] : [l, r]));
      continue;
    }
    const [l, r] = [operand[left[start + ~i] - start], operand[right[start + ~i] - start]];
    for (const slot of [l, r]) if (slot >= 0) free.push(slot);
    operand[~i] = free.pop()!;
    program.nodes.push(start + ~i);
    program.left.push(l);
    program.right.push(r);
    program.slot.push(operand[~i]);
  }
  program.result = operand[0];
  return program;
}
