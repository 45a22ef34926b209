/** The object relay on PostgreSQL and S3 servers: what a failover or a deletion takes away comes back. */
import { Client } from "minio";
import { openPostgresLedger } from "../ledger/postgres/ledger.ts";
import { openPool, postgres } from "../ledger/postgres/testing/database.ts";
import { openMinioStore } from "../objects/s3/store.ts";
import { assert, assertEquals, assertRejects } from "../testing/assert.ts";
import { needs } from "../testing/services.ts";
import { ownsObjects } from "./own_objects.ts";
import { drain, ObjectRelayFixture, PARTITION, TOPIC } from "./testing/object_relay.ts";

const minio = await needs("minio");

/** An empty database, and copies of it. */
async function openDatabases() {
  await using admin = openPool("public");
  const base = `relay_${crypto.randomUUID().slice(0, 8)}`;
  const names = [base, `${base}_copy`];
  await admin.query(`CREATE DATABASE ${names[0]}`);
  const open = (name: string) => {
    const url = new URL(postgres.services.postgres.url);
    url.pathname = name;
    return openPostgresLedger(url);
  };
  return {
    open: () => open(names[0]),
    openCopy: () => open(names[1]),
    async copy() {
      await using pool = openPool("public");
      await pool.query(`CREATE DATABASE ${names[1]} TEMPLATE ${names[0]}`);
    },
    async [Symbol.asyncDispose]() {
      await using pool = openPool("public");
      for (const name of names) await pool.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
}

function openBucket() {
  const { host, port, url, user, password } = minio.services.minio;
  const bucket = `relay-${crypto.randomUUID().slice(0, 8)}`;
  const own = new URL(url);
  own.pathname = `/${bucket}`;
  const client = new Client({ endPoint: host, port, useSSL: false, accessKey: user, secretKey: password });
  const store = openMinioStore(own);
  const vanish = async () => {
    for await (const key of store.list("")) await store.delete(key);
    await client.removeBucket(bucket);
  };
  return { store, vanish };
}

Deno.test({
  ...(postgres.ignore ? postgres : minio).test(
    "objectStep() gets through a failover of PostgreSQL that lost its last commits, and through a lost bucket",
  ),
  async fn() {
    await using databases = await openDatabases();
    const { store, vanish } = openBucket();
    await using _ = store;
    {
      await using bench = new ObjectRelayFixture({ ledger: await databases.open(), store });
      await bench.claim();
      await bench.commit(20);
      await drain(bench.step({}), true);
      await bench.ledger[Symbol.asyncDispose]();
      await databases.copy();
      bench.ledger = await databases.open();
      await bench.commit(30);
      await drain(bench.step({ flushRows: 7 }), true);
      await bench.restore(databases.openCopy);
      await bench.claim();
      await bench.commit(30, { note: "scored again" });
      await drain(bench.step({ flushRows: 11 }), true);
      await bench.assertEachRowOnce(50);
      assert(bench.setAside.length > 3, String(bench.setAside));
      await vanish();
      await bench.commit(5);
      await assertRejects(() => drain(bench.step({}), true), Error, "vanished");
      assertEquals(await store.isThere(), false);
      await store.make();
      assert(await ownsObjects(bench, TOPIC, "repair"));
      const cuts = await Array.fromAsync(bench.ledger.cuts(TOPIC, PARTITION));
      await bench.ledger.markUnstored(cuts.map(({ key }) => key));
      await drain(bench.step({}), true);
      await bench.assertEachRowOnce(55);
    }
    await vanish();
  },
});
