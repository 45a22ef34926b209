import { createRankTable, type RankTable, roundDown } from "./rank.ts";
import type { Forest } from "../forest.ts";
import type { TreeProgram } from "./program.ts";

/** Trees one after another that are scored in the same way: in blocks, or by walking. */
export interface Segment {
  /** First tree. */
  first: number;
  /** The tree after the last one. */
  last: number;
  /** One program a tree; none if they are walked. */
  programs?: TreeProgram[];
}

/** Trees whose thresholds are ranked together. */
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
  /** Least number of rows for which a block pays, at most the rows of a block. */
  leastRows: number;
}

/** Distinct float32 thresholds by column. */
type Thresholds = Map<number, Set<number>>;

/** Most leaves of a tree: their numbers have two bytes. */
const LEAVES = 65_536;
/** Thresholds of a section from which on a new one begins, so that what is kept of them stays in the cache. */
const SECTION_THRESHOLDS = 32_768;
/** Most thresholds of one feature in a section: a rank has two bytes. */
const FEATURE_THRESHOLDS = 65_535;

/** Nanoseconds a row as `deno task bench scorer` finds them on x86-64; only their ratios matter. */
const COST = { node: 0.019, program: 0.7, feature: 3, threshold: 0.003, step: 1.1, walk: 0.1 };

/**
 * Plans how to score a forest in blocks: leaves trees that are too large, or cheaper to walk, to the walk, and keeps the
 * order of the trees.
 *
 * @param forest A forest that `checkForest` accepts.
 * @param programs One program a tree, as `compileTree` makes them.
 * @param blockRows Rows that a block holds.
 */
export function planBlocks(forest: Forest, programs: readonly TreeProgram[], blockRows: number): BlockPlan {
  const builder = new PlanBuilder();
  let walkCost = 0;
  programs.forEach((program, tree) => {
    const cost = COST.walk + COST.step * meanDepth(forest, tree);
    walkCost += cost;
    builder.add(forest, tree, program, cost);
  });
  const sections = builder.finish();
  if (builder.cost >= walkCost) return { sections: [], leastRows: blockRows };
  return { sections, leastRows: Math.max(1, Math.ceil(blockRows * builder.cost / walkCost)) };
}

/** Mean number of steps that a training row takes in a tree. */
function meanDepth(forest: Forest, tree: number): number {
  const [start, end] = [forest.treeStart[tree], forest.treeStart[tree + 1]];
  let steps = 0;
  for (let node = start; node < end; node++) if (forest.feature[node] >= 0) steps += forest.nSamples[node];
  return steps / forest.nSamples[start];
}

/** Adds tree by tree to the open segment of the open section, or closes them where the tree does not fit. */
class PlanBuilder {
  /** Nanoseconds a row of the plan so far. */
  cost = 0;
  readonly #sections: Section[] = [];
  #thresholds: Thresholds = new Map();
  #segments: Segment[] = [];

  add(forest: Forest, tree: number, program: TreeProgram, walkCost: number): void {
    const { nodes, lengths } = program;
    const blockCost = COST.program + COST.node * nodes.length;
    if (blockCost >= walkCost || lengths.length > LEAVES) {
      this.cost += walkCost;
      const before = this.#segments.at(-1);
      if (before && !before.programs) before.last = tree + 1;
      else this.#segments.push({ first: tree, last: tree + 1 });
      return;
    }
    this.cost += blockCost;
    const thresholds = thresholdsOf(forest, nodes);
    if (!this.#fits(thresholds)) this.#closeSection();
    const before = this.#segments.at(-1);
    if (before?.programs) {
      before.last = tree + 1;
      before.programs.push(program);
    } else this.#segments.push({ first: tree, last: tree + 1, programs: [program] });
    for (const [feature, values] of thresholds) {
      this.#thresholds.set(feature, this.#thresholds.get(feature)?.union(values) ?? values);
    }
  }

  finish(): Section[] {
    this.#closeSection();
    return this.#sections;
  }

  /** Whether the open section may have these thresholds too; an empty one may have any. */
  #fits(more: Thresholds): boolean {
    if (this.#thresholds.size === 0) return true;
    let total = 0;
    for (const values of this.#thresholds.values()) total += values.size;
    for (const [feature, values] of more) {
      total += values.size;
      if (values.size + (this.#thresholds.get(feature)?.size ?? 0) > FEATURE_THRESHOLDS) return false;
    }
    return total <= SECTION_THRESHOLDS;
  }

  #closeSection(): void {
    if (this.#segments.length === 0) return;
    const tables = new Map<number, RankTable>();
    for (const [feature, values] of this.#thresholds) {
      tables.set(feature, createRankTable(Float32Array.from(values).sort()));
      this.cost += COST.feature + COST.threshold * values.size;
    }
    this.#sections.push({ tables, segments: this.#segments });
    this.#thresholds = new Map();
    this.#segments = [];
  }
}

function thresholdsOf(forest: Forest, nodes: number[]): Thresholds {
  const thresholds: Thresholds = new Map();
  for (const node of nodes) {
    const feature = forest.feature[node];
    let ofFeature = thresholds.get(feature);
    if (!ofFeature) thresholds.set(feature, ofFeature = new Set());
    ofFeature.add(roundDown(forest.threshold[node]));
  }
  return thresholds;
}
