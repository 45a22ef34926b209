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
/**
 * Width of a link's low field: feature × KEY_BYTES, or the index of a leaf's path length. The high bits are the distance
 * to the left child, in nodes.
 */
export const FIELD_BITS = 28;
/** The width that most forests can do with: the compiler knows it, which makes the walk faster. */
export const USUAL_FIELD_BITS = 16;
/** trees × c(maxSamples), float64: what a sum of path lengths is divided by; 0 if maxSamples is 1. */
export const NORMALISER = 32;
/** Size of the header. */
export const HEADER_BYTES = 128;
/** Address of the keys of one row, right behind the header, if they are few enough. */
export const ROW_KEYS = HEADER + HEADER_BYTES;
/** Room for them. */
export const ROW_KEYS_BYTES = 8192;

/** Header: address of the keys of rows, one a value, in the order of the rows. */
export const KEYS = 60;
/** A key: the higher 4 bytes sort as the values do, the lower 4 are zero. */
export const KEY_BYTES = 8;
/** Bytes of room behind the rows, for a vector that begins with the last value; behind the keys it is twice as much. */
export const ROWS_PADDING = 16;

/** Trees that are walked together. */
export const WALKED_TOGETHER = 8;
/** Root of a tree; leaves of the path length 0 fill up the last WALKED_TOGETHER. */
export const ROOT_BYTES = 8;
/** Root: address of its node. */
export const ROOT_NODE = 0;
/** Root: depth of the deepest of the WALKED_TOGETHER trees from this one on. */
export const ROOT_DEPTH = 4;

/**
 * A node. The right child follows the left one. A leaf's link has distance 0 and its key is LEAF_KEY, so a step from it
 * stays there.
 */
export const NODE_BYTES = 8;
/** Node: its link, see FIELD_BITS. */
export const NODE_LINK = 0;
/** Node: key of its threshold, signed. */
export const NODE_KEY = 4;
/** Key of a leaf: no value's key is greater. */
export const LEAF_KEY = 0x7fffffff;

// Blocks of rows: see assembly/block.ts. A set of a block's rows is a vector, one bit a row.

/** Rows that a block holds, one bit each in a vector register. */
export const BLOCK_ROWS = 128;
export const VECTOR_BYTES = 16;
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

/** Section: numbers and addresses of its features and segments. */
export const SECTION_BYTES = 16;
export const SECTION_FEATURES = 0;
export const SECTION_FEATURE_LIST = 4;
export const SECTION_SEGMENTS = 8;
export const SECTION_SEGMENT_LIST = 12;

/** Feature of a section. */
export const FEATURE_BYTES = 48;
/** Column of the rows. */
export const FEATURE_COLUMN = 0;
/** Address of the thresholds: float32. */
export const FEATURE_THRESHOLD_LIST = 4;
/** Address of the buckets' starts: BUCKET_BYTES each. */
export const FEATURE_BUCKETS = 8;
/** Halvings that leave RANK_WINDOW thresholds. */
export const FEATURE_STEPS = 12;
/** Low end and scale of the buckets, and the last bucket: float32. */
export const FEATURE_LOW = 16;
export const FEATURE_SCALE = 20;
export const FEATURE_LAST_BUCKET = 24;
/** Address of the rows' ranks: RANK_BYTES each. */
export const FEATURE_RANKS = 28;
/** Of the block in work, address of the number of rows up to each threshold: 1 byte each. */
export const FEATURE_PLACES = 32;
/** Vectors of these bytes; 0 if thresholds are few. */
export const FEATURE_PLACE_VECTORS = 36;
/**
 * Of the block in work, address of sets of rows: the first rows in the feature's order, for each number of rows; if
 * thresholds are few, the rows up to each threshold.
 */
export const FEATURE_SETS = 40;
/** Bits of a rank. */
export const FEATURE_RANK_BITS = 44;

export const RANK_BYTES = 2;
export const BUCKET_BYTES = 2;

/** Thresholds that one comparison of a vector ranks a value among. */
export const RANK_WINDOW = 4;
/** Bits of a rank up to which sets are spread from the bits. */
export const MOST_SPREAD_BITS = 9;

/** Segment: trees one after another that are scored in the same way. */
export const SEGMENT_BYTES = 12;
export const SEGMENT_TREES = 0;
/** Address of the trees' programs, or 0 if they are walked. */
export const SEGMENT_PROGRAMS = 4;
/** Address of the roots of trees that are walked. */
export const SEGMENT_ROOTS = 8;

/** Program of a tree: this, then its inner nodes. */
export const PROGRAM_BYTES = 12;
export const PROGRAM_NODES = 0;
export const PROGRAM_LEAVES = 4;
/** Address of the leaves' path lengths: float64. */
export const PROGRAM_LENGTHS = 8;

/** Node of a program. Parents come before their children, in the order of NODE_SETS. */
export const PROGRAM_NODE_BYTES = 16;
/** Address of a byte: which of the feature's sets goes left. */
export const PROGRAM_NODE_PLACE = 0;
/** Address of the feature's sets. */
export const PROGRAM_NODE_CHOICES = 4;
/** Addresses of the sets of rows that reach the children. */
export const PROGRAM_NODE_LEFT = 8;
export const PROGRAM_NODE_RIGHT = 12;

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
/** Offsets in a name: its mask and its length. */
export const NAME_MASK = 32;
export const NAME_LENGTH = 64;

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
/** Address of each record's latest accepted time: float64, milliseconds; a record with a later one is left to the host. */
export const LATEST_TIMES = 401408;
/** Address of the text of the ids, one after another, as UTF-8. */
export const IDS = 434176;
/** Most bytes of an id. */
export const MAX_ID_BYTES = 128;
/** Room for the ids of all rows, and for a vector that is written past the last one. */
export const IDS_BYTES = 1572928;
/** Address of the records' bytes. */
export const RECORDS = 2007104;
