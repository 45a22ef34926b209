import * as layout from "../../../assembly/layout.ts";
import { averagePathLength, type Forest } from "../forest.ts";
import { leafPathLengths, type PackedNodes, packNodes } from "./nodes.ts";
import { planBlocks, type Section, type Segment } from "./plan.ts";
import { compileTree, type TreeProgram } from "./program.ts";
import { rankOf, type RankTable, roundDown } from "./rank.ts";

const PAGE_BYTES = 65536;
const ALIGNMENT = 64;
const WORD_BYTES = Uint32Array.BYTES_PER_ELEMENT;
/** Size of a key as a multiple of its value's. */
const KEY_TO_VALUE = layout.KEY_BYTES / Float32Array.BYTES_PER_ELEMENT;
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, i) => i);

/** What will lie in a module's linear memory: addresses are given out first, and the bytes are written at the end. */
export class MemoryImage {
  #end: number;
  readonly #placed: { at: number; bytes: Uint8Array }[] = [];

  /** Begins an empty image; `start` is the first address that may be used. */
  constructor(start: number) {
    this.#end = start;
  }

  /** Sets bytes aside, zeros in a fresh memory; gives their address, a multiple of 64. */
  reserve(bytes: number): number {
    const at = Math.ceil(this.#end / ALIGNMENT) * ALIGNMENT;
    this.#end = at + bytes;
    return at;
  }

  /** Sets room aside for the bytes that a view has when `writeTo` is called; gives their address, a multiple of 64. */
  place(view: ArrayBufferView): number {
    const at = this.reserve(view.byteLength);
    this.#placed.push({ at, bytes: new Uint8Array(view.buffer, view.byteOffset, view.byteLength) });
    return at;
  }

  /**
   * Grows a memory to fit and writes all that was placed.
   *
   * @param memory Memory of a fresh instance; views of it that were made before are void.
   * @throws RangeError if the image does not fit into the 4 GiB that a module can address.
   */
  writeTo(memory: WebAssembly.Memory): void {
    const pages = Math.ceil((this.#end - memory.buffer.byteLength) / PAGE_BYTES);
    try {
      if (pages > 0) memory.grow(pages);
    } catch (cause) {
      throw new RangeError(
        "Cannot score the forest as it must fit into the 4 GiB of a WebAssembly memory: " +
          `current value is ${this.#end} bytes`,
        { cause },
      );
    }
    for (const { at, bytes } of this.#placed) new Uint8Array(memory.buffer).set(bytes, at);
  }
}

/** Views of a module's linear memory; they stay valid, since the memory is grown only before they are made. */
export interface ScorerMemory {
  /** Where rows are scored from: length maxRows × nFeatures, row-major. */
  rows: Float32Array;
  /** Where their scores appear: length maxRows. */
  scores: Float64Array;
}

/**
 * Lays a forest out in a module's linear memory, as `assembly/layout.ts` says, and grows the memory to fit.
 *
 * @param memory Memory of a fresh instance.
 * @param forest A forest that `checkForest` accepts.
 * @param maxRows Number of rows that one call of the module can score, a multiple of the rows of a block.
 * @returns Views to write rows to and to read scores from.
 * @throws RangeError if the forest does not fit into the 4 GiB that a module can address.
 */
export function fillMemory(memory: WebAssembly.Memory, forest: Forest, maxRows: number): ScorerMemory {
  const trees = forest.treeStart.length - 1;
  const leafLengths = leafPathLengths(forest);
  const programs = Array.from({ length: trees }, (_, tree) => compileTree(forest, tree, leafLengths));
  const nodes = packNodes(forest, programs);
  const plan = planBlocks(forest, programs, layout.BLOCK_ROWS);

  const image = new MemoryImage(layout.HEADER);
  const header = new DataView(new ArrayBuffer(layout.HEADER_BYTES));
  image.place(header);
  image.reserve(layout.ROW_KEYS_BYTES);
  const field = (offset: number, value: number) => header.setUint32(offset, value, true);
  const rowsBytes = Float32Array.BYTES_PER_ELEMENT * maxRows * forest.nFeatures + layout.ROWS_PADDING;
  const rowsAt = image.reserve(rowsBytes);
  const scoresAt = image.reserve(Float64Array.BYTES_PER_ELEMENT * maxRows);
  const nodesAt = image.place(nodes.words);
  const placeRoots = (first: number, last: number) =>
    image.place(rootsOf(nodes, first, last, (node) => nodesAt + node * layout.NODE_BYTES));
  field(layout.N_FEATURES, forest.nFeatures);
  field(layout.TREES, trees);
  field(layout.ROWS, rowsAt);
  field(layout.SCORES, scoresAt);
  field(layout.ROOTS, placeRoots(0, trees));
  field(layout.KEYS, image.reserve(KEY_TO_VALUE * rowsBytes));
  field(layout.LENGTHS, image.place(nodes.lengths));
  field(layout.FIELD_BITS, nodes.fieldBits);
  header.setFloat64(layout.NORMALISER, trees * averagePathLength(forest.maxSamples), true);
  const blocks = placeBlocks(image, forest, plan.sections, maxRows, placeRoots);
  field(layout.SECTIONS, plan.sections.length);
  field(layout.SECTION_LIST, blocks.sectionsAt);
  field(layout.BLOCK_LEAST, plan.leastRows);
  field(layout.NODE_SETS, blocks.nodeSetsAt);
  field(layout.LEAF_SETS, blocks.leafSetsAt);
  // A step from a leaf reads at its path length's index, as if that were a feature: past the keys, with no effect.
  image.reserve(nodes.lengths.length + layout.KEY_BYTES);
  image.writeTo(memory);
  return {
    rows: new Float32Array(memory.buffer, rowsAt, maxRows * forest.nFeatures),
    scores: new Float64Array(memory.buffer, scoresAt, maxRows),
  };
}

/** Roots of the trees first to last − 1, filled up with leaves of the path length 0. */
function rootsOf(
  { roots, depths, words }: PackedNodes,
  first: number,
  last: number,
  addressOf: (node: number) => number,
): Uint32Array {
  const together = layout.WALKED_TOGETHER;
  const emptyLeaf = words.byteLength / layout.NODE_BYTES - 1;
  const count = together * Math.ceil((last - first) / together);
  return concatenate(Array.from({ length: count }, (_, i) => {
    const tree = first + i;
    return record(layout.ROOT_BYTES, [
      [layout.ROOT_NODE, addressOf(tree < last ? roots[tree] : emptyLeaf)],
      [layout.ROOT_DEPTH, Math.max(0, ...depths.slice(tree, Math.min(tree + together, last)))],
    ]);
  }));
}

/** A record of 4-byte unsigned fields, each given by its offset. */
function record(bytes: number, fields: [offset: number, value: number][]): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(bytes / WORD_BYTES);
  for (const [offset, value] of fields) words[offset / WORD_BYTES] = value;
  return words;
}

function concatenate(records: Uint32Array[]): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(total(records.map(({ length }) => length)));
  let at = 0;
  for (const record of records) {
    words.set(record, at);
    at += record.length;
  }
  return words;
}

/** Addresses of what is known of a block's rows in one feature. */
interface FeatureAddresses {
  ranks: number;
  /** Number of rows up to each threshold, 1 byte each; unused if thresholds are few. */
  places: number;
  sets: number;
}

type PlaceRoots = (first: number, last: number) => number;

/** Places a plan's sections, segments, tables and programs; gives the addresses for the header. */
function placeBlocks(
  image: MemoryImage,
  forest: Forest,
  sections: Section[],
  maxRows: number,
  placeRoots: PlaceRoots,
): { sectionsAt: number; nodeSetsAt: number; leafSetsAt: number } {
  const programs = sections.flatMap(({ segments }) => segments.flatMap(({ programs }) => programs ?? []));
  const nodeSetsAt = image.reserve(layout.SET_BYTES * most(programs.map(({ nodes }) => nodes.length)));
  const leaves = most(programs.map(({ lengths }) => lengths.length));
  const leafSetsAt = image.reserve(layout.SET_BYTES * (leaves + layout.LEAF_FOLD));
  const writer = new SectionWriter(image, forest, nodeSetsAt, leafSetsAt, placeRoots);
  // Only one section is scored at a time, so all share the same room.
  const room = (bytesOf: (table: RankTable) => number) =>
    image.reserve(most(sections.map(({ tables }) => total([...tables.values()].map(bytesOf)))));
  const ranksBytes = layout.RANK_BYTES * maxRows;
  const ranksAt = room(() => ranksBytes);
  const placesAt = room(placesBytesOf);
  const setsAt = room(setsBytesOf);
  const records = sections.map((section) => {
    const next = { ranks: ranksAt, places: placesAt, sets: setsAt };
    const addresses = new Map<number, FeatureAddresses>();
    for (const [column, table] of section.tables) {
      addresses.set(column, { ...next });
      next.ranks += ranksBytes;
      next.places += placesBytesOf(table);
      next.sets += setsBytesOf(table);
    }
    return writer.section(section, addresses);
  });
  return { nodeSetsAt, leafSetsAt, sectionsAt: image.place(concatenate(records)) };
}

const total = (sizes: number[]) => sizes.reduce((a, b) => a + b, 0);
const most = (sizes: number[]) => sizes.reduce((a, b) => Math.max(a, b), 0);

/** Bits of a rank among a table's thresholds. */
const bitsOf = ({ size }: RankTable) => 32 - Math.clz32(size);

/** Whether the sets of rows are spread from the bits of ranks. */
const hasFew = (table: RankTable) => bitsOf(table) <= layout.MOST_SPREAD_BITS;

/** Vectors of bytes, one for each rank; 0 if thresholds are few. */
const placeVectorsOf = (table: RankTable) =>
  hasFew(table) ? 0 : Math.ceil((table.size + 1) / layout.VECTOR_BYTES);

const placesBytesOf = (table: RankTable) => layout.VECTOR_BYTES * placeVectorsOf(table);

const setsBytesOf = (table: RankTable) =>
  layout.SET_BYTES * (hasFew(table) ? 2 ** bitsOf(table) : layout.BLOCK_ROWS + 1);

class SectionWriter {
  readonly #image: MemoryImage;
  readonly #forest: Forest;
  readonly #nodeSetsAt: number;
  readonly #leafSetsAt: number;
  readonly #placeRoots: PlaceRoots;
  readonly #everyByteAt: number;

  constructor(
    image: MemoryImage,
    forest: Forest,
    nodeSetsAt: number,
    leafSetsAt: number,
    placeRoots: PlaceRoots,
  ) {
    this.#image = image;
    this.#forest = forest;
    this.#nodeSetsAt = nodeSetsAt;
    this.#leafSetsAt = leafSetsAt;
    this.#placeRoots = placeRoots;
    this.#everyByteAt = image.place(EVERY_BYTE);
  }

  section({ tables, segments }: Section, addresses: Map<number, FeatureAddresses>): Uint32Array {
    const features = new DataView(new ArrayBuffer(layout.FEATURE_BYTES * tables.size));
    [...tables].forEach(([column, table], i) => {
      const at = i * layout.FEATURE_BYTES;
      const { ranks, places, sets } = addresses.get(column)!;
      const integer = (offset: number, value: number) => features.setUint32(at + offset, value, true);
      const float = (offset: number, value: number) => features.setFloat32(at + offset, value, true);
      integer(layout.FEATURE_COLUMN, column);
      integer(layout.FEATURE_THRESHOLD_LIST, this.#image.place(table.thresholds));
      integer(layout.FEATURE_BUCKETS, this.#image.place(table.bucketStart));
      integer(layout.FEATURE_STEPS, table.steps);
      float(layout.FEATURE_LOW, table.low);
      float(layout.FEATURE_SCALE, table.scale);
      float(layout.FEATURE_LAST_BUCKET, table.bucketStart.length - 1);
      integer(layout.FEATURE_RANKS, ranks);
      integer(layout.FEATURE_PLACES, places);
      integer(layout.FEATURE_PLACE_VECTORS, placeVectorsOf(table));
      integer(layout.FEATURE_SETS, sets);
      integer(layout.FEATURE_RANK_BITS, bitsOf(table));
    });
    const segmentList = concatenate(segments.map((segment) => this.#segment(segment, tables, addresses)));
    return record(layout.SECTION_BYTES, [
      [layout.SECTION_FEATURES, tables.size],
      [layout.SECTION_FEATURE_LIST, this.#image.place(features)],
      [layout.SECTION_SEGMENTS, segments.length],
      [layout.SECTION_SEGMENT_LIST, this.#image.place(segmentList)],
    ]);
  }

  #segment(
    { first, last, programs }: Segment,
    tables: Section["tables"],
    addresses: Map<number, FeatureAddresses>,
  ): Uint32Array {
    const list = programs &&
      concatenate(programs.map((program) => this.#program(program, tables, addresses)));
    return record(layout.SEGMENT_BYTES, [
      [layout.SEGMENT_TREES, last - first],
      [layout.SEGMENT_PROGRAMS, list ? this.#image.place(list) : 0],
      [layout.SEGMENT_ROOTS, list ? 0 : this.#placeRoots(first, last)],
    ]);
  }

  #program(
    { nodes, left, right, lengths }: TreeProgram,
    tables: Section["tables"],
    addresses: Map<number, FeatureAddresses>,
  ): Uint32Array {
    const { feature, threshold } = this.#forest;
    const setOf = (child: number) =>
      child >= 0
        ? this.#nodeSetsAt + child * layout.SET_BYTES
        : this.#leafSetsAt + (-1 - child) * layout.SET_BYTES;
    const words = new Uint32Array(
      (layout.PROGRAM_BYTES + layout.PROGRAM_NODE_BYTES * nodes.length) / WORD_BYTES,
    );
    const view = new DataView(words.buffer);
    const put = (at: number, value: number) => view.setUint32(at, value, true);
    put(layout.PROGRAM_NODES, nodes.length);
    put(layout.PROGRAM_LEAVES, lengths.length);
    put(layout.PROGRAM_LENGTHS, this.#image.place(Float64Array.from(lengths)));
    let at = layout.PROGRAM_BYTES;
    nodes.forEach((node, i) => {
      const { places, sets } = addresses.get(feature[node])!;
      const table = tables.get(feature[node])!;
      const rank = rankOf(table, roundDown(threshold[node]));
      const isDirect = hasFew(table);
      const byte = rank % EVERY_BYTE.length;
      put(at + layout.PROGRAM_NODE_PLACE, isDirect ? this.#everyByteAt + byte : places + rank);
      put(at + layout.PROGRAM_NODE_CHOICES, isDirect ? sets + layout.SET_BYTES * (rank - byte) : sets);
      put(at + layout.PROGRAM_NODE_LEFT, setOf(left[i]));
      put(at + layout.PROGRAM_NODE_RIGHT, setOf(right[i]));
      at += layout.PROGRAM_NODE_BYTES;
    });
    return words;
  }
}
