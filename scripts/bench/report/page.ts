/**
 * A report as a page of `.github/docs/measured/`: nothing on it is written by hand.
 *
 * @module
 */
import { FAULT_FIGURES, faultFigures, type RowResult } from "../../harness/faults/row.ts";
import { type Machine, machineText } from "./machine.ts";
import { cellsOf, type Goal, isReached, type Report, shown, type Table } from "./report.ts";

/** What `deno task test:services --json` leaves. */
export interface FaultReport {
  bench: "faults";
  /** RFC 3339. */
  startedAt: string;
  /** Version of the project that was measured. */
  version: string;
  machine: Machine;
  seed: number;
  quick: boolean;
  /** Whether the contract suites passed; undefined where they did not run. */
  contracts?: boolean;
  rows: RowResult[];
}

/**
 * A report in Markdown.
 *
 * @param command What made the report, for whoever wants to repeat it.
 *
 * @example
 * ```ts
 * import { assert } from "../../../src/testing/assert.ts";
 * import { pageOf } from "./page.ts";
 *
 * const machine = { cpu: "some", cores: 2, memoryGib: 24, target: "x86_64-unknown-linux-gnu", deno: "2.9.6", load: 0.1 };
 * const report = { bench: "decode", startedAt: "2026-12-01T00:00:00Z", version: "0.1.0", machine };
 * const page = pageOf({ ...report, sizes: { rounds: 3 }, quick: true, tables: [], goals: [] });
 * assert(page.includes("none is a result"));
 * ```
 */
export function pageOf(report: Report | FaultReport): string {
  const { bench, startedAt, version, machine, quick } = report;
  const title = "rows" in report ? "Fault matrix" : `Benchmark: ${bench}`;
  const parts = [
    `# ${title}`,
    "Written by `deno task measured` from the newest run. Do not edit.",
    list([
      ["Version", version],
      ["Started", startedAt],
      ["Machine", machineText(machine)],
      ["Made by", `\`${commandOf(report)}\``],
    ]),
  ];
  if (quick) parts.push("**This was a quick run: its figures show that it works, and none is a result.**");
  if ("rows" in report) return page([...parts, ...faultParts(report)]);
  if (report.skipped !== undefined) parts.push(wrapped(`**Not all was measured:** ${report.skipped}.`));
  parts.push(...report.tables.flatMap(tableParts));
  if (report.goals.length > 0) parts.push("## Goals", goalTable(report.goals));
  return page(parts);
}

/** The index of all pages, by name. */
export function indexOf(reports: readonly (Report | FaultReport)[]): string {
  const rows = reports.map(({ bench, startedAt, version, quick }) => [
    `[${bench}](${bench}.md)`,
    startedAt.slice(0, 10),
    version,
    quick ? "quick: no result" : "full",
  ]);
  return page([
    "# Measured",
    wrapped(
      "One page a benchmark, each of the newest run. `deno task bench NAME --json DIR` and " +
        "`deno task test:services --json DIR/faults.json` measure; `deno task measured DIR` writes these pages.",
    ),
    wrapped(
      "Machines are noisy: each figure is a median of interleaved rounds with its range. " +
        "Compare ratios of one run, never single figures of two.",
    ),
    tableText([["page", "date", "version", "run"], ...rows]),
  ]);
}

function page(parts: readonly string[]): string {
  return `${parts.join("\n\n")}\n`;
}

function commandOf(report: Report | FaultReport): string {
  if ("rows" in report) {
    return `deno task test:services ${report.quick ? "--quick " : ""}--seed ${report.seed}`;
  }
  const sizes = Object.entries(report.sizes).map(([name, value]) => `--${name} ${value}`);
  return ["deno task bench", report.bench, ...sizes].join(" ");
}

function tableParts(table: Table): string[] {
  return [
    `## ${table.title}`,
    tableText(cellsOf(table)),
    ...table.note === undefined ? [] : [wrapped(`Note: ${table.note}.`)],
  ];
}

function goalTable(goals: readonly Goal[]): string {
  return tableText([
    ["goal", "found", "wanted", ""],
    ...goals.map((goal) => {
      const digits = goal.must < 10 ? 2 : goal.must < 1000 ? 1 : 0;
      const [found, wanted] = [goal.reached, goal.must].map((value) =>
        `${shown(value, digits)} ${goal.unit}`
      );
      return [goal.what, found, `${goal.bound} ${wanted}`, isReached(goal) ? "reached" : "**missed**"];
    }),
  ]);
}

function faultParts({ rows, contracts }: FaultReport): string[] {
  const failed = rows.filter(({ ok, skipped }) => !ok && skipped === undefined);
  const suites = contracts === undefined ? "did not run" : contracts ? "passed" : "**failed**";
  return [
    wrapped(
      `${rows.length} rows, ${failed.length} failed; the contract suites ${suites}. Lost and doubled count records, ` +
        "verdicts and objects, by an independent look at ledger and store. Repeated alerts carry the same id.",
    ),
    tableText([
      [...FAULT_FIGURES, ""],
      ...rows.map((row) => [
        ...faultFigures(row),
        row.skipped !== undefined ? `skipped: ${row.skipped}` : row.ok ? "held" : "**failed**",
      ]),
    ]),
  ];
}

function list(entries: readonly (readonly [string, string])[]): string {
  return entries.map(([name, text]) => `- ${name}: ${text}`).join("\n");
}

/** Text in lines of at most 100 columns, where its words allow it. */
function wrapped(text: string): string {
  return text.replace(/(?=.{101})(.{1,100}) /g, "$1\n");
}

/** A table of Markdown; the first row is its head, columns of numbers stand to the right. */
function tableText(rows: readonly (readonly string[])[]): string {
  const [head, ...body] = rows.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const isNumber = head.map((_, i) => body.length > 0 && body.every((row) => /^-?[\d,.]*$/.test(row[i])));
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(isNumber.map((right) => right ? "--:" : "---")), ...body.map(line)].join("\n");
}
