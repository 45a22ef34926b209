import { Command } from "commander";
import project from "../../../deno.json" with { type: "json" };
import { wholeNumber } from "../../cli/options/values.ts";
import { machineText, thisMachine } from "./machine.ts";
import { type Goal, goalText, type Report, type Table, textOf } from "./report.ts";

/** A number that says how much is measured. */
export interface Size {
  /** What it is the number of, for `--help`. */
  what: string;
  full: number;
  /** With `--quick`, which shows that a measurement runs: its figures are no result. */
  quick: number;
}

/** What a measurement is called, and how much of it there is. */
export interface BenchOptions {
  /** Its name, as `deno task bench NAME` has it. */
  name: string;
  description: string;
  /** Numbers that flags of the same names set, `rounds` among them. */
  sizes: Readonly<Record<string, Size>>;
  /** Adds further options. */
  options?(command: Command): void;
}

/** Takes what a measurement finds; each table is printed as it comes. */
export interface Findings {
  /** Adds a table. */
  table(table: Table): void;
  /** Adds how far a goal was reached. */
  goal(goal: Goal): void;
  /** Says why nothing, or no more, is measured here. */
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
      goal(goal) {
        report.goals.push(goal);
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
