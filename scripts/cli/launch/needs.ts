import type { Command, Option } from "commander";
import type { ReadEnvironment } from "../../../src/config.ts";
import type { Permissions } from "../../../src/runtime/engine.ts";

/** A command that is about to start. */
export interface Launch {
  /** Values that the arguments give an option, in order; `-` and empty ones are left out. */
  values(option: string): string[];
  /** Whether the arguments hold an option without a value. */
  has(option: string): boolean;
  read: ReadEnvironment;
  isThere(path: string): boolean;
}

/** What a command, or one of its options, needs; arguments that are wrong are not an error here. */
export type Need = (launch: Launch) => Permissions | readonly Permissions[];

const NEEDS = new WeakMap<Command | Option, Need[]>();

/** Declares what a command or an option needs, besides what was declared before, and returns it. */
export function needing<T extends Command | Option>(of: T, need: Need): T {
  NEEDS.set(of, [...NEEDS.get(of) ?? [], need]);
  return of;
}

/** The needs of a command and its options, in the order in which they were declared. */
export function needsOf(command: Command): Need[] {
  return [command, ...command.options].flatMap((each) => NEEDS.get(each) ?? []);
}
