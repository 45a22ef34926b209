/**
 * Where things lie in the module's linear memory: the one file that both sides of the border read, so it is valid
 * as AssemblyScript and as TypeScript. All figures are bytes unless their name says otherwise.
 *
 * The host fills the memory once, from HEADER on, and the module allocates nothing. Bytes below HEADER are the
 * compiler's own.
 */

/** Start of the header: 4-byte unsigned fields at the offsets below. */
export const HEADER = 65536;
/** Number of columns of a row. */
export const N_FEATURES = 0;
/** Number of trees. */
export const TREES = 4;
/** Address of the rows: float32, row-major. */
export const ROWS = 8;
/** Address of the scores: one float64 a row, path-length sums while a batch is in work. */
export const SCORES = 12;
/** Address of the address of every tree's root: 4 bytes a tree. */
export const ROOTS = 16;
/** Address of the first node; the path length of a node lies LENGTHS − NODES after the node. */
export const NODES = 20;
/** Address of the first node's path length: float64, 8 bytes a node as a node has. */
export const LENGTHS = 24;
/** Low bits of a node's link that hold its feature; the others hold the distance to its left child in nodes. */
export const FEATURE_BITS = 28;
/** trees × c(maxSamples), float64: what a sum of path lengths is divided by; 0 if maxSamples is 1. */
export const NORMALISER = 32;
/** Size of the header. */
export const HEADER_BYTES = 128;

/**
 * A node: float32 threshold, then 4 bytes of link. The right child follows the left one. A leaf has the threshold
 * +infinity and the distance 0, so a step from it stays there.
 */
export const NODE_BYTES = 8;
/** Offset of the link in a node. */
export const NODE_LINK = 4;
