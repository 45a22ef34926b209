/**
 * `deno task bench [NAME …]`: the measurements in scripts/bench/, one after another, each under permissions of its own.
 *
 * @module
 */
import { Argument, Command } from "commander";
import { onInterrupt } from "../cli/on_interrupt.ts";
import { wholeNumber } from "../cli/options/values.ts";
import { benchNames, runBench } from "../bench/report/run_bench.ts";
import { runAsProgram, UsageError } from "../cli/run_command.ts";

interface BenchFlags {
  json?: string;
  quick?: boolean;
  rounds?: number;
  records?: number;
}

/** Command `bench`. */
export const benchCommand: Command = new Command("bench")
  .description("Measure, and print tables; without a name all that there is.")
  .addArgument(new Argument("[names...]", "measurements"))
  .option("--quick", "small sizes, to see that it runs: its figures are no result")
  .option("--rounds <n>", "rounds a figure is the median of", wholeNumber(1))
  .option("--records <n>", "records, or rows, of one round", wholeNumber(1))
  .option("--json <dir>", "write each report to DIR/NAME.json too")
  .addHelpText(
    "after",
    `\nMeasurements: ${
      (await benchNames()).join(", ")
    }.\nOptions of its own follow a name; deno run scripts/bench/NAME.ts --help lists them.`,
  )
  .allowUnknownOption()
  .action(bench);

async function bench(words: string[], { json, ...sizes }: BenchFlags): Promise<void> {
  const known = await benchNames();
  const firstOption = words.findIndex((word) => word.startsWith("-"));
  const names = firstOption < 0 ? words : words.slice(0, firstOption);
  const own = firstOption < 0 ? [] : words.slice(firstOption);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new UsageError(
      `Cannot measure as each name must be one of ${known.join(", ")}: current value is ${unknown}`,
    );
  }
  if (json !== undefined) await Deno.mkdir(json, { recursive: true });
  const flags = Object.entries(sizes).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, String(value)]
  );
  const ending = new AbortController();
  for (const name of names.length > 0 ? names : known) {
    using _ = onInterrupt("bench", () => {
      ending.abort();
      return `in ${name}: its figures are not printed`;
    });
    console.log(`\n== ${name} ==`);
    const code = await runBench(name, [...flags, ...own], { folder: json, signal: ending.signal });
    if (code === 2) throw new UsageError(`Cannot measure ${name} as its options must be its own`);
    if (code !== 0) Deno.exitCode = 1;
  }
}

if (import.meta.main) await runAsProgram(benchCommand);
