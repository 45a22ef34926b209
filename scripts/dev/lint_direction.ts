/**
 * Keeps the directions of imports, the length of files and their names (`scripts/dev/rooms.ts` has the rules).
 *
 * @module
 */
import { dirname, join } from "node:path/posix";
import {
  ADAPTERS,
  EMPTY_NAMES,
  ENVIRONMENT,
  NOUNS,
  PURE,
  ROOMS,
  SHARED_PARTS,
  STAGES,
  TESTS,
  VENDORS,
} from "./rooms.ts";

const MOST_LINES = 300;
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s)?([^;"']*?)from\s+"([^"]+)"|\bimport\s*\(\s*"([^"]+)"\s*[,)]|(?:^|\n)import\s+"([^"]+)"/g;
/** Strings and comments, in which nothing counts but the string of an import. */
const TEXT = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
const ENVIRONMENT_USE = /\bDeno\.env\b|\bprocess\.env\b/;
const EFFECTS =
  /\bDeno\.|\bDate\.now\b|\bnew Date\(\)|\bperformance\.|\bMath\.random\b|\bfetch\(|\bconsole\./;
const EXPORTED =
  /^export (?:default )?(?:async |abstract )*(?:function\*?|class|const|let|interface|type|enum) (\w+)/gm;

/** One import of a file. */
interface Import {
  specifier: string;
  isType: boolean;
}

/**
 * Checks one file.
 *
 * @param path Path from the root of the project, with slashes, below `src/`, `scripts/` or `assembly/`.
 * @param text The file's text, as `deno fmt` writes it.
 * @returns What is wrong, a line each.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../src/testing/assert.ts";
 * import { lintFile } from "./lint_direction.ts";
 *
 * assertEquals(lintFile("src/broker/a.ts", 'import { claim } from "../ledger/ledger.ts";'), [
 *   "src/broker/a.ts imports src/ledger/ledger.ts, but broker may import sqlite.ts, thread.ts",
 * ]);
 * ```
 */
export function lintFile(path: string, text: string): string[] {
  const problems: string[] = [];
  const say = (problem: string) => problems.push(`${path} ${problem}`);
  const lines = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  if (lines > MOST_LINES) say(`has ${lines} lines, more than ${MOST_LINES}`);
  if (EMPTY_NAMES.test(path)) say("has a name that says nothing");
  for (const [, name] of text.matchAll(EXPORTED)) {
    if (EMPTY_NAMES.test(name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase())) {
      say(`exports ${name}, a name that says nothing`);
    }
  }
  const isTest = TESTS.test(path);
  const [top, room] = path.split("/");
  const code = text.replace(TEXT, (part) => part.startsWith("/") ? " " : '""');
  if (!isTest && ENVIRONMENT_USE.test(code) && !ENVIRONMENT.includes(path)) {
    say(`touches the environment, which only ${ENVIRONMENT.join(", ")} do`);
  }
  if (!isTest && top === "src" && PURE.includes(room) && EFFECTS.test(code)) {
    say(`uses clock, chance or runtime, but ${room} is pure`);
  }
  for (const { specifier, isType } of top === "assembly" ? [] : importsOf(text)) {
    if (specifier.startsWith(".")) lintImport(path, join(dirname(path), specifier), isType, say);
    else if (!isTest) lintPackage(path, specifier, say);
  }
  return problems;
}

function lintImport(path: string, target: string, isType: boolean, say: (problem: string) => void) {
  const isBench = path.startsWith("scripts/bench/");
  if (TESTS.test(path)) return;
  if (TESTS.test(target) && path.startsWith("src/")) return say(`imports ${target}, which is for tests`);
  const [from, to] = [path, target].map((each) => each.startsWith("src/") ? each.slice(4) : `../${each}`);
  if (ADAPTERS.test(to) && from !== "adapters.ts" && !isBench && !isSameAdapter(from, to)) {
    return say(`imports ${target}, an adapter that only src/adapters.ts chooses`);
  }
  if (!path.startsWith("src/")) return;
  const stage = STAGES.findIndex((files) => files.test(from));
  const targetStage = STAGES.findIndex((files) => files.test(to));
  if (!isType && stage >= 0 && targetStage >= 0 && stage !== targetStage) {
    say(`imports ${target}, another stage`);
  }
  const [room, targetRoom] = [from, to].map((each) => each.split("/")[0]);
  const rule = NOUNS.includes(from) ? { may: [] } : Object.hasOwn(ROOMS, room) ? ROOMS[room] : undefined;
  if (rule === undefined) return say("lies in no room that scripts/dev/rooms.ts names");
  if (room === targetRoom || NOUNS.includes(to) || rule.may.includes("*") && target.startsWith("src/")) {
    return;
  }
  const { may, types = [] } = rule;
  if ([...may, ...(isType ? types : [])].some((each) => each === targetRoom || each === to)) return;
  const allowed = [may.join(", "), types.length > 0 ? `types of ${types.join(", ")}` : ""].filter(Boolean);
  say(`imports ${target}, but ${room} may import ${allowed.join(" and ") || "nouns alone"}`);
}

function lintPackage(path: string, specifier: string, say: (problem: string) => void) {
  const vendors = VENDORS.filter(([vendor]) => vendor.test(specifier));
  if (vendors.length === 0) {
    if (!specifier.startsWith("node:")) {
      say(`imports ${specifier}, a package that scripts/dev/rooms.ts does not name`);
    }
  } else if (!vendors.some(([, files]) => files.test(path))) {
    say(`imports ${specifier}, which others alone do`);
  }
}

/** Whether both files are parts of one adapter, such as ledger/postgres.ts and ledger/postgres_writer.ts, or shared ones. */
function isSameAdapter(path: string, target: string): boolean {
  const name = (file: string) => file.split(/[_./]/).slice(0, 2).join("/");
  return name(path) === name(target) ||
    SHARED_PARTS.some(([files, adapters]) => files.test(target) && adapters.test(path));
}

/** The imports of a file: those in comments and in strings are none. */
function importsOf(text: string): Import[] {
  const strings: string[] = [];
  // Strings become their numbers, so that no text within one can look like an import.
  const code = text.replace(TEXT, (part) => {
    if (part.startsWith("/")) return " ";
    return `"${strings.push(part.slice(1, -1)) - 1}"`;
  });
  return [...code.matchAll(IMPORT)].map(([, type, names, from, dynamic, bare]) => ({
    specifier: strings[Number(from ?? dynamic ?? bare)],
    isType: type !== undefined || names !== undefined && isAllTypes(names),
  }));
}

/** Whether each of the names in braces is marked as a type. */
function isAllTypes(names: string): boolean {
  const inner = /^\s*\{([^}]*)\}\s*$/.exec(names)?.[1].split(",").filter((name) => name.trim() !== "");
  return inner !== undefined && inner.length > 0 && inner.every((name) => /^\s*type\s/.test(name));
}

/** Checks every file of `src/`, `scripts/` and `assembly/`. */
export async function lintDirection(root: URL): Promise<string[]> {
  const problems: string[] = [];
  for (const folder of ["src/", "scripts/", "assembly/"]) {
    for await (const path of filesBelow(new URL(folder, root), folder)) {
      problems.push(...lintFile(path, await Deno.readTextFile(new URL(path, root))));
    }
  }
  return problems.sort();
}

async function* filesBelow(folder: URL, prefix: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isDirectory) yield* filesBelow(new URL(`${entry.name}/`, folder), `${prefix}${entry.name}/`);
    else if (entry.name.endsWith(".ts")) yield prefix + entry.name;
  }
}

if (import.meta.main) {
  const problems = await lintDirection(new URL("../../", import.meta.url));
  for (const problem of problems) console.error(`error: ${problem}`);
  if (problems.length > 0) Deno.exitCode = 1;
}
