/**
 * `deno task COMMAND …`: runs scripts/commands/COMMAND.ts under the permissions that its own arguments ask for, and no other.
 *
 * The launcher reads the arguments and the settings, nothing else, and starts Deno. Standard input, output and error
 * are the command's, and so is the exit code; signals reach it.
 *
 * @module
 */
import { memoryBounds } from "./memory_bounds.ts";
import { COMMANDS } from "../../commands/list.ts";
import { permissionsFor } from "./permissions.ts";

const [command, ...args] = Deno.args;
const names = COMMANDS.map((each) => each.name());
if (!names.includes(command)) {
  console.error(
    `error: Cannot launch as the command must be one of ${names.join(", ")}: current value is ${command}`,
  );
  Deno.exit(2);
}
const script = new URL(`../../commands/${command}.ts`, import.meta.url).href;
const read = (name: string) => Deno.env.get(name);
const permissions = permissionsFor(command, args, read, realPath, (note) => console.error(`note: ${note}`));
const { flags, env } = memoryBounds(command, args, read);
const child = start();
// A terminal sends Ctrl-C to the command itself; a SIGTERM to the launcher has to be passed on.
Deno.addSignalListener("SIGINT", () => {});
Deno.addSignalListener("SIGTERM", () => child.kill("SIGTERM"));
const { code } = await child.status;
Deno.exit(code);

function start(): Deno.ChildProcess {
  try {
    return new Deno.Command("deno", {
      args: ["run", ...flags, ...permissions, script, ...args],
      env,
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
    }).spawn();
  } catch (error) {
    // Without a program of that name, Deno says that the permission to run it is missing.
    if (!(error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable)) throw error;
    console.error(
      `error: Cannot start ${command}: the program deno must be on PATH; \`deno task ${command}\` sees to that`,
    );
    Deno.exit(127);
  }
}

/** Where a path really is, if it is a link or lies below one; where that cannot be told, the command says why when it opens it. */
function realPath(path: string): string | undefined {
  try {
    return Deno.realPathSync(path);
  } catch {
    return undefined;
  }
}
