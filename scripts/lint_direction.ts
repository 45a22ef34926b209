/**
 * Keeps the directions of imports, the length of files and their names (`scripts/rooms.ts` has the rules).
 *
 * @module
 */
import { dirname, join } from "node:path/posix";
import { ADAPTERS, COMMON, EMPTY_NAMES, ROOMS, STAGES, VENDORS } from "./rooms.ts";

const MOST_LINES = 300;
/** The one file of assembly/ that src/ shares. */
const SHARED = "../assembly/layout.ts";
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s+(type\s)?[^;"']*?from\s+"([^"]+)"|\bimport\s*\(\s*"([^"]+)"\s*\)|(?:^|\n)import\s+"([^"]+)"/g;

/** One import of a file. */
interface Import {
  specifier: string;
  isType: boolean;
}

/**
 * Checks one file of `src/`.
 *
 * @param path Path below `src/`, with slashes.
 * @param text The file's text.
 * @returns What is wrong, a line each.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../src/testing/assert.ts";
 * import { lintFile } from "./lint_direction.ts";
 *
 * assertEquals(lintFile("broker/a.ts", 'import { claim } from "../ledger/ledger.ts";'), [
 *   "src/broker/a.ts imports ledger/ledger.ts, which lies to its right",
 * ]);
 * ```
 */
export function lintFile(path: string, text: string): string[] {
  const problems: string[] = [];
  const say = (problem: string) => problems.push(`src/${path} ${problem}`);
  const lines = text.split("\n").length - 1;
  if (lines > MOST_LINES) say(`has ${lines} lines, more than ${MOST_LINES}`);
  if (EMPTY_NAMES.test(path)) say("has a name that says nothing");
  // Tests, suites and fixtures put things together as they need.
  const isTest = /(_test|contract|_fixture|_cases)\.ts$|^testing\//.test(path);
  const code = withoutComments(text);
  if (!isTest && path !== "config.ts" && /\bDeno\.env\b/.test(code)) {
    say("reads the environment, which only config.ts does");
  }
  for (const { specifier, isType } of importsOf(code)) {
    if (specifier.startsWith(".")) {
      const target = join(dirname(path), specifier);
      if (isTest || target === SHARED) continue;
      if (target.startsWith("..")) say(`imports ${specifier}, outside of src/`);
      else lintImport(path, target, isType, say);
    } else if (!isTest) {
      for (const [vendor, files] of VENDORS) {
        if (vendor.test(specifier) && !files.test(path)) {
          say(`imports ${specifier}, which its adapter alone does`);
        }
      }
    }
  }
  return problems;
}

function lintImport(path: string, target: string, isType: boolean, say: (problem: string) => void) {
  const [room, targetRoom] = [path, target].map((each) => each.split("/")[0]);
  const stage = STAGES.findIndex((files) => files.test(path));
  const targetStage = STAGES.findIndex((files) => files.test(target));
  if (!isType && stage >= 0 && targetStage >= 0 && stage !== targetStage) {
    say(`imports ${target}, another stage`);
  }
  const allowed = ROOMS[room]?.may ?? [];
  if (
    room !== targetRoom && !COMMON.includes(target) && !allowed.includes("*") &&
    !allowed.includes(targetRoom) &&
    ROOMS[room] !== undefined
  ) {
    say(`imports ${target}, which lies to its right`);
  }
  if (ADAPTERS.test(target) && path !== "adapters.ts" && !isSameAdapter(path, target)) {
    say(`imports ${target}, an adapter that only adapters.ts chooses`);
  }
}

/** Whether both files are parts of one adapter, such as ledger/postgres.ts and ledger/postgres_writer.ts. */
function isSameAdapter(path: string, target: string): boolean {
  const name = (file: string) => file.split(/[_./]/).slice(0, 2).join("/");
  return name(path) === name(target);
}

function importsOf(text: string): Import[] {
  return [...text.matchAll(IMPORT)].map(([, type, from, dynamic, bare]) => ({
    specifier: from ?? dynamic ?? bare,
    isType: type !== undefined,
  }));
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
}

/** Checks every file of src/, and the length of those in scripts/ and assembly/. */
export async function lintDirection(root: URL): Promise<string[]> {
  const problems: string[] = [];
  for (const folder of ["src/", "scripts/", "assembly/"]) {
    for await (const path of filesBelow(new URL(folder, root), "")) {
      const text = await Deno.readTextFile(new URL(folder + path, root));
      if (folder === "src/") problems.push(...lintFile(path, text));
      else if (text.split("\n").length - 1 > MOST_LINES) {
        problems.push(`${folder}${path} has more than ${MOST_LINES} lines`);
      }
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
  const problems = await lintDirection(new URL("../", import.meta.url));
  for (const problem of problems) console.error(`error: ${problem}`);
  if (problems.length > 0) Deno.exitCode = 1;
}
