import { assert, assertEquals } from "../../../src/testing/assert.ts";
import { billOfMaterials } from "./sbom.ts";

Deno.test("billOfMaterials() has each package of deno.lock once, with its hash", async () => {
  const lock = await Deno.readTextFile(new URL("../../../deno.lock", import.meta.url));
  const { components, metadata } = JSON.parse(billOfMaterials(lock, "1.2.3"));
  assertEquals(metadata.component.version, "1.2.3");
  const names = components.map(({ name, version }: { name: string; version: string }) =>
    `${name}@${version}`
  );
  assertEquals(new Set(names).size, names.length);
  for (const key of Object.keys(JSON.parse(lock).npm)) {
    assert(names.some((name: string) => key === name || key.startsWith(`${name}_`)), key);
  }
  const zod = components.find(({ name }: { name: string }) => name === "zod");
  assert(/^pkg:npm\/zod@\d/.test(zod.purl) && /^[0-9a-f]{128}$/.test(zod.hashes[0].content), zod.purl);
});
