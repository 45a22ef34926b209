/**
 * `deno task ok`: the whole gate, a line a step; all steps run, and one that fails makes the exit code 1.
 *
 * @module
 */
import { Command } from "commander";
import { runAsProgram } from "../cli/run_command.ts";
import { sourcesBelow } from "./lint_rooms.ts";
import { isTest } from "./rooms.ts";

/** A step: its name, and the arguments of `deno`. */
type Step = readonly [name: string, ...args: string[]];

/** Command `ok`. */
export const okCommand: Command = new Command("ok")
  .description("Run the whole gate: fmt, lint, check, doc lint, room lint, reference, tests, doc tests.")
  .option("--no-tests", "leave the tests out")
  .action(ok);

async function ok({ tests }: { tests: boolean }): Promise<void> {
  const all = await sourcesBelow(new URL("../../", import.meta.url), ["src", "scripts"]);
  // What runs in the browser is checked against the browser's types, which would get into everything else.
  const [page, rest] = [true, false].map((isPage) =>
    all.filter((path) => path.startsWith("src/page/") === isPage)
  );
  const documented = all.filter((path) => path.startsWith("src/") && !isTest(path));
  const steps: Step[] = [
    ["fmt", "fmt", "--check", "--quiet"],
    ["lint", "lint", "--quiet"],
    ["check", "check", "--quiet", ...rest],
    ["check of the page", "check", "--quiet", ...page],
    ["doc lint", "doc", "--lint", "--quiet", ...documented],
    ["room lint", "run", "--allow-read", "--allow-write", "--allow-run=deno", "scripts/dev/lint_rooms.ts"],
    ["reference", "task", "--quiet", "reference", "--check"],
  ];
  if (tests) {
    steps.push(
      ["tests", "task", "--quiet", "test", "--reporter=dot"],
      ["doc tests", "task", "--quiet", "test:doc", "--reporter=dot"],
    );
  }
  let failed = 0;
  for (const step of steps) if (!await passes(step)) failed++;
  console.log(`${steps.length - failed} passed, ${failed} failed`);
  if (failed > 0) Deno.exitCode = 1;
}

/** Runs one step, and says in a line how it went; what a failed one printed follows. */
async function passes([name, ...args]: Step): Promise<boolean> {
  const startedAt = performance.now();
  const { success, stdout, stderr } = await new Deno.Command("deno", {
    args,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const printed = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  const problems = success ? "" : name === "doc lint" ? docProblems(printed) : printed;
  const isOk = success || problems === "";
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${isOk ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
  if (!isOk) console.error(problems || `${name} failed and printed nothing`);
  return isOk;
}

/** Files whose types follow from schemas of zod, or are preact's: nobody can write them down beside them. */
const INFERRED =
  /--> \S*src\/(http\/routes|page)\/|--> \S*src\/(forest\/manifest|decode\/definition\/definition)\.ts/;

/**
 * What `deno doc --lint` found, but for inferred types and for symbols without a docstring: it asks for one on every field,
 * while here a field has one only where name and type leave a question. The rule house/docstring asks for those of
 * functions and classes.
 */
function docProblems(printed: string): string {
  // deno-lint-ignore no-control-regex
  const plain = printed.replace(/\x1b\[[\d;]*m/g, "");
  const found = plain.split(/^(?=error)/m).filter((each) => each.startsWith("error"));
  const isLeftOut = (each: string) =>
    /^error(\[missing-jsdoc\]|: Found \d+ documentation)/.test(each) || INFERRED.test(each);
  return found.filter((each) => !isLeftOut(each)).join("");
}

if (import.meta.main) await runAsProgram(okCommand);
