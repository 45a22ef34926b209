/**
 * Keeps the house: who imports whom, folder sizes, names. `rooms.ts` has the rules; the module graph is Deno's own.
 *
 * @module
 */
import { ENGINES } from "../../src/adapters.ts";
import { EMPTY_NAMES, isTest, MOST_FILES, PACKAGES, ROOMS } from "./rooms.ts";

const ROOT = new URL("../../", import.meta.url).href;
/** Who may import each package: what rooms.ts says, and each engine its own; bench measures the packages by themselves. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(
    Object.values(ENGINES).flatMap(({ engines }) =>
      engines.flatMap(({ home, packages }) => {
        const folder = home.slice(ROOT.length, home.lastIndexOf("/"));
        return packages.map((name) => [name, [folder, "scripts/bench", "scripts/harness"]] as const);
      })
    ),
  ),
  ...PACKAGES,
};

/** One import, as the module graph has it; paths from the root of the project, packages as they are written. */
export interface Edge {
  from: string;
  to: string;
  isType: boolean;
}

/**
 * Checks imports against the rooms.
 *
 * @returns What is wrong, a line each.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../src/testing/assert.ts";
 * import { lintEdges } from "./lint_rooms.ts";
 *
 * const edge = { from: "src/broker/a.ts", to: "src/ledger/b.ts", isType: false };
 * assertEquals(lintEdges([edge]), [
 *   "src/broker/a.ts imports src/ledger/b.ts, but src/broker may import src/domain, src/runtime",
 * ]);
 * ```
 */
export function lintEdges(edges: readonly Edge[]): string[] {
  const problems: string[] = [];
  for (const edge of edges) {
    const problem = /^(src|scripts|assembly)\//.test(edge.to) ? lintEdge(edge) : lintPackage(edge);
    if (problem !== undefined) problems.push(`${edge.from} imports ${edge.to}, ${problem}`);
  }
  return [...problems, ...lintCycles(edges)].sort();
}

function lintEdge({ from, to, isType }: Edge): string | undefined {
  if (from.startsWith("src/") && to.startsWith("scripts/")) return "but src imports nothing from scripts";
  if (isTest(from)) return;
  if (isTest(to)) {
    if (from.startsWith("scripts/")) return;
    return "which is for tests";
  }
  const [room, target] = [roomOf(from), roomOf(to)];
  if (room === undefined) return "but lies in no room of scripts/dev/rooms.ts";
  if (target === undefined) return "which lies in no room of scripts/dev/rooms.ts";
  if (room === target) return;
  const { may, types = [] } = ROOMS[room];
  const { onlyFor } = ROOMS[target];
  if (isType && lies(to, types)) return;
  if (onlyFor !== undefined && !isType && !lies(from, onlyFor)) {
    return `which is for ${onlyFor.join(", ")} alone`;
  }
  if (lies(to, may) || onlyFor !== undefined && lies(from, onlyFor)) return;
  const allowed = [may.join(", "), types.length > 0 ? `types of ${types.join(", ")}` : ""].filter(Boolean);
  return `but ${room} may import ${allowed.join(" and ") || "nothing"}`;
}

function lintPackage({ from, to }: Edge): string | undefined {
  if (isTest(from)) return;
  const name = Object.keys(OWNERS).find((each) => to === each || to.startsWith(`${each}/`));
  if (name === undefined) return to.startsWith("node:") ? undefined : "a package that rooms.ts does not name";
  return lies(from, OWNERS[name]) ? undefined : `which is for ${OWNERS[name].join(", ")} alone`;
}

/** Pairs of top folders that import each other's values. */
function lintCycles(edges: readonly Edge[]): string[] {
  const example = new Map<string, string>();
  for (const { from, to, isType } of edges) {
    if (isType || isTest(from) || !to.startsWith("src/")) continue;
    const [a, b] = [from, to].map((path) => path.split("/").slice(0, 2).join("/"));
    if (a !== b) example.set(`${a} ${b}`, `${from} imports ${to}`);
  }
  return [...example.keys()].filter((pair) => example.has(pair.split(" ").reverse().join(" ")))
    .map((pair) => `${pair.replace(" ", " and ")} import each other's values: ${example.get(pair)}`);
}

