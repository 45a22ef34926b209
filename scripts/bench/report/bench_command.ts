import { Command } from "commander";
import project from "../../../deno.json" with { type: "json" };
import { wholeNumber } from "../../cli/options/values.ts";
import { machineText, thisMachine } from "./machine.ts";
import { type Goal, goalText, type Report, type Table, textOf } from "./report.ts";

/** How much is measured. */
export interface Size {
  /** For `--help`. */
  what: string;
  full: number;
  /** With `--quick`, which only shows that a measurement runs. */
  quick: number;
}

export interface BenchOptions {
  name: string;
  description: string;
  /** By the name of their flag, `rounds` among them. */
  sizes: Readonly<Record<string, Size>>;
  options?(command: Command): void;
}

/** Collects what a measurement finds; each table is printed as it comes. */
export interface Findings {
  table(table: Table): void;
  goal(what: string, reached: number, bound: Goal["bound"], must: number, unit: string): void;
  /** Why nothing, or no more, is measured here. */
  skip(reason: string): void;
}

/**
 * The command of a measurement: `--quick`, a flag for each size, and `--json FILE` for the whole report.
 *
 * @param measure Takes the figures; what it throws ends the command with exit code 1.
 * @typeParam Flags The sizes as numbers, and what further options set.
 */
export function benchCommand<Flags>(
  { name, description, sizes, options }: BenchOptions,
  measure: (flags: Flags, findings: Findings) => void | Promise<void>,
): Command {
  const command = new Command(`bench ${name}`).description(description)
    .option("--quick", "small sizes, to see that it runs: its figures are no result")
    .option("--json <file>", "write the report to a file, too");
  const entries = Object.entries(sizes);
  for (const [size, { what, full, quick }] of entries) {
    command.option(`--${size} <n>`, `${what} (default: ${full}, with --quick ${quick})`, wholeNumber(1));
  }
  options?.(command);
  return command.action(async (given) => {
    const chosen = entries.map(([size, { full, quick }]) =>
      [size, given[size] ?? (given.quick ? quick : full)] as const
    );
    const report: Report = {
      bench: name,
      startedAt: new Date().toISOString(),
      version: project.version,
      machine: thisMachine(),
      quick: given.quick ?? false,
      sizes: Object.fromEntries(chosen),
      tables: [],
      goals: [],
    };
    console.log(`${machineText(report.machine)}; ${report.startedAt}\n`);
    await measure({ ...given, ...report.sizes } as Flags, {
      table(table) {
        report.tables.push(table);
        console.log(`${textOf(table)}\n`);
      },
      goal(what, reached, bound, must, unit) {
        report.goals.push({ what, reached, must, bound, unit });
      },
      skip(reason) {
        report.skipped = reason;
        console.log(`skipped: ${reason}`);
      },
    });
    for (const goal of report.goals) console.log(goalText(goal));
    if (given.json !== undefined) {
      await Deno.writeTextFile(given.json, `${JSON.stringify(report, null, 2)}\n`);
    }
  });
}
