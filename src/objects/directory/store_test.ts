import { assertEquals, assertRejects } from "../../testing/assert.ts";
import { objectsContract } from "../testing/contract.ts";
import { openDirectory } from "./store.ts";

const root = Deno.makeTempDirSync();
objectsContract("directory", {
  open: () => Promise.resolve(openDirectory(root)),
  openAbsent() {
    const absent = `${Deno.makeTempDirSync()}/objects`;
    return Promise.resolve({
      store: openDirectory(absent),
      vanish: () => Deno.remove(absent, { recursive: true }),
    });
  },
});

Deno.test("openDirectory() refuses keys that leave the directory", async () => {
  await using store = openDirectory(Deno.makeTempDirSync());
  for (const key of ["../a", "/etc/passwd", "", "a/../../b"]) {
    await assertRejects(() => store.put(key, new Uint8Array(), { sha256: "" }), RangeError, "object key");
    await assertRejects(() => store.get(key), RangeError);
  }
});

Deno.test("put() makes a folder anew that somebody has removed", async () => {
  const folder = Deno.makeTempDirSync();
  await using store = openDirectory(folder);
  await store.put("a/b/1", new Uint8Array([1]), { sha256: "" });
  await Deno.remove(`${folder}/a`, { recursive: true });
  assertEquals(await store.put("a/b/2", new Uint8Array([2]), { sha256: "" }), "created");
  assertEquals(Deno.statSync(`${folder}/a/b/2`).mode! & 0o777, 0o600, "for its owner alone");
});

Deno.test("list() passes over what a killed writer left", async () => {
  const folder = Deno.makeTempDirSync();
  await Deno.writeTextFile(`${folder}/.writing-1`, "half");
  await using store = openDirectory(folder);
  await store.put("a", new Uint8Array([1]), { sha256: "" });
  assertEquals(await Array.fromAsync(store.list("")), ["a"]);
});
