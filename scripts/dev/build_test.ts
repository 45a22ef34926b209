import { assert, assertEquals, assertRejects } from "../../src/testing/assert.ts";
import { buildModule } from "./build.ts";

const SOURCE = "export function double(x: i32): i32 { return 2 * x; }\n";

/** A project of one function in a folder that goes away with the test. */
async function withProject(test: (root: URL) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  const root = new URL(`file://${folder}/`);
  try {
    await Deno.mkdir(new URL("assembly", root));
    await Deno.writeTextFile(new URL("assembly/index.ts", root), SOURCE);
    for (const name of ["asconfig.json", "deno.json"]) {
      await Deno.copyFile(new URL(`../../${name}`, import.meta.url), new URL(name, root));
    }
    await test(root);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function callModule(root: URL, name: string, ...values: number[]): Promise<number> {
  const { instance } = await WebAssembly.instantiate(
    await Deno.readFile(new URL("build/edgewood.wasm", root)),
  );
  return (instance.exports[name] as (...values: number[]) => number)(...values);
}

Deno.test("buildModule() compiles what changed, and only that", async () => {
  await withProject(async (root) => {
    assert(await buildModule(root));
    assertEquals(await callModule(root, "double", 4), 8);
    assertEquals(await buildModule(root), undefined);
    assert(await buildModule(root, true), "force compiles");

    await Deno.writeTextFile(new URL("assembly/index.ts", root), SOURCE.replace("2 *", "3 *"));
    assert(await buildModule(root));
    assertEquals(await callModule(root, "double", 4), 12);
    assertEquals(await buildModule(root), undefined);

    const config = await Deno.readTextFile(new URL("asconfig.json", root));
    await Deno.writeTextFile(
      new URL("asconfig.json", root),
      config.replace('"shrinkLevel": 0', '"shrinkLevel": 1'),
    );
    assert(await buildModule(root), "the configuration changed");
  });
});

Deno.test("buildModule() makes a module or a record anew that was lost or cut off", async () => {
  await withProject(async (root) => {
    await buildModule(root);
    for (const name of ["build/edgewood.wasm", "build/edgewood.json"]) {
      const file = new URL(name, root);
      const bytes = await Deno.readFile(file);
      await Deno.writeFile(file, bytes.subarray(0, bytes.length >> 1));
      assert(await buildModule(root), `${name} was cut off`);
      await Deno.remove(file);
      assert(await buildModule(root), `${name} was lost`);
    }
    assertEquals(await callModule(root, "double", 5), 10);
  });
});

Deno.test("buildModule() says what does not compile and keeps the old module", async () => {
  await withProject(async (root) => {
    await buildModule(root);
    await Deno.writeTextFile(
      new URL("assembly/index.ts", root),
      "export function double(x: i32): i32 { return y; }\n",
    );
    await assertRejects(() => buildModule(root), Error, "Cannot find name 'y'");
    assertEquals(await callModule(root, "double", 6), 12);
  });
});

Deno.test("buildModule() is safe to run several times at once", async () => {
  await withProject(async (root) => {
    await Promise.all([1, 2, 3].map(() => buildModule(root)));
    assertEquals(await callModule(root, "double", 7), 14);
    assertEquals(await buildModule(root), undefined);
    const names = [];
    for await (const entry of Deno.readDir(new URL("build/", root))) names.push(entry.name);
    assertEquals(names.sort(), ["edgewood.json", "edgewood.wasm"]);
  });
});
