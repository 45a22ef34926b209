/**
 * The values of options among the arguments of a command, given as `--option value` or `--option=value`.
 *
 * Standard input and output (`-`) and empty values are left out.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../../src/testing/assert.ts";
 * import { namedBy } from "./named_by.ts";
 *
 * assertEquals(namedBy(["--log"], ["--log", "all", "--log=flagged", "--quiet"]), ["all", "flagged"]);
 * ```
 */
export function namedBy(options: readonly string[] = [], args: readonly string[]): string[] {
  const values: string[] = [];
  args.forEach((arg, i) => {
    for (const option of options) {
      if (arg === option && args[i + 1] !== undefined) values.push(args[i + 1]);
      else if (arg.startsWith(`${option}=`)) values.push(arg.slice(option.length + 1));
    }
  });
  return values.filter((value) => value !== "-" && value !== "");
}
