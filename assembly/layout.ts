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
/** Address of the roots, see ROOT_BYTES. */
export const ROOTS = 16;
/** Address of the distinct path lengths: float64. */
export const LENGTHS = 24;
/** Low bits of a node's link that hold eight times its feature, or a leaf's path length; the others hold the distance to its left child in nodes. */
export const FIELD_BITS = 28;
/** trees × c(maxSamples), float64: what a sum of path lengths is divided by; 0 if maxSamples is 1. */
export const NORMALISER = 32;
/** Size of the header. */
export const HEADER_BYTES = 128;
/** Address of the keys of one row, right behind the header, where they are few enough. */
export const ROW_KEYS = 65664;
/** Room for them. */
export const ROW_KEYS_BYTES = 8192;

/** Header: address of the keys of rows: 8 bytes a value in the order of the rows, of which the higher 4 are in the order of the values. */
export const KEYS = 60;
/** Bytes of room behind the rows, for a vector that begins with the last value; behind the keys it is twice as much. */
export const ROWS_PADDING = 16;

/**
 * Root of a tree: its address, and the depth of the deepest of the eight trees from this one on; 4 bytes each. Leaves of
 * the path length 0 fill up the last eight.
 */
export const ROOT_BYTES = 8;

/**
 * A node: 4 bytes of link, then the key of its threshold (4 bytes, signed). The right child follows the left one. A leaf has the
 * greatest key and the distance 0, so a step from it stays there, and the index of its path length where others have a feature.
 */
export const NODE_BYTES = 8;

// Blocks of rows: see assembly/block.ts. A set of a block's rows is a vector, one bit a row.

/** Rows that a block holds, one bit each in a vector register. */
export const BLOCK_ROWS = 128;
/** Bytes of a set of rows. */
export const SET_BYTES = 16;
/** Header: number of sections; 0 if the forest is only walked. */
export const SECTIONS = 40;
/** Header: address of the first section. */
export const SECTION_LIST = 44;
/** Header: least number of rows for which a block pays, at most BLOCK_ROWS. */
export const BLOCK_LEAST = 48;
/** Header: address of the sets of rows that reach the inner nodes of the tree in work. */
export const NODE_SETS = 52;
/** Header: address of the sets of rows that reach its leaves, with room for a multiple of LEAF_FOLD. */
export const LEAF_SETS = 56;
/** Leaves whose sets are folded into bits of the leaves' numbers at a time. */
export const LEAF_FOLD = 8;

/** Section: number of features, their address, number of segments, their address; 4 bytes each. */
export const SECTION_BYTES = 16;

/**
 * Feature of a section: its column, address of its thresholds (float32), of its buckets' starts (2 bytes each), number
 * of halvings that leave RANK_WINDOW thresholds, low end and scale of the buckets (float32), last bucket (float32), address
 * of its ranks (2 bytes a row). Then, of the block in work: address of the number of rows up to each threshold (1 byte
 * each), sixteens of these bytes, address of the sets of the first rows in the feature's order for each number of rows.
 *
 * Where thresholds are few the sixteens are 0, the sets are those of the rows up to each threshold, and the number of bits
 * of a rank follows.
 */
export const FEATURE_BYTES = 48;

/** Thresholds that one comparison of a vector ranks a value among. */
export const RANK_WINDOW = 4;
/** Bits of a rank up to which sets are spread from the bits. */
export const MOST_SPREAD_BITS = 9;

/** Segment: number of its trees, address of their programs, or 0 if they are walked, and address of their roots then. */
export const SEGMENT_BYTES = 12;

/** Program of a tree: number of its inner nodes, of its leaves, address of the leaves' path lengths (float64); then its nodes. */
export const PROGRAM_BYTES = 12;

/**
 * Node of a program: address of a byte, and of the sets among which this byte says which one goes left; address of the sets
 * of its left and of its right child; 4 bytes each. Parents come before their children, in the order of NODE_SETS.
 */
export const PROGRAM_NODE_BYTES = 16;

// Decoder: see assembly/decode.ts. It runs in an instance of its own, with places that are fixed.

/** Fields that the decoder knows, in the order of their names at FIELD_NAMES. */
export const FIELD_TRANSACTION_ID = 0;
export const FIELD_CUSTOMER_ID = 1;
export const FIELD_TERMINAL_ID = 2;
export const FIELD_TIMESTAMP = 3;
/** Fields of a transaction alone. */
export const FIELD_AMOUNT = 4;
export const FIELD_CURRENCY = 5;
export const FIELD_MERCHANT_CATEGORY = 6;
export const FIELD_COUNTRY = 7;
export const FIELD_CHANNEL = 8;
/** Fields of a label alone. */
export const FIELD_IS_FRAUD = 9;
export const FIELD_LABELLED_AT = 10;
export const FIELD_Z = 11;
/** Number of fields that the decoder knows. */
export const FIELDS = 12;

/** Address of the names, each with its closing quote: 32 bytes of text, 32 bytes of mask (255 for a byte of text), length. */
export const FIELD_NAMES = 65536;
/** Most bytes of a name with its closing quote. */
export const NAME_BYTES = 32;
/** Text, mask and, in 4 bytes, length of one name; 16-byte aligned. */
export const FIELD_NAME_BYTES = 80;

/** Most records that one call decodes. */
export const DECODE_RECORDS = 4096;
/** Most bytes of records that lie in memory for one call. */
export const DECODE_BYTES = 2097152;
/** Zero bytes after the records, so that vectors may read past the last one and end there. */
export const DECODE_PADDING = 64;
/** Address of the addresses at which records start, then of those at which they end: 4 bytes each. */
export const RECORD_STARTS = 69632;
export const RECORD_ENDS = 86016;
/** Addresses of the columns: time (float64), keys of transaction, customer and terminal (two u32). */
export const TIMES = 102400;
export const TRANSACTION_KEYS = 135168;
export const CUSTOMER_KEYS = 167936;
export const TERMINAL_KEYS = 200704;
/** Columns of transactions: amount (float64), currency (its three letters, the first one lowest; 0 for none). */
export const AMOUNTS = 233472;
export const CURRENCIES = 266240;
/** Three numbers a row: where its transaction, customer and terminal id end in IDS; each starts where the one before ends. */
export const ID_ENDS = 282624;
/** Columns of labels: when it became known (float64), the customer's z (float64, NaN for none), whether a fraud (1 byte). */
export const LABELLED_TIMES = 331776;
export const ZS = 364544;
export const TRUTHS = 397312;
/** Address of the text of the ids, one after another, as UTF-8. */
export const IDS = 401408;
/** Most bytes of an id. */
export const MAX_ID_BYTES = 128;
/** Room for the ids of all rows, and for a vector that is written past the last one. */
export const IDS_BYTES = 1572928;
/** Address of the records' bytes. */
export const RECORDS = 1974336;
