/**
 * `deno task COMMAND …`: runs scripts/commands/COMMAND.ts under the permissions that its own arguments ask for, and no other.
 *
 * The launcher reads the arguments and the settings, nothing else, and starts Deno. Standard input, output and error
 * are the command's, and so is the exit code; signals reach it.
 *
 * @module
 */

/** Commands that run until they are told to end: to end before they began is no failure. */
const ENDLESS = ["consume", "serve", "demo"];

let child: Deno.ChildProcess | undefined;
let isEnding = false;
// A terminal sends Ctrl-C to the command itself; a SIGTERM to the launcher has to be passed on, also one that comes early.
Deno.addSignalListener("SIGINT", () => {});
Deno.addSignalListener("SIGTERM", () => {
  isEnding = true;
  child?.kill("SIGTERM");
});

const [command, ...args] = Deno.args;
const { COMMANDS } = await import("../../commands/list.ts");
const names = COMMANDS.map((each) => each.name());
if (!names.includes(command)) {
  console.error(
    `error: Cannot launch as the command must be one of ${names.join(", ")}: current value is ${command}`,
  );
  Deno.exit(2);
}
const started = isEnding ? undefined : await start();
if (isEnding) started?.kill("SIGTERM");
const { code, signal } = await started?.status ?? { code: 143, signal: "SIGTERM" };
if (isEnding && signal === "SIGTERM" && ENDLESS.includes(command)) {
  console.error(`${command}: ended before it began`);
  Deno.exit(0);
}
// A command that only computes has no turn to say it.
if (signal === "SIGINT" || signal === "SIGTERM") console.error(`${command}: interrupted`);
Deno.exit(code);

async function start(): Promise<Deno.ChildProcess> {
  const { memoryBounds } = await import("./memory_bounds.ts");
  const { permissionsFor } = await import("./permissions.ts");
  const { withoutSecrets } = await import("./secrets.ts");
  const { withFiles } = await import("../../../src/config.ts");
  const note = (text: string) => console.error(`note: ${text}`);
  const permissions = permissionsFor(command, args, (name) => Deno.env.get(name), realPath, note);
  const { flags, env } = memoryBounds(command, args, settingOrNothing(withFiles()));
  const secrets = withoutSecrets(COMMANDS.find((each) => each.name() === command)!, args);
  secrets.notes.forEach(note);
  try {
    return child = new Deno.Command("deno", {
      args: [
        "run",
        ...flags,
        ...permissions,
        new URL(`../../commands/${command}.ts`, import.meta.url).href,
        ...secrets.args,
      ],
      env: { ...env, ...secrets.env },
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

function settingOrNothing(read: (name: string) => string | undefined): (name: string) => string | undefined {
  return (name) => {
    try {
      return read(name);
    } catch (error) {
      if (error instanceof TypeError) return undefined;
      throw error;
    }
  };
}

/** Where a path really is, if it is a link or lies below one; where that cannot be told, the command says why when it opens it. */
function realPath(path: string): string | undefined {
  try {
    return Deno.realPathSync(path);
  } catch {
    return undefined;
  }
}
