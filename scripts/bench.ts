/**
 * `deno task bench [NAME …]`: the measurements in scripts/bench/, one after another.
 *
 * @module
 */
import { Argument, Command } from "commander";
import { runAsProgram } from "./run_command.ts";

const FOLDER = new URL("./bench/", import.meta.url);
const COLOURS = "NO_COLOR,FORCE_COLOR,CLICOLOR_FORCE,TERM";

/** Permissions of each measurement; those that are not here need none but to read the project. */
const PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  train: ["--allow-run", "--allow-write", "--allow-env=PATH," + COLOURS],
  consume: ["--allow-write"],
};

/** Command `bench`. */
export const benchCommand: Command = new Command("bench")
  .description("Measure, and print tables; without a name all that there is.")
  .addArgument(new Argument("[names...]", "measurements"))
  .option("--json <dir>", "write the figures to DIR/NAME.json too")
  .action(bench);

async function bench(names: string[], { json }: { json?: string }): Promise<void> {
  const known = await knownNames();
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(
      `Cannot measure as each name must be one of ${known.join(", ")}: current value is ${unknown}`,
    );
  }
  if (json !== undefined) await Deno.mkdir(json, { recursive: true });
  for (const name of names.length > 0 ? names : known) {
    console.log(`\n== ${name} ==`);
    const permissions = PERMISSIONS[name] ?? [];
    const { success } = await new Deno.Command("deno", {
      args: [
        "run",
        "--no-prompt",
        "--allow-read=.",
        ...permissions,
        ...(permissions.some((flag) => flag.startsWith("--allow-env")) ? [] : [`--allow-env=${COLOURS}`]),
        ...(json === undefined || permissions.includes("--allow-write") ? [] : [`--allow-write=${json}`]),
        new URL(`${name}.ts`, FOLDER).href,
        ...(json === undefined ? [] : ["--json", `${json}/${name}.json`]),
      ],
      stdin: "null",
    }).spawn().status;
    if (!success) Deno.exitCode = 1;
  }
}

async function knownNames(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isFile } of Deno.readDir(FOLDER)) {
    if (isFile && name.endsWith(".ts") && !name.endsWith("_test.ts")) names.push(name.slice(0, -3));
  }
  return names.sort();
}

if (import.meta.main) await runAsProgram(benchCommand);
