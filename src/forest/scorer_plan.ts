import { createRankTable, type RankTable, roundDown } from "./rank.ts";
import type { Forest } from "./forest.ts";
import { compileTree, type TreeProgram } from "./scorer_program.ts";

/** Trees that share ranks of one byte: at most 255 distinct thresholds a feature and 256 distinct path lengths. */
export interface Group {
  /** Columns whose thresholds the group compares with. */
  features: number[];
  /** By column: rank in the section to rank in the group less 128, as one byte. */
  ranks: Map<number, Uint8Array>;
  /** Path lengths that a tree's result points at, in edges. */
  lengths: Float64Array;
  /** One program a tree. */
  programs: TreeProgram[];
}

/** Trees one after another that are scored in the same way: in blocks, if they form a group, or by walking. */
export interface Segment {
  /** First tree. */
  first: number;
  /** The tree after the last one. */
  last: number;
  /** What blocks need. */
  group?: Group;
}

/** Trees whose thresholds are ranked together, so that the tables of their groups stay small. */
export interface Section {
  /** By column: table of the section's thresholds. */
  tables: Map<number, RankTable>;
  /** The section's trees in order. */
  segments: Segment[];
}

/** How a forest is scored in blocks of rows. */
export interface BlockPlan {
  /** All trees in order; none if walking is quicker at any number of rows. */
  sections: Section[];
  /** Least number of rows for which blocks pay, at most the rows that they score at a time. */
  leastRows: number;
}

/** Distinct float32 thresholds by column. */
type Thresholds = Map<number, Set<number>>;

const GROUP_THRESHOLDS = 255;
const GROUP_LENGTHS = 256;
const SECTION_THRESHOLDS = 4096;

/** Nanoseconds a row as `deno task bench scorer` finds them on x86-64; only their ratios matter. */
const COST = { selection: 0.04, program: 0.7, sectionRank: 2.5, groupRank: 0.6, step: 1.2, walk: 1 };

/**
 * Plans how to score a forest in blocks: forms groups of consecutive trees, leaves trees that are too large for a
 * group, or cheaper to walk, to the walk, and keeps the order of the trees.
 *
 * @param forest A forest that `checkForest` accepts.
 * @param leafLengths Path length of every leaf, by node.
 * @param unitRows Rows that blocks score at a time at least.
 */
export function planBlocks(forest: Forest, leafLengths: Float64Array, unitRows: number): BlockPlan {
  const builder = new PlanBuilder(leafLengths);
  let walkCost = 0;
  for (let tree = 0; tree + 1 < forest.treeStart.length; tree++) {
    const cost = COST.walk + COST.step * meanDepth(forest, tree);
    walkCost += cost;
    builder.add(forest, tree, cost);
  }
  const sections = builder.finish();
  if (builder.cost >= walkCost) return { sections: [], leastRows: unitRows };
  return { sections, leastRows: Math.max(1, Math.ceil(unitRows * builder.cost / walkCost)) };
}

/** Mean number of steps that a training row takes in a tree. */
function meanDepth(forest: Forest, tree: number): number {
  const [start, end] = [forest.treeStart[tree], forest.treeStart[tree + 1]];
  let steps = 0;
  for (let node = start; node < end; node++) if (forest.feature[node] >= 0) steps += forest.nSamples[node];
  return steps / forest.nSamples[start];
}

interface OpenGroup {
  segment: Segment;
  thresholds: Thresholds;
  lengths: Set<number>;
  programs: TreeProgram[];
}

/** Adds tree by tree to the open group of the open section, or closes them where the tree does not fit. */
class PlanBuilder {
  /** Nanoseconds a row of the plan so far. */
  cost = 0;
  readonly #leafLengths: Float64Array;
  readonly #sections: Section[] = [];
  #sectionThresholds: Thresholds = new Map();
  #segments: Segment[] = [];
  #groups: OpenGroup[] = [];
  #open: OpenGroup | undefined;

  constructor(leafLengths: Float64Array) {
    this.#leafLengths = leafLengths;
  }

