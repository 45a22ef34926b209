/**
 * `deno task ok`: the whole gate, a line a step; all steps run, and one that fails makes the exit code 1.
 *
 * @module
 */
import { Command } from "commander";
import { runAsProgram } from "../cli/run_command.ts";

/** A step: its name, and the arguments of `deno`. */
type Step = readonly [name: string, ...args: string[]];

/** Command `ok`. */
export const okCommand: Command = new Command("ok")
  .description("Run the whole gate: fmt, lint, check, doc lint, direction lint, tests, doc tests.")
  .option("--no-tests", "leave the tests out")
  .action(ok);

async function ok({ tests }: { tests: boolean }): Promise<void> {
  const sources = await filesBelow("src");
  const scripts = await filesBelow("scripts");
  // The fault harness drives scripts/services, whose types lie outside of src/.
  // The tests of the page have types of the browser's library in their signatures.
  // What runs in the browser is checked against the browser's types, which would get into everything else.
  const isPage = (path: string) => path.startsWith("src/page/");
  const documented = sources.filter((path) => !/_test\.ts$|\/testing\/fault_|\/page\/testing_/.test(path));
  const steps: Step[] = [
    ["fmt", "fmt", "--check", "--quiet"],
    ["lint", "lint", "--quiet"],
    ["check", "check", "--quiet", ...sources.filter((path) => !isPage(path)), ...scripts],
    ["check of the page", "check", "--quiet", ...sources.filter(isPage)],
    ["doc lint", "doc", "--lint", "--quiet", ...documented],
    [
      "direction lint",
      "run",
      "--no-prompt",
      "--allow-read=src,scripts,assembly",
      "scripts/dev/lint_direction.ts",
    ],
  ];
  if (tests) {
    steps.push(
      ["tests", "task", "--quiet", "test", "--reporter=dot"],
      ["doc tests", "task", "--quiet", "test:doc", "--reporter=dot"],
    );
  }
  let failed = 0;
  for (const [name, ...args] of steps) {
    const startedAt = performance.now();
    const { success, stdout, stderr } = await new Deno.Command("deno", {
      args,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).output();
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`${success ? "ok    " : "FAILED"} ${name} (${seconds} s)`);
    if (success) continue;
    failed++;
    await Deno.stderr.write(stdout);
    await Deno.stderr.write(stderr);
  }
  console.log(`${steps.length - failed} passed, ${failed} failed`);
  if (failed > 0) Deno.exitCode = 1;
}

async function filesBelow(folder: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory && entry.name !== "testdata") files.push(...await filesBelow(path));
    else if (entry.name.endsWith(".ts")) files.push(path);
  }
  return files.sort();
}

if (import.meta.main) await runAsProgram(okCommand);
