/**
 * What every object store must do, as tests that anyone can run against an adapter of their own.
 *
 * @module
 */
import { assertEquals, assertRejects } from "../../testing/assert.ts";
import { type ObjectStore, StoreAbsentError } from "../objects.ts";
import { sha256Hex } from "../../runtime/sha256.ts";

/** How to run the suite. */
export interface ObjectsContractOptions {
  /** Opens the store; called several times in one test, each time for the same store. */
  open(): Promise<ObjectStore>;
  /** Opens a store whose bucket or folder is not there, and says how it vanishes. */
  openAbsent?(): Promise<{ store: ObjectStore; vanish(): Promise<unknown> }>;
  skip?: string;
}

/** Registers the suite under a name. */
export function objectsContract(adapter: string, options: ObjectsContractOptions): void {
  const test = (name: string, fn: (store: ObjectStore, folder: string) => Promise<void>) =>
    Deno.test({
      name: `${adapter}: ${name}${options.skip ? ` (skipped: ${options.skip})` : ""}`,
      ignore: options.skip !== undefined,
      sanitizeResources: false,
      sanitizeOps: false,
      async fn() {
        await using store = await options.open();
        await store.make();
        await fn(store, `contract/${crypto.randomUUID()}`);
      },
    });
  const put = async (store: ObjectStore, key: string, bytes: Uint8Array) =>
    await store.put(key, bytes, { sha256: await sha256Hex(bytes) });
  const keys = (store: ObjectStore, prefix: string) => Array.fromAsync(store.list(prefix));

  test("get() returns the bytes that put() wrote, also from a second opening", async (store, folder) => {
    const bytes = new Uint8Array(300_000).map((_, i) => i * 7);
    assertEquals(await put(store, `${folder}/dt=2026-01-02/hour=03/a.ndjson`, bytes), "created");
    await using second = await options.open();
    assertEquals(await second.get(`${folder}/dt=2026-01-02/hour=03/a.ndjson`), bytes);
    assertEquals(await second.get(`${folder}/absent`), undefined);
  });

  test("put() leaves an existing object as it is", async (store, folder) => {
    assertEquals(await put(store, `${folder}/a`, new Uint8Array([1])), "created");
    assertEquals(await put(store, `${folder}/a`, new Uint8Array([1])), "exists");
    assertEquals(await put(store, `${folder}/a`, new Uint8Array([2, 3])), "exists");
    assertEquals(await store.get(`${folder}/a`), new Uint8Array([1]));
  });

  test("of many writers of one key exactly one creates it", async (store, folder) => {
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, i) => put(store, `${folder}/race`, new Uint8Array([i]))),
    );
    assertEquals(results.filter((result) => result === "created").length, 1);
  });

  test("list() yields the keys under a prefix in order, and delete() removes one", async (store, folder) => {
    const all = ["a/2", "a/1", "b=1/c", "a.x"].map((key) => `${folder}/${key}`);
    for (const key of all) await put(store, key, new Uint8Array([1]));
    assertEquals(await keys(store, `${folder}/`), [...all].sort());
    assertEquals(await keys(store, `${folder}/a/`), [`${folder}/a/1`, `${folder}/a/2`]);
    assertEquals(await keys(store, `${folder}/none/`), []);
    await store.delete(`${folder}/a/1`);
    await store.delete(`${folder}/a/1`);
    assertEquals(await keys(store, `${folder}/a/`), [`${folder}/a/2`]);
  });

  const { openAbsent } = options;
  if (openAbsent !== undefined) {
    test("put() refuses where the bucket or folder was never made, or vanished, and make() makes it", async () => {
      const { store, vanish } = await openAbsent();
      await using _ = store;
      for (const bytes of [new Uint8Array([1]), new Uint8Array([2])]) {
        assertEquals([await store.isThere(), await store.get("a/b"), await keys(store, "")], [
          false,
          undefined,
          [],
        ]);
        await store.delete("a/b");
        await assertRejects(() => put(store, "a/b", bytes), StoreAbsentError, "must be there");
        assertEquals(await store.isThere(), false);
        await Promise.all([store.make(), store.make()]);
        assertEquals([await store.isThere(), await put(store, "a/b", bytes)], [true, "created"]);
        assertEquals(await store.get("a/b"), bytes);
        await vanish();
      }
    });
  }

  test("put() takes an empty object", async (store, folder) => {
    assertEquals(await put(store, `${folder}/empty`, new Uint8Array()), "created");
    assertEquals((await store.get(`${folder}/empty`))?.length, 0);
  });
}
