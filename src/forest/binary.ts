/**
 * The bytes of `forest.bin`.
 *
 * All numbers are little-endian. A header of 32 bytes, then the arrays of a {@link Forest} one after another:
 *
 * | bytes | what |
 * | --- | --- |
 * | 0 to 7 | "EDGEWOOD" in ASCII |
 * | 8 | u32 format version, 1 |
 * | 12 | u32 nFeatures |
 * | 16 | u32 maxSamples |
 * | 20 | u32 trees |
 * | 24 | u32 nodes |
 * | 28 | u32 zero |
 * | 32 | f64 threshold, one a node |
 * | then | i32 feature, i32 left, i32 right, i32 nSamples, one a node each |
 * | then | i32 treeStart, trees + 1 |
 *
 * @module
 */
import type { Forest } from "./forest.ts";

const MAGIC = "EDGEWOOD";
const VERSION = 1;
const HEADER_BYTES = 32;
const BYTES_A_NODE = 24;

/** Bytes that `forest.bin` has for so many trees and nodes. */
function forestByteLength(trees: number, nodes: number): number {
  return HEADER_BYTES + nodes * BYTES_A_NODE + 4 * (trees + 1);
}

/**
 * Writes the flat arrays of a forest as the bytes of `forest.bin`.
 *
 * @param forest Arrays of matching lengths; nothing else about them is checked.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { decodeForest, encodeForest } from "./binary.ts";
 * import { trainForest } from "../training/train.ts";
 *
 * const forest = trainForest({ rows: Float32Array.of(1, 2, 3), nFeatures: 1 }, { nEstimators: 2 });
 * assertEquals(decodeForest(encodeForest(forest)), forest);
 * ```
 */
export function encodeForest(forest: Forest): Uint8Array<ArrayBuffer> {
  const trees = forest.treeStart.length - 1;
  const nodes = forest.feature.length;
  const bytes = new Uint8Array(forestByteLength(trees, nodes));
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(MAGIC));
  [VERSION, forest.nFeatures, forest.maxSamples, trees, nodes].forEach((value, i) => {
    view.setUint32(8 + 4 * i, value, true);
  });
  let at = HEADER_BYTES;
  for (const value of forest.threshold) {
    view.setFloat64(at, value, true);
    at += 8;
  }
  for (const array of [forest.feature, forest.left, forest.right, forest.nSamples, forest.treeStart]) {
    for (const value of array) {
      view.setInt32(at, value, true);
      at += 4;
    }
  }
  return bytes;
}

/**
 * Reads the bytes of `forest.bin` into flat arrays.
 *
 * @param bytes Throws RangeError where they are not a forest, of another format version, or of another length than the
 *   header asks for. The arrays' contents are for `checkForest` to judge.
 *
 * @example
 * ```ts
 * import { assertThrows } from "../testing/assert.ts";
 * import { decodeForest } from "./binary.ts";
 *
 * assertThrows(() => decodeForest(new Uint8Array(10)), RangeError, "current value is 10 bytes");
 * ```
 */
export function decodeForest(bytes: Uint8Array): Forest {
  const refuse = (rule: string, value: unknown): never => {
    throw new RangeError(`Cannot read forest.bin as ${rule}: current value is ${value}`);
  };
  if (bytes.length < HEADER_BYTES) {
    refuse(`its header must have ${HEADER_BYTES} bytes`, `${bytes.length} bytes`);
  }
  const magic = String.fromCharCode(...bytes.subarray(0, 8));
  if (magic !== MAGIC) refuse(`its first bytes must be "${MAGIC}"`, JSON.stringify(magic));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [version, nFeatures, maxSamples, trees, nodes] = [0, 1, 2, 3, 4].map((i) =>
    view.getUint32(8 + 4 * i, true)
  );
  if (version !== VERSION) refuse(`its format version must be ${VERSION}`, version);
  const expected = forestByteLength(trees, nodes);
  if (bytes.length !== expected) {
    refuse(`${trees} trees with ${nodes} nodes must have ${expected} bytes`, `${bytes.length} bytes`);
  }
  let at = HEADER_BYTES;
  const threshold = new Float64Array(nodes);
  for (let i = 0; i < nodes; i++, at += 8) threshold[i] = view.getFloat64(at, true);
  const integers = (length: number): Int32Array => {
    const array = new Int32Array(length);
    for (let i = 0; i < length; i++, at += 4) array[i] = view.getInt32(at, true);
    return array;
  };
  const [feature, left, right, nSamples] = [nodes, nodes, nodes, nodes].map(integers);
  return { nFeatures, maxSamples, treeStart: integers(trees + 1), feature, threshold, left, right, nSamples };
}