  add(forest: Forest, tree: number, walkCost: number): void {
    const program = compileTree(forest, tree, this.#leafLengths);
    const blockCost = COST.program + COST.selection * program.nodes.length;
    const thresholds: Thresholds = new Map();
    for (const node of program.nodes) {
      const feature = forest.feature[node];
      let ofFeature = thresholds.get(feature);
      if (!ofFeature) thresholds.set(feature, ofFeature = new Set());
      ofFeature.add(roundDown(forest.threshold[node]));
    }
    const lengths = new Set(leavesOf(program).map((leaf) => this.#leafLengths[leaf]));
    if (
      blockCost >= walkCost || !fits(thresholds, new Map(), GROUP_THRESHOLDS) || lengths.size > GROUP_LENGTHS
    ) {
      this.cost += walkCost;
      const before = this.#segments.at(-1);
      if (before && !this.#open) before.last = tree + 1;
      else this.#segments.push({ first: tree, last: tree + 1 });
      this.#open = undefined;
      return;
    }
    this.cost += blockCost;
    if (!fits(thresholds, this.#sectionThresholds, SECTION_THRESHOLDS)) this.#closeSection();
    if (
      !this.#open || !fits(thresholds, this.#open.thresholds, GROUP_THRESHOLDS) ||
      this.#open.lengths.union(lengths).size > GROUP_LENGTHS
    ) {
      this.#open = {
        segment: { first: tree, last: tree },
        thresholds: new Map(),
        lengths: new Set(),
        programs: [],
      };
      this.#segments.push(this.#open.segment);
      this.#groups.push(this.#open);
    }
    this.#open.segment.last = tree + 1;
    this.#open.programs.push(program);
    for (const length of lengths) this.#open.lengths.add(length);
    addAll(thresholds, this.#open.thresholds);
    addAll(thresholds, this.#sectionThresholds);
  }

  finish(): Section[] {
    this.#closeSection();
    return this.#sections;
  }

  #closeSection(): void {
    if (this.#segments.length === 0) return;
    const tables = new Map<number, RankTable>();
    for (const [feature, values] of this.#sectionThresholds) {
      tables.set(feature, createRankTable(Float32Array.from(values).sort()));
    }
    this.cost += COST.sectionRank * tables.size;
    for (const open of this.#groups) {
      this.cost += COST.groupRank * open.thresholds.size;
      open.segment.group = {
        features: [...open.thresholds.keys()],
        ranks: new Map([...open.thresholds].map(([feature, values]) => [
          feature,
          groupRanks(tables.get(feature)!, values),
        ])),
        lengths: Float64Array.from(open.lengths),
        programs: open.programs,
      };
    }
    this.#sections.push({ tables, segments: this.#segments });
    this.#sectionThresholds = new Map();
    this.#segments = [];
    this.#groups = [];
    this.#open = undefined;
  }
}

function leavesOf(program: TreeProgram): number[] {
  return [program.result, ...program.left, ...program.right].filter((operand) => operand < 0).map((leaf) =>
    -1 - leaf
  );
}

/** Whether no column has more thresholds than allowed when both are put together. */
function fits(more: Thresholds, thresholds: Thresholds, most: number): boolean {
  for (const [feature, values] of more) {
    const before = thresholds.get(feature);
    let size = before?.size ?? 0;
    for (const value of values) if (!before?.has(value)) size++;
    if (size > most) return false;
  }
  return true;
}

function addAll(more: Thresholds, thresholds: Thresholds): void {
  for (const [feature, values] of more) {
    const before = thresholds.get(feature);
    if (before) { for (const value of values) before.add(value); }
    else thresholds.set(feature, new Set(values));
  }
}

/** Table from the rank of a value in the section to its rank among the thresholds of a group, less 128. */
function groupRanks(table: RankTable, thresholds: Set<number>): Uint8Array {
  const total = table.thresholds.length - 2 ** table.steps;
  const ranks = new Uint8Array(total + 1);
  let below = 0;
  for (let rank = 0; rank <= total; rank++) {
    ranks[rank] = below ^ 128;
    if (thresholds.has(table.thresholds[rank])) below++;
  }
  return ranks;
}
