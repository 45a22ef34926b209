/**
 * Running a command of the command line: its errors in one line, its exit code.
 *
 * @module
 */
import { type Command, CommanderError } from "commander";
import project from "../../deno.json" with { type: "json" };
import { SettingsError } from "../../src/config.ts";
import { withoutSecrets } from "./launch/secrets.ts";

/** An error of whoever typed the command, such as a column that the file does not have: exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** What a command ends with: 0 done, 1 failed or a check said no, 2 wrong usage. */
export type ExitCode = 0 | 1 | 2;

/**
 * Parses the arguments, runs the command and returns the exit code.
 *
 * An error is printed to standard error as one line, `error: …`, with the stack where `--verbose` is given. The reader
 * of standard output going away, as with `| head`, ends the command without an error. A command that wants exit code 1
 * without an error sets `Deno.exitCode`.
 *
 * @param command Gets the options `--version` and `--verbose` here, and so do its subcommands.
 * @param args Arguments without the program's name.
 *
 * @example
 * ```ts
 * import { Command } from "commander";
 * import { assertEquals } from "../../src/testing/assert.ts";
 * import { runCommand } from "./run_command.ts";
 *
 * let greeted = "";
 * const greet = new Command("greet").argument("<name>").action((name) => void (greeted = name));
 * assertEquals([await runCommand(greet, ["you"]), greeted], [0, "you"]);
 * ```
 */
export async function runCommand(command: Command, args: string[] = Deno.args): Promise<ExitCode> {
  prepare(command);
  try {
    await command.parseAsync(args, { from: "user" });
    return Deno.exitCode === 0 ? 0 : 1;
  } catch (error) {
    if (error instanceof Deno.errors.BrokenPipe) return 0;
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return 0;
      if (error.code !== "commander.help") console.error(`Type the command with --help to see its options.`);
      return 2;
    }
    const verbose = args.includes("--verbose");
    console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
    if (verbose) console.error(error);
    if (error instanceof UsageError || error instanceof SettingsError) {
      console.error("Type the command with --help to see its options.");
      return 2;
    }
    if (!verbose) console.error("Add --verbose to see where it comes from.");
    return 1;
  }
}

/**
 * Runs a command as the program itself: with its arguments, ending with its exit code.
 *
 * The program ends with the command, whatever is still open: otherwise connections to a frozen server would keep it alive,
 * and its supervisor would not restart it.
 *
 * @param command What to run.
 */
export async function runAsProgram(command: Command): Promise<never> {
  const [name, ...args] = Deno.args;
  const named = command.commands.find((each) => each.name() === name);
  const { notes } = named === undefined ? withoutSecrets(command, Deno.args) : withoutSecrets(named, args);
  for (const note of notes) console.error(`note: ${note}`);
  Deno.exit(await runCommand(command));
}

function prepare(command: Command): void {
  command.exitOverride();
  withVersion(command);
  if (command.commands.length === 0 && !command.options.some((option) => option.long === "--verbose")) {
    command.option("--verbose", "print the stack of an error");
  }
  command.commands.forEach(prepare);
}

/** Gives a command `--version`, which prints the version of `deno.json`. */
export function withVersion(command: Command): Command {
  if (command.version() === undefined) command.version(project.version, "-V, --version", "print the version");
  return command;
}
