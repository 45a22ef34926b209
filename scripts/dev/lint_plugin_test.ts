import { assertEquals } from "../../src/testing/assert.ts";
import plugin from "./lint_plugin.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const long = (lines: number) => `function f() {\n${"  f();\n".repeat(lines - 2)}}`;

const CASES: [what: string, path: string, code: string, rules: string[]][] = [
  ["70 lines", "src/forest/a.ts", long(70), []],
  ["71 lines", "src/forest/a.ts", long(71), ["house/function-length"]],
  ["71 lines in a test", "src/forest/a_test.ts", long(71), []],
  ["an exported function without a docstring", "src/forest/a.ts", "export function f() {}", [
    "house/docstring",
  ]],
  ["an exported function with one", "src/forest/a.ts", "/** Does f. */\nexport function f() {}", []],
  ["an exported interface without one", "src/forest/a.ts", "export interface A { b: number }", []],
  ["stilted words", "src/forest/a.ts", "// The state of late.", ["house/plain-words"]],
  ["late labels", "src/forest/a.ts", "// The count of late labels.", []],
  ["the environment", "src/forest/a.ts", 'Deno.env.get("A");', ["house/environment"]],
  ["the environment in its file", "src/config.ts", 'Deno.env.get("A");', []],
  ["a clock where all is pure", "src/features/a.ts", "Date.now();", ["house/purity"]],
  ["a clock in a comment", "src/features/a.ts", "// Date.now() is no part of it.", []],
  ["a clock elsewhere", "src/consumer/a.ts", "Date.now();", []],
  ["a date of a number", "src/features/a.ts", "new Date(0);", []],
];

for (const [what, path, code, rules] of CASES) {
  Deno.test(`house lint: ${what}${rules.length === 0 ? " passes" : ` is ${rules}`}`, () => {
    assertEquals(Deno.lint.runPlugin(plugin, ROOT + path, code).map(({ id }) => id), rules);
  });
}
