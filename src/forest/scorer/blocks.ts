import * as layout from "../../../assembly/layout.ts";
import type { Forest } from "../forest.ts";
import { rankOf, type RankTable, roundDown } from "./rank.ts";
import type { MemoryImage } from "./image.ts";
import type { BlockPlan, Section, Segment } from "./plan.ts";
import type { TreeProgram } from "./program.ts";

/** Addresses that the header holds of what blocks need. */
export interface BlockAddresses {
  /** First section. */
  sectionsAt: number;
  /** Sets of rows at inner nodes. */
  nodeSetsAt: number;
  /** Sets of rows at leaves. */
  leafSetsAt: number;
}

/** Where what a block's rows are to a feature lies. */
interface FeatureAddresses {
  /** Rank of every row: 2 bytes each. */
  ranks: number;
  /** Number of rows up to each threshold, 1 byte each; 0 where thresholds are few. */
  places: number;
  /** Sets of rows. */
  sets: number;
}

/** Bytes from 0 to 255. */
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, i) => i);

/**
 * Places a plan's sections, segments, tables and programs, as `assembly/layout.ts` says.
 *
 * @param image Where to place them.
 * @param forest The forest of the plan.
 * @param plan What `planBlocks` made of it.
 * @param options Rows that one call can score, a multiple of the rows of a block; and what places the roots of trees.
 */
export function placeBlocks(
  image: MemoryImage,
  forest: Forest,
  plan: BlockPlan,
  { maxRows, placeRoots }: { maxRows: number; placeRoots: (first: number, last: number) => number },
): BlockAddresses {
  const programs = plan.sections.flatMap(({ segments }) =>
    segments.flatMap(({ programs }) => programs ?? [])
  );
  const nodeSetsAt = image.reserve(layout.SET_BYTES * most(programs.map(({ nodes }) => nodes.length)));
  const leaves = most(programs.map(({ lengths }) => lengths.length));
  const leafSetsAt = image.reserve(layout.SET_BYTES * (leaves + layout.LEAF_FOLD));
  const writer = new SectionWriter(image, forest, { nodeSetsAt, leafSetsAt, placeRoots });
  // Only one section is in work at a time, so all have the same room.
  const room = (bytesOf: (table: RankTable) => number) =>
    image.reserve(most(plan.sections.map(({ tables }) => total([...tables.values()].map(bytesOf)))));
  const ranksAt = room(() => 2 * maxRows);
  const placesAt = room((table) => 16 * sixteensOf(table));
  const setsAt = room(setsBytesOf);
  const sections = plan.sections.flatMap((section) => {
    const next = { ranks: ranksAt, places: placesAt, sets: setsAt };
    const addresses = new Map<number, FeatureAddresses>();
    for (const [column, table] of section.tables) {
      addresses.set(column, { ...next });
      next.ranks += 2 * maxRows;
      next.places += 16 * sixteensOf(table);
      next.sets += setsBytesOf(table);
    }
    return writer.section(section, addresses);
  });
  return { nodeSetsAt, leafSetsAt, sectionsAt: image.place(Uint32Array.from(sections)) };
}

const total = (sizes: number[]) => sizes.reduce((a, b) => a + b, 0);
const most = (sizes: number[]) => sizes.reduce((a, b) => Math.max(a, b), 0);

/** Bits of a rank among a table's thresholds. */
const bitsOf = ({ size }: RankTable) => 32 - Math.clz32(size);

/** Whether the sets of rows are spread from the bits of ranks. */
const hasFew = (table: RankTable) => bitsOf(table) <= layout.MOST_SPREAD_BITS;

/** Sixteens of bytes that hold one for each rank; 0 where thresholds are few. */
const sixteensOf = (table: RankTable) => hasFew(table) ? 0 : Math.ceil((table.size + 1) / 16);

/** Bytes of a feature's sets of rows. */
const setsBytesOf = (table: RankTable) =>
  layout.SET_BYTES * (hasFew(table) ? 2 ** bitsOf(table) : layout.BLOCK_ROWS + 1);

class SectionWriter {
  readonly #image: MemoryImage;
  readonly #forest: Forest;
  readonly #nodeSetsAt: number;
  readonly #leafSetsAt: number;
  readonly #everyByteAt: number;
  readonly #placeRoots: (first: number, last: number) => number;

  constructor(
    image: MemoryImage,
    forest: Forest,
    { nodeSetsAt, leafSetsAt, placeRoots }: Pick<BlockAddresses, "nodeSetsAt" | "leafSetsAt"> & {
      placeRoots: (first: number, last: number) => number;
    },
  ) {
    this.#image = image;
    this.#forest = forest;
    this.#nodeSetsAt = nodeSetsAt;
    this.#leafSetsAt = leafSetsAt;
    this.#placeRoots = placeRoots;
    this.#everyByteAt = image.place(EVERY_BYTE);
  }

  section({ tables, segments }: Section, addresses: Map<number, FeatureAddresses>): number[] {
    const features = new DataView(new ArrayBuffer(layout.FEATURE_BYTES * tables.size));
    [...tables].forEach(([column, table], i) => {
      const at = i * layout.FEATURE_BYTES;
      const { ranks, places, sets } = addresses.get(column)!;
      features.setUint32(at, column, true);
      features.setUint32(at + 4, this.#image.place(table.thresholds), true);
      features.setUint32(at + 8, this.#image.place(table.bucketStart), true);
      features.setUint32(at + 12, table.steps, true);
      features.setFloat32(at + 16, table.low, true);
      features.setFloat32(at + 20, table.scale, true);
      features.setFloat32(at + 24, table.bucketStart.length - 1, true);
      features.setUint32(at + 28, ranks, true);
      features.setUint32(at + 32, places, true);
      features.setUint32(at + 36, sixteensOf(table), true);
      features.setUint32(at + 40, sets, true);
      features.setUint32(at + 44, bitsOf(table), true);
    });
    const segmentList = Uint32Array.from(
      segments.flatMap((segment) => this.#segment(segment, tables, addresses)),
    );
    return [tables.size, this.#image.place(features), segments.length, this.#image.place(segmentList)];
  }

  #segment(
    { first, last, programs }: Segment,
    tables: Section["tables"],
    addresses: Map<number, FeatureAddresses>,
  ): number[] {
    if (!programs) return [last - first, 0, this.#placeRoots(first, last)];
    const words = programs.flatMap((program) => this.#program(program, tables, addresses));
    return [last - first, this.#image.place(Uint32Array.from(words)), 0];
  }

  #program(
    { nodes, left, right, lengths }: TreeProgram,
    tables: Section["tables"],
    addresses: Map<number, FeatureAddresses>,
  ): number[] {
    const { feature, threshold } = this.#forest;
    const setOf = (child: number) =>
      child >= 0
        ? this.#nodeSetsAt + child * layout.SET_BYTES
        : this.#leafSetsAt + (-1 - child) * layout.SET_BYTES;
    const words = [nodes.length, lengths.length, this.#image.place(Float64Array.from(lengths))];
    nodes.forEach((node, i) => {
      const { places, sets } = addresses.get(feature[node])!;
      const table = tables.get(feature[node])!;
      const rank = rankOf(table, roundDown(threshold[node]));
      if (hasFew(table)) {
        words.push(this.#everyByteAt + rank % 256, sets + layout.SET_BYTES * (rank - rank % 256));
      } else words.push(places + rank, sets);
      words.push(setOf(left[i]), setOf(right[i]));
    });
    return words;
  }
}
