import { assertEquals, assertRejects, assertStringIncludes } from "../../testing/assert.ts";
import { readPageModules } from "./modules.ts";

async function withFiles(files: Record<string, string>, run: (root: URL) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(`${folder}/${path}`.replace(/\/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(`${folder}/${path}`, text);
    }
    await run(new URL(`file://${folder}/`));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("readPageModules() reads what is imported, statically or not, once, and nothing else", async () => {
  const files = {
    "a/main.ts": 'import { b } from "../b.ts";\nconst later = () => import("./c.ts");\nexport { b, later };',
    "b.ts": 'import type { D } from "./d.ts";\nexport const b: D = 1;',
    "a/c.ts":
      'export { b } from "../b.ts"; // import "../secret.ts"\nexport const text = \'from "../secret.ts"\';',
    "d.ts": "export type D = number;",
    "secret.ts": "export const key = 1;",
  };
  await withFiles(files, async (root) => {
    const modules = await readPageModules(root, "a/main.ts");
    assertEquals([...modules.keys()].sort(), ["a/c.ts", "a/main.ts", "b.ts"]);
    assertStringIncludes(modules.get("b.ts")!, "export const b    = 1;");
  });
});

Deno.test("readPageModules() names packages by their path, from every depth and among themselves", async () => {
  const packages = new Map([
    ["one", { path: "npm/one.js", code: 'import { two } from "two";\nexport const one = two;' }],
    ["two", { path: "npm/two.js", code: "export const two = 2;" }],
  ]);
  const files = {
    "main.ts": 'import { one } from "one";\nimport "./deep/er/main.ts";\nexport default one;',
    "deep/er/main.ts": 'export const two = (await import("two")).two;',
  };
  await withFiles(files, async (root) => {
    const modules = await readPageModules(root, "main.ts", packages);
    assertEquals([...modules.keys()].sort(), ["deep/er/main.ts", "main.ts", "npm/one.js", "npm/two.js"]);
    assertStringIncludes(modules.get("main.ts")!, 'from "./npm/one.js"');
    assertStringIncludes(modules.get("npm/one.js")!, 'from "../npm/two.js"');
    assertStringIncludes(modules.get("deep/er/main.ts")!, 'import("../../npm/two.js")');
  });
});

for (
  const [what, code, mentions] of [
    ["an unknown package", 'import "node:fs";', "node:fs"],
    ["a file outside of the project", 'import "../out.ts";', "../out.ts"],
    ["an address", 'import "https://example.com/a.js";', "https://example.com/a.js"],
    ["a specifier that is no string", "export const load = (name: string) => import(name);", "no string"],
    ["a file that is not there", 'import "./absent.ts";', "absent.ts"],
  ]
) {
  Deno.test(`readPageModules() refuses ${what}`, async () => {
    await withFiles({ "main.ts": code }, async (root) => {
      await assertRejects(() => readPageModules(root, "main.ts"), Error, mentions);
    });
  });
}
