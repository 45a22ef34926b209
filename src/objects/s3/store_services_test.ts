import { Client } from "minio";
import { DeliveryError } from "../../runtime/delivery_error.ts";
import { assert, assertEquals, assertRejects } from "../../testing/assert.ts";
import { patience } from "../../testing/patience.ts";
import { openProxy } from "../../testing/proxy.ts";
import { needs } from "../../testing/services.ts";
import { objectsContract } from "../testing/contract.ts";
import { openMinioStore } from "./store.ts";
import type { ObjectStore } from "../objects.ts";
import { sha256Hex } from "../../runtime/sha256.ts";

const put = async (store: ObjectStore, key: string, bytes: Uint8Array) =>
  await store.put(key, bytes, { sha256: await sha256Hex(bytes) });

/** A bucket of its own that was not made yet. */
function openAbsentBucket(
  { host, port, url, user, password }: Record<"host" | "url" | "user" | "password", string> & {
    port: number;
  },
) {
  const fresh = new URL(url);
  const bucket = `test-${crypto.randomUUID()}`;
  fresh.pathname = `/${bucket}`;
  const store = openMinioStore(fresh, { requestTimeoutMs: 60_000, deadlineMs: 240_000 });
  const client = new Client({ endPoint: host, port, useSSL: false, accessKey: user, secretKey: password });
  const vanish = async () => {
    await client.removeObject(bucket, "a/b");
    await client.removeBucket(bucket);
  };
  return { store, vanish };
}

for (const server of ["minio", "seaweedfs"] as const) {
  const { services, ignore, reason, test } = await needs(server);
  objectsContract(`minio store on ${server}`, {
    open: () => Promise.resolve(openMinioStore(services[server].url)),
    // SeaweedFS makes a bucket with the first object, whether it is asked to or not.
    openAbsent: server === "minio" ? () => Promise.resolve(openAbsentBucket(services[server])) : undefined,
    skip: ignore ? reason : undefined,
  });

  /** The server's URL as a proxy at the port has it. */
  const urlOf = (port: number) => {
    const url = new URL(services[server].url);
    url.port = String(port);
    return url;
  };
  /** Keys of a test of their own, removed after it. */
  const openFolder = (store: ObjectStore) => {
    const folder = `test/${crypto.randomUUID()}`;
    return {
      folder,
      async [Symbol.asyncDispose]() {
        const left = (await Array.fromAsync(store.list(folder))).values();
        const workers = Array.from({ length: 8 }, async () => {
          for (const key of left) await store.delete(key);
        });
        await Promise.all(workers);
      },
    };
  };

  Deno.test({
    ...test(`${server}: keys beyond one page are listed, and keys of any text are kept`),
    async fn() {
      await using store = openMinioStore(services[server].url);
      await using kept = openFolder(store);
      const keys = Array.from({ length: 1100 }, (_, i) => `${kept.folder}/p/${String(i).padStart(5, "0")}`);
      const left = keys.values();
      const workers = Array.from({ length: 8 }, async () => {
        for (const key of left) await put(store, key, new Uint8Array([1]));
      });
      await Promise.all(workers);
      assertEquals(await Array.fromAsync(store.list(`${kept.folder}/p/`)), keys);
      const odd = `${kept.folder}/q/a b+c%20&=ß😀'().ndjson`;
      assertEquals(await put(store, odd, new Uint8Array([7])), "created");
      assertEquals(await Array.fromAsync(store.list(`${kept.folder}/q/`)), [odd]);
      assertEquals(await store.get(odd), new Uint8Array([7]));
    },
  });

  Deno.test({
    ...test(`${server}: a PUT whose answer is lost is repeated, and the object is there once and whole`),
    async fn() {
      let isArmed = false;
      let cuts = 0;
      await using proxy = openProxy({
        target: { hostname: services[server].host, port: services[server].port },
        inspect(_, towards) {
          if (!isArmed || towards === "target") return "pass";
          isArmed = false;
          cuts++;
          return "cut";
        },
      });
      await using store = openMinioStore(urlOf(proxy.port));
      await using kept = openFolder(store);
      await put(store, `${kept.folder}/first`, new Uint8Array([1]));
      const bytes = new Uint8Array(200_000).map((_, i) => i * 13);
      isArmed = true;
      assertEquals(await put(store, `${kept.folder}/second`, bytes), "exists");
      assertEquals([cuts, await store.get(`${kept.folder}/second`)], [1, bytes]);
    },
  });

  Deno.test({
    ...test(`${server}: a store comes back by itself after its server hung or was away`),
    async fn() {
      await using proxy = openProxy({
        target: { hostname: services[server].host, port: services[server].port },
      });
      const failures: unknown[] = [];
      await using store = openMinioStore(urlOf(proxy.port), {
        requestTimeoutMs: 300,
        deadlineMs: 1_000,
        onRetry: (error) => failures.push(error),
      });
      await using kept = openFolder(store);
      await put(store, `${kept.folder}/a`, new Uint8Array([1]));
      for (const fault of ["hold", "refuse"] as const) {
        const key = `${kept.folder}/${fault}`;
        proxy[fault]();
        const startedAt = performance.now();
        const error = await assertRejects(() => put(store, key, new Uint8Array([2])), DeliveryError);
        assertEquals(error.retriable, true);
        assert(performance.now() - startedAt < patience(3_000));
        assert(!error.message.includes(services[server].password));
        proxy.resume();
        proxy.cut();
        await put(store, key, new Uint8Array([2]));
        assertEquals(await store.get(key), new Uint8Array([2]));
      }
      assert(failures.length >= 2, `${failures.length} failures`);
    },
  });

  Deno.test({
    ...test(`${server}: objects are stored though this machine's clock is a day off, and is set right again`),
    async fn() {
      const TrueDate = Date;
      await using store = openMinioStore(services[server].url);
      await using kept = openFolder(store);
      for (const shiftMs of [-26 * 3_600_000, 26 * 3_600_000, 0]) {
        globalThis.Date = class extends TrueDate {
          constructor(...args: []) {
            super(...(args.length === 0 ? [TrueDate.now() + shiftMs] : args) as []);
          }
          static override now = () => TrueDate.now() + shiftMs;
        } as DateConstructor;
        try {
          const key = `${kept.folder}/${shiftMs}`;
          assertEquals(await put(store, key, new Uint8Array([3])), "created");
          assertEquals(await store.get(key), new Uint8Array([3]));
        } finally {
          globalThis.Date = TrueDate;
        }
      }
    },
  });
}
