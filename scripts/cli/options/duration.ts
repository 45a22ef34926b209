import { InvalidArgumentError, Option } from "commander";

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Reads a duration for commander's `option`: a number and `ms`, `s`, `m`, `h` or `d`.
 *
 * @returns Milliseconds.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../../src/testing/assert.ts";
 * import { duration } from "./duration.ts";
 *
 * assertEquals(duration("7d"), 7 * 86_400_000);
 * ```
 */
export function duration(text: string): number {
  const fields = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text);
  if (fields === null) {
    throw new InvalidArgumentError(
      `It must be a number and ms, s, m, h or d, such as 7d: current value is ${text}`,
    );
  }
  return Math.round(Number(fields[1]) * UNITS_MS[fields[2]]);
}

/**
 * An option that is a duration, with a default that the help shows as a person writes it.
 *
 * @param flags As `--label-delay <time>`.
 * @param standard The default, such as 7d.
 */
export function durationOption(flags: string, description: string, standard: string): Option {
  return new Option(flags, description).argParser(duration).default(duration(standard), standard);
}
