import { type Command, InvalidArgumentError, Option } from "commander";
import { TIME_UNITS, type TimeUnit } from "../../../src/domain/time.ts";
import { UsageError } from "../run_command.ts";
import type { TableStyle } from "../../../src/table/read_cells.ts";

/** How the cells of a command's table are written. */
export interface TableStyleFlags extends TableStyle {
  timeUnit?: TimeUnit;
}

/** Adds the options that say how the cells of a table are written. */
export function tableStyleOptions(command: Command, { times = true } = {}): Command {
  command
    .option(
      "--delimiter <sign>",
      "what separates the cells of a CSV; tab for a tab (default: what fits header and rows)",
      delimiter,
    )
    .addOption(
      new Option("--decimal <sign>", "sign of fractions; the other one may then separate thousands")
        .choices([".", ","]),
    );
  if (!times) return command;
  return command.addOption(
    new Option("--time-unit <unit>", "unit of times that are numbers (default: by the size of the first)")
      .choices(TIME_UNITS),
  );
}

/** Refuses the options of a file in a command without one: throws UsageError. */
export function refuseStyleOptions(flags: TableStyleFlags, command: string): void {
  const given = (["delimiter", "decimal", "timeUnit"] as const).find((name) => flags[name] !== undefined);
  if (given === undefined) return;
  const option = given === "timeUnit" ? "time-unit" : given;
  throw new UsageError(`Cannot ${command} with --${option} as it needs a file: --input is not given`);
}

function delimiter(text: string): string {
  const sign = text === "tab" || text === "\\t" ? "\t" : text;
  if (/^[^\r\n"\ufeff]{1,8}$/.test(sign)) return sign;
  throw new InvalidArgumentError("It must be tab, or 1 to 8 characters without quotes and line ends.");
}
