import type { Forest } from "../../forest.ts";

/** Shapes of random trees: grown by random halving, one node at a time, a chain to one side or to both, a root alone. */
export type TreeShape = "halving" | "ragged" | "left chain" | "right chain" | "zigzag" | "root";

/** Where random thresholds come from; `close` ones differ in float64 and mostly not in float32. */
export type ThresholdKind = "uniform" | "few" | "close" | "tiny" | "huge" | "zero" | "skewed";

/** What a random forest should look like. */
export interface ForestCase {
  /** Number of columns of a row. */
  nFeatures: number;
  nEstimators: number;
  leaves: number;
  /** Shapes that each tree is drawn from. */
  shapes: TreeShape[];
  /** Kinds that each threshold is drawn from. */
  thresholds: ThresholdKind[];
  /** Sub-sample size that normalises the path length; 256 by default. */
  maxSamples?: number;
  /** Samples of a leaf are drawn from 1 to this. */
  samplesPerLeaf?: number;
}

/** Every tree shape. */
export const TREE_SHAPES: TreeShape[] = ["halving", "ragged", "left chain", "right chain", "zigzag", "root"];
/** Every kind of threshold. */
export const THRESHOLD_KINDS: ThresholdKind[] = ["uniform", "few", "close", "tiny", "huge", "zero", "skewed"];

/**
 * Uniform random numbers from a seed, for test cases (the generator of Marsaglia's xorshift family, 32 bits).
 *
 * @param seed Any integer.
 * @returns A function that gives the next number in [0, 1).
 */
export function randomNumbers(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/**
 * A valid random forest for tests: not grown on rows, so it reaches shapes and thresholds that training never gives.
 *
 * @param random Numbers in [0, 1), as of {@link randomNumbers}.
 * @param wanted Size, shapes and thresholds.
 * @returns A forest that `checkForest` accepts.
 */
export function randomForest(random: () => number, wanted: ForestCase): Forest {
  const nodes: { feature: number; threshold: number; left: number; right: number; nSamples: number }[] = [];
  const treeStart = [0];
  const pick = <T>(choices: T[]): T => choices[Math.floor(random() * choices.length)];
  for (let tree = 0; tree < wanted.nEstimators; tree++) {
    const shape = pick(wanted.shapes);
    const start = nodes.length;
    const addLeaf = () => nodes.push({ feature: -1, threshold: 0, left: -1, right: -1, nSamples: 0 }) - 1;
    const open: { node: number; leaves: number }[] = [{
      node: addLeaf(),
      leaves: shape === "root" ? 1 : wanted.leaves,
    }];
    for (let step = 0; open.length > 0; step++) {
      const { node, leaves } = open.pop()!;
      if (leaves < 2) continue;
      const toLeft = leavesToLeft(shape, leaves, step, random());
      nodes[node] = {
        feature: Math.floor(random() * wanted.nFeatures),
        threshold: randomThreshold(random, pick(wanted.thresholds)),
        left: addLeaf(),
        right: addLeaf(),
        nSamples: 0,
      };
      open.push({ node: nodes[node].left, leaves: toLeft }, {
        node: nodes[node].right,
        leaves: leaves - toLeft,
      });
    }
    for (let node = nodes.length - 1; node >= start; node--) {
      const { feature, left, right } = nodes[node];
      nodes[node].nSamples = feature < 0
        ? 1 + Math.floor(random() * (wanted.samplesPerLeaf ?? 3))
        : nodes[left].nSamples + nodes[right].nSamples;
    }
    treeStart.push(nodes.length);
  }
  return {
    nFeatures: wanted.nFeatures,
    maxSamples: wanted.maxSamples ?? 256,
    treeStart: Int32Array.from(treeStart),
    feature: Int32Array.from(nodes, (node) => node.feature),
    threshold: Float64Array.from(nodes, (node) => node.threshold),
    left: Int32Array.from(nodes, (node) => node.left),
    right: Int32Array.from(nodes, (node) => node.right),
    nSamples: Int32Array.from(nodes, (node) => node.nSamples),
  };
}

function leavesToLeft(shape: TreeShape, leaves: number, step: number, draw: number): number {
  if (shape === "left chain" || (shape === "zigzag" && step % 4 < 2)) return leaves - 1;
  if (shape === "right chain" || shape === "zigzag") return 1;
  if (shape === "halving") return Math.max(1, Math.floor(leaves / 2 - (draw < 0.3 ? 1 : 0)));
  return 1 + Math.floor(draw * (leaves - 1));
}

function randomThreshold(random: () => number, kind: ThresholdKind): number {
  const value = random() * 2 - 1;
  if (kind === "few") return Math.round(value * 3) / 2;
  if (kind === "close") return Math.fround(0.1 * Math.round(value * 4)) + value * 1e-12;
  if (kind === "tiny") return value * 10 ** (-36 - 20 * random());
  if (kind === "huge") return value * 10 ** (30 + 20 * random());
  if (kind === "zero") return random() < 0.5 ? 0 : -0;
  if (kind === "skewed") return Math.sign(value) * Math.exp(40 * random() - 20);
  return value;
}

/**
 * Random rows for a forest: uniform values, thresholds as float32 and their neighbours, signed zeros, infinities.
 *
 * @param random Numbers in [0, 1).
 * @param forest Forest whose thresholds the rows should meet.
 * @param count Number of rows.
 * @returns Values, row-major, length count × nFeatures, without NaN.
 */
export function randomRows(random: () => number, forest: Forest, count: number): Float32Array<ArrayBuffer> {
  const rows = new Float32Array(count * forest.nFeatures);
  const bits = new Int32Array(rows.buffer);
  for (let i = 0; i < rows.length; i++) {
    const draw = random();
    rows[i] = random() * 2.2 - 1.1;
    if (draw < 0.5) rows[i] = forest.threshold[Math.floor(random() * forest.threshold.length)];
    if (draw < 0.3 && Number.isFinite(rows[i])) bits[i] += random() < 0.5 ? 1 : -1;
    if (draw > 0.97) rows[i] = random() < 0.5 ? 0 : -0;
    if (draw > 0.98) rows[i] = random() < 0.5 ? Infinity : -Infinity;
    if (Number.isNaN(rows[i])) rows[i] = Infinity;
  }
  return rows;
}
