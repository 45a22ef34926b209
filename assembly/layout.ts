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

// Blocks of rows: see assembly/block.ts.

/** Rows that a block holds, one byte each in the lanes of vector registers. */
export const BLOCK_ROWS = 128;
/** Rows of half a block, which takes half the time: for the last rows of a batch. */
export const HALF_ROWS = 64;
/** Header: number of sections; 0 if the forest is only walked. */
export const SECTIONS = 40;
/** Header: address of the first section. */
export const SECTION_LIST = 44;
/** Header: least number of rows for which half a block pays, at most HALF_ROWS. */
export const BLOCK_LEAST = 48;
/** Header: address of BLOCK_ROWS bytes of each operand value: 256 constants, then the slots of selections. */
export const VALUES = 52;
/** Header: address of the block's ranks in a group, BLOCK_ROWS bytes a feature of the group. */
export const GROUP_RANKS = 56;
/** Constants before the first slot at VALUES. */
export const CONSTANTS = 256;

/** Section: number of features, their address, number of segments, their address; 4 bytes each. */
export const SECTION_BYTES = 16;

/**
 * Feature of a section: its column, address of its thresholds (float32), of its buckets' starts (2 bytes each), number
 * of halvings, low end and scale of the buckets (float32), last bucket (float32), address of its ranks (2 bytes a row).
 */
export const FEATURE_BYTES = 32;

/**
 * Segment: first tree, end of its trees, number of features of the group, their address, address of the trees'
 * programs, address of the group's path lengths (float64); a segment that is walked has programs at 0.
 */
export const SEGMENT_BYTES = 24;

/** Feature of a group: address of its ranks in the section, address of the table to its ranks in the group. */
export const GROUP_FEATURE_BYTES = 8;

/** Program of a tree: bytes of its selections, offset of its result from VALUES; then the selections. */
export const PROGRAM_BYTES = 8;

/**
 * Selection: offsets from VALUES of the left operand, the right operand and the result (2 bytes each), the threshold's
 * rank in the group less 128 (1 byte, and one unused), offset of the feature's ranks from GROUP_RANKS (4 bytes).
 */
export const SELECTION_BYTES = 12;
