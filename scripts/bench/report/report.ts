/**
 * What a measurement says: tables of figures with their spread, and how far goals were reached.
 *
 * @module
 */
import type { Machine } from "./machine.ts";
import { type Spread, spreadOf } from "./spread.ts";

export interface Line {
  /** What was measured: a value for each of the table's columns. */
  what: Record<string, string | number>;
  /** The figure, or why there is none. */
  figure: Spread | { missing: string };
}

export interface Table {
  title: string;
  unit: string;
  /** Digits after the decimal point (default 0). */
  digits?: number;
  lines: Line[];
  /** How they were taken, if a reader must know. */
  note?: string;
}

/** A figure, or a ratio of two figures of one run, that must reach a bound. */
export interface Goal {
  what: string;
  reached: number;
  must: number;
  bound: "at least" | "at most";
  /** Unit, `×` for a ratio. */
  unit: string;
}

/** All that one measurement found. */
export interface Report {
  bench: string;
  /** RFC 3339. */
  startedAt: string;
  version: string;
  machine: Machine;
  /** Whether sizes were small: no figure is a result. */
  quick: boolean;
  sizes: Record<string, number>;
  tables: Table[];
  goals: Goal[];
  /** Why something was not measured. */
  skipped?: string;
}

export function isReached({ reached, must, bound }: Goal): boolean {
  return bound === "at least" ? reached >= must : reached <= must;
}

/** A number as a table shows it, its digits in groups of three. */
export function shown(value: number, digits = 0): string {
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/**
 * A line for each case, with the spread of one value over its runs; cases without finite values are left out.
 *
 * @param whats What each case is, in the order of `runs`.
 */
export function linesOf<Run>(
  whats: readonly Line["what"][],
  runs: readonly (readonly Run[])[],
  valueOf: (run: Run, i: number) => number,
): Line[] {
  return whats.flatMap((what, i) => {
    const values = runs[i].map((run) => valueOf(run, i)).filter(Number.isFinite);
    return values.length === 0 ? [] : [{ what, figure: spreadOf(values) }];
  });
}

/**
 * A table as rows of cells, the header first; the last three columns are the figure, its range and the number of rounds.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../../src/testing/assert.ts";
 * import { cellsOf } from "./report.ts";
 * import { spreadOf } from "./spread.ts";
 *
 * const lines = [{ what: { by: "us" }, figure: spreadOf([1200, 1000, 1100]) }];
 * assertEquals(cellsOf({ title: "reading", unit: "records/s", lines }), [
 *   ["by", "records/s", "range", "rounds"],
 *   ["us", "1,100", "1,000 to 1,200", "3"],
 * ]);
 * ```
 */
export function cellsOf({ unit, digits = 0, lines }: Table): string[][] {
  const columns = Object.keys(lines[0]?.what ?? {});
  return [
    [...columns, unit, "range", "rounds"],
    ...lines.map(({ what, figure }) => {
      const named = columns.map((column) =>
        typeof what[column] === "number" ? shown(what[column]) : String(what[column] ?? "")
      );
      if ("missing" in figure) return [...named, "-", figure.missing, "0"];
      const range = `${shown(figure.least, digits)} to ${shown(figure.most, digits)}`;
      return [...named, shown(figure.median, digits), range, String(figure.values.length)];
    }),
  ];
}

/** A table as text in columns, for a terminal. */
export function textOf(table: Table): string {
  const cells = cellsOf(table);
  const widths = cells[0].map((_, i) => Math.max(...cells.map((row) => row[i].length)));
  const isNumber = cells[0].map((_, i) => cells.slice(1).every((row) => /^-?[\d,.]*$/.test(row[i])));
  const lines = cells.map((row) =>
    row.map((cell, i) => isNumber[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])).join("  ").trimEnd()
  );
  return [table.title, ...lines, ...(table.note === undefined ? [] : [table.note])].join("\n");
}

/** A goal as one line of text. */
export function goalText(goal: Goal): string {
  const digits = goal.must < 10 ? 2 : goal.must < 1000 ? 1 : 0;
  const [reached, must] = [goal.reached, goal.must].map((value) => `${shown(value, digits)} ${goal.unit}`);
  return `${
    isReached(goal) ? "reached" : "MISSED "
  }  ${goal.what}: ${reached}, must be ${goal.bound} ${must}`;
}
