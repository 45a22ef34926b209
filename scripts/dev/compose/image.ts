/**
 * Leaves in deno.json and deno.lock what the commands import, for the container image: no package of tests or of the build
 * is fetched then, and no start asks the registry for one. Run it in a copy of the project, after `build`.
 *
 * @module
 */
const PROGRAMS = ["scripts/cli/launch/launch.ts", "scripts/commands/edgewood.ts"];

interface Graph {
  modules: { dependencies?: { specifier: string }[] }[];
}

/** The imports of a configuration that some module of the programs names. */
export function usedImports(
  imports: Record<string, string>,
  graphs: readonly Graph[],
): Record<string, string> {
  const named = graphs.flatMap(({ modules }) =>
    modules.flatMap(({ dependencies = [] }) => dependencies.map(({ specifier }) => specifier))
  );
  const isUsed = (name: string) =>
    named.some((each) => name.endsWith("/") ? each.startsWith(name) : each === name);
  return Object.fromEntries(Object.entries(imports).filter(([name]) => isUsed(name)));
}

async function prune(): Promise<void> {
  const graphs = await Promise.all(
    PROGRAMS.map(async (path) => JSON.parse(await deno("info", "--json", path))),
  );
  const config = JSON.parse(await Deno.readTextFile("deno.json"));
  config.imports = usedImports(config.imports, graphs);
  // What is built is in the image.
  for (const task of Object.values<{ dependencies?: string[] }>(config.tasks)) delete task.dependencies;
  await Deno.writeTextFile("deno.json", JSON.stringify(config));
  const before = await lockedPackages();
  await deno("cache", "--quiet", "--frozen=false", ...PROGRAMS);
  const unknown = (await lockedPackages()).filter((name) => !before.includes(name));
  if (unknown.length > 0) throw new Error(`deno.lock must name ${unknown.join(", ")}: it does not`);
}

async function lockedPackages(): Promise<string[]> {
  return Object.keys(JSON.parse(await Deno.readTextFile("deno.lock")).npm);
}

async function deno(...args: string[]): Promise<string> {
  const { success, stdout } = await new Deno.Command("deno", { args, stderr: "inherit" }).output();
  if (!success) throw new Error(`deno ${args[0]} failed`);
  return new TextDecoder().decode(stdout);
}

if (import.meta.main) await prune();
