import type { Forest } from "./forest.ts";

/**
 * Checks that flat arrays form a valid Isolation Forest, in time linear in the nodes and without recursion.
 *
 * Holds afterwards: every tree has at least one node; children lie after their parent inside the same tree and every
 * node but the root has exactly one parent, so no walk can leave the arrays or run in a circle; features are in
 * [0, nFeatures); thresholds are finite; every node has at least one sample and as many as its children together.
 *
 * @param forest Arrays as in {@link Forest}, of any origin.
 * @throws RangeError that names the tree, the node (absolute index) and the value that is wrong.
 *
 * @example
 * ```ts
 * import { assertThrows } from "../testing/assert.ts";
 * import { checkForest } from "./check.ts";
 *
 * const forest = {
 *   nFeatures: 1,
 *   maxSamples: 2,
 *   treeStart: Int32Array.of(0, 3),
 *   feature: Int32Array.of(0, -1, -1),
 *   threshold: Float64Array.of(0.5, 0, 0),
 *   left: Int32Array.of(1, -1, -1),
 *   right: Int32Array.of(2, -1, -1),
 *   nSamples: Int32Array.of(2, 1, 1),
 * };
 * checkForest(forest);
 * forest.left[0] = 0; // a circle
 * assertThrows(() => checkForest(forest), RangeError, "tree 0");
 * ```
 */
export function checkForest(forest: Forest): void {
  checkSizes(forest);
  const parents = new Uint8Array(forest.feature.length);
  for (let tree = 0; tree + 1 < forest.treeStart.length; tree++) checkTree(forest, tree, parents);
}

const NODE_ARRAYS = {
  feature: Int32Array,
  threshold: Float64Array,
  left: Int32Array,
  right: Int32Array,
  nSamples: Int32Array,
};

function checkSizes(forest: Forest): void {
  for (const name of ["nFeatures", "maxSamples"] as const) {
    const value = forest[name];
    require(Number.isSafeInteger(value) && value >= 1, `${name} must be an integer of at least 1`, value);
  }
  for (const [name, kind] of Object.entries({ treeStart: Int32Array, ...NODE_ARRAYS })) {
    const array: unknown = forest[name as keyof Forest];
    const actual = (array as object | undefined)?.constructor?.name ?? String(array);
    require(array instanceof kind, `${name} must be an ${kind.name}`, actual);
  }
  const { treeStart } = forest;
  const nodes = forest.feature.length;
  for (const name of Object.keys(NODE_ARRAYS) as (keyof typeof NODE_ARRAYS)[]) {
    require(
      forest[name].length === nodes,
      `${name} must have ${nodes} nodes, as feature has`,
      forest[name].length,
    );
  }
  require(
    treeStart.length >= 2,
    "treeStart must hold the start of at least one tree and the end",
    treeStart.length,
  );
  require(treeStart[0] === 0, "tree 0 must start at node 0", treeStart[0]);
  for (let tree = 1; tree < treeStart.length; tree++) {
    const [start, end] = [treeStart[tree - 1], treeStart[tree]];
    if (end <= start) {
      fail(`tree ${tree - 1} must have at least one node, that is end after node ${start}`, end);
    }
  }
  const end = treeStart[treeStart.length - 1];
  require(end === nodes, `the last tree must end at node ${nodes}, the length of feature`, end);
}

function checkTree(forest: Forest, tree: number, parents: Uint8Array): void {
  const { feature, threshold, left, right, nSamples, nFeatures } = forest;
  const start = forest.treeStart[tree];
  const end = forest.treeStart[tree + 1];
  for (let node = start; node < end; node++) {
    const place = (rule: string) => `tree ${tree}, node ${node} must ${rule}`;
    // Children follow their parent, so all references to this node were counted already.
    if (node > start && parents[node] === 0) fail(place("have a parent"), "none");
    if (!Number.isFinite(threshold[node])) fail(place("have a finite threshold"), threshold[node]);
    if (nSamples[node] < 1) fail(place("have nSamples of at least 1"), nSamples[node]);
    if (feature[node] === -1) {
      if (left[node] !== -1) fail(place("have left child -1, as a leaf has"), left[node]);
      if (right[node] !== -1) fail(place("have right child -1, as a leaf has"), right[node]);
      continue;
    }
    if (feature[node] < 0 || feature[node] >= nFeatures) {
      fail(place(`split on a feature between 0 and ${nFeatures - 1}, or be a leaf with -1`), feature[node]);
    }
    for (const [side, child] of [["left", left[node]], ["right", right[node]]] as const) {
      if (child <= node || child >= end) {
        fail(place(`have a ${side} child between ${node + 1} and ${end - 1}`), child);
      }
      if (parents[child]++ > 0) fail(place(`have a ${side} child without another parent`), child);
    }
  }
  for (let node = start; node < end; node++) {
    if (feature[node] < 0) continue;
    const children = nSamples[left[node]] + nSamples[right[node]];
    if (children !== nSamples[node]) {
      fail(
        `tree ${tree}, node ${node} must have nSamples equal to its children's sum of ${children}`,
        nSamples[node],
      );
    }
  }
}

function require(holds: boolean, rule: string, value: unknown): void {
  if (!holds) fail(rule, value);
}

function fail(rule: string, value: unknown): never {
  throw new RangeError(`Cannot use the forest as ${rule}: current value is ${value}`);
}
