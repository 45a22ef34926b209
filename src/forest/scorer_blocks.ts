import * as layout from "../../assembly/layout.ts";
import type { Forest } from "./forest.ts";
import { rankOf, roundDown } from "./rank.ts";
import type { MemoryImage } from "./scorer_image.ts";
import type { BlockPlan, Group, Section, Segment } from "./scorer_plan.ts";
import type { TreeProgram } from "./scorer_program.ts";

/** Addresses that the header holds of what blocks need. */
export interface BlockAddresses {
  /** First section. */
  sectionsAt: number;
  /** Values of operands. */
  valuesAt: number;
  /** Ranks of one block in one group. */
  groupRanksAt: number;
}

/**
 * Places a plan's sections, segments, tables and programs, as `assembly/layout.ts` says.
 *
 * @param image Where to place them.
 * @param forest The forest of the plan.
 * @param plan What `planBlocks` made of it.
 * @param leafLengths Path length of every leaf, by node.
 * @param maxRows Rows that one call can score.
 */
export function placeBlocks(
  image: MemoryImage,
  forest: Forest,
  plan: BlockPlan,
  leafLengths: Float64Array,
  maxRows: number,
): BlockAddresses {
  const groups = plan.sections.flatMap((section) =>
    section.segments.flatMap((segment) => segment.group ?? [])
  );
  const most = (sizes: number[]) => sizes.reduce((a, b) => Math.max(a, b), 0);
  const slots = most(groups.flatMap((group) => group.programs.map((program) => program.slots)));
  const values = new Uint8Array((layout.CONSTANTS + slots) * layout.BLOCK_ROWS);
  for (let constant = 0; constant < layout.CONSTANTS; constant++) {
    values.fill(constant, constant * layout.BLOCK_ROWS, (constant + 1) * layout.BLOCK_ROWS);
  }
  const ranksAt = image.reserve(2 * maxRows * most(plan.sections.map((section) => section.tables.size)));
  const writer = new SectionWriter(image, forest, leafLengths);
  return {
    valuesAt: image.place(values),
    groupRanksAt: image.reserve(layout.BLOCK_ROWS * most(groups.map((group) => group.features.length))),
    sectionsAt: image.place(
      Uint32Array.from(plan.sections.flatMap((section) => writer.section(section, ranksAt, 2 * maxRows))),
    ),
  };
}

class SectionWriter {
  readonly #image: MemoryImage;
  readonly #forest: Forest;
  readonly #leafLengths: Float64Array;

  constructor(image: MemoryImage, forest: Forest, leafLengths: Float64Array) {
    this.#image = image;
    this.#forest = forest;
    this.#leafLengths = leafLengths;
  }

  section({ tables, segments }: Section, ranksAt: number, ranksBytes: number): number[] {
    const columns = [...tables.keys()];
    const features = new DataView(new ArrayBuffer(layout.FEATURE_BYTES * columns.length));
    const ranksOf = new Map(columns.map((column, i) => [column, ranksAt + i * ranksBytes]));
    columns.forEach((column, i) => {
      const at = i * layout.FEATURE_BYTES;
      const table = tables.get(column)!;
      features.setUint32(at, column, true);
      features.setUint32(at + 4, this.#image.place(table.thresholds), true);
      features.setUint32(at + 8, this.#image.place(table.bucketStart), true);
      features.setUint32(at + 12, table.steps, true);
      features.setFloat32(at + 16, table.low, true);
      features.setFloat32(at + 20, table.scale, true);
      features.setFloat32(at + 24, table.bucketStart.length - 1, true);
      features.setUint32(at + 28, ranksOf.get(column)!, true);
    });
    const segmentList = Uint32Array.from(
      segments.flatMap((segment) => this.#segment(segment, tables, ranksOf)),
    );
    return [columns.length, this.#image.place(features), segments.length, this.#image.place(segmentList)];
  }

  #segment(
    { first, last, group }: Segment,
    tables: Section["tables"],
    ranksOf: Map<number, number>,
  ): number[] {
    if (!group) return [first, last, 0, 0, 0, 0];
    const features = Uint32Array.from(
      group.features.flatMap((column) => [ranksOf.get(column)!, this.#image.place(group.ranks.get(column)!)]),
    );
    return [
      first,
      last,
      group.features.length,
      this.#image.place(features),
      this.#image.place(this.#programs(group, tables)),
      this.#image.place(group.lengths),
    ];
  }

  #programs(group: Group, tables: Section["tables"]): Uint8Array<ArrayBuffer> {
    const selections = group.programs.reduce((sum, program) => sum + program.nodes.length, 0);
    const bytes = new DataView(
      new ArrayBuffer(layout.PROGRAM_BYTES * group.programs.length + layout.SELECTION_BYTES * selections),
    );
    const indexOf = new Map(Array.from(group.lengths, (length, i) => [length, i]));
    const valueOf = (operand: number): number =>
      layout.BLOCK_ROWS *
      (operand < 0 ? indexOf.get(this.#leafLengths[-1 - operand])! : layout.CONSTANTS + operand);
    const rankOfThreshold = (node: number): number => {
      const column = this.#forest.feature[node];
      return group.ranks.get(column)![rankOf(tables.get(column)!, roundDown(this.#forest.threshold[node]))];
    };
    const ranksAt = new Map(group.features.map((column, i) => [column, i * layout.BLOCK_ROWS]));
    let at = 0;
    for (const program of group.programs) {
      at = this.#program(bytes, at, program, valueOf, rankOfThreshold, ranksAt);
    }
    return new Uint8Array(bytes.buffer);
  }

  #program(
    bytes: DataView,
    start: number,
    program: TreeProgram,
    valueOf: (operand: number) => number,
    rankOfThreshold: (node: number) => number,
    ranksAt: Map<number, number>,
  ): number {
    bytes.setUint32(start, layout.SELECTION_BYTES * program.nodes.length, true);
    bytes.setUint32(start + 4, valueOf(program.result), true);
    let at = start + layout.PROGRAM_BYTES;
    program.nodes.forEach((node, i) => {
      bytes.setUint16(at, valueOf(program.left[i]), true);
      bytes.setUint16(at + 2, valueOf(program.right[i]), true);
      bytes.setUint16(at + 4, valueOf(program.slot[i]), true);
      bytes.setUint8(at + 6, rankOfThreshold(node));
      bytes.setUint32(at + 8, ranksAt.get(this.#forest.feature[node])!, true);
      at += layout.SELECTION_BYTES;
    });
    return at;
  }
}