/**
 * Checks the sizes of folders and the names of files.
 *
 * @param paths Every source file, from the root of the project.
 * @returns What is wrong, a line each.
 */
export function lintPaths(paths: readonly string[]): string[] {
  const problems: string[] = [];
  const own = new Map<string, number>();
  for (const path of paths) {
    const folder = path.slice(0, path.lastIndexOf("/"));
    if (!isTest(path)) own.set(folder, (own.get(folder) ?? 0) + 1);
    if (path.split(/[/_.]/).some((part) => EMPTY_NAMES.test(part))) {
      problems.push(`${path} has a name that says nothing`);
    }
  }
  for (const [folder, files] of own) {
    if (files > MOST_FILES) problems.push(`${folder} has ${files} files of its own, more than ${MOST_FILES}`);
  }
  return problems.sort();
}

/** The room that a file lies in: the longest path that names it. */
function roomOf(path: string): string | undefined {
  return Object.keys(ROOMS).filter((room) => lies(path, [room])).sort((a, b) => b.length - a.length)[0];
}

function lies(path: string, places: readonly string[]): boolean {
  return places.some((place) => path === place || path.startsWith(`${place}/`));
}

interface GraphDependency {
  specifier: string;
  code?: { specifier?: string };
  type?: { specifier?: string };
}

/**
 * Reads who imports whom from `deno info --json`.
 *
 * @param root Folder of the project.
 * @param paths Files from the root.
 * @throws Error where Deno cannot make the graph.
 */
export async function readEdges(root: URL, paths: readonly string[]): Promise<Edge[]> {
  const entry = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    const imports = paths.map((path) => `import ${JSON.stringify(new URL(path, root).href)};`).join("\n");
    await Deno.writeTextFile(entry, imports);
    const { success, stdout, stderr } = await new Deno.Command("deno", {
      args: ["info", "--json", "--config", new URL("deno.json", root).pathname, entry],
      stdout: "piped",
      stderr: "piped",
    }).output();
    if (!success) {
      throw new Error(`Cannot read the module graph: deno info says ${new TextDecoder().decode(stderr)}`);
    }
    const { modules } = JSON.parse(new TextDecoder().decode(stdout));
    return edgesOf(modules, root.href);
  } finally {
    await Deno.remove(entry);
  }
}

function edgesOf(modules: { specifier: string; dependencies?: GraphDependency[] }[], root: string): Edge[] {
  const edges: Edge[] = [];
  for (const { specifier, dependencies = [] } of modules) {
    if (!specifier.startsWith(root)) continue;
    for (const { specifier: written, code, type } of dependencies) {
      // Words in a JSDoc comment can look like types of a package that is nowhere.
      const target = (code ?? type)?.specifier;
      if (target === undefined) continue;
      const to = target.startsWith(root) ? target.slice(root.length) : written;
      edges.push({ from: specifier.slice(root.length), to, isType: code === undefined });
    }
  }
  return edges;
}

/** Source files of the project, sorted. */
export async function sourcesBelow(root: URL, folders = ["src", "scripts", "assembly"]): Promise<string[]> {
  const paths: string[] = [];
  for (const folder of folders) {
    for await (const entry of Deno.readDir(new URL(folder, root))) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory && entry.name !== "testdata") paths.push(...await sourcesBelow(root, [path]));
      else if (entry.name.endsWith(".ts")) paths.push(path);
    }
  }
  return paths.sort();
}

/** Checks the whole project. */
export async function lintRooms(root: URL): Promise<string[]> {
  const paths = await sourcesBelow(root);
  const inGraph = paths.filter((path) => !path.startsWith("assembly/"));
  return [...lintPaths(paths), ...lintEdges(await readEdges(root, inGraph))];
}

if (import.meta.main) {
  const problems = await lintRooms(new URL("../../", import.meta.url));
  for (const problem of problems) console.error(`error: ${problem}`);
  if (problems.length > 0) Deno.exitCode = 1;
}
