/** The ledger behind PgBouncer, which gives each transaction another server connection. */
import { ledgerContract } from "../testing/contract.ts";
import { outcomeOf } from "../testing/outcomes.ts";
import { assertEquals, assertRejects } from "../../testing/assert.ts";
import { until } from "../../testing/until.ts";
import { openPostgresLedger } from "./ledger.ts";
import { dropSchemas, inSchema, newSchema, openPool, postgres } from "./testing/database.ts";

const isThere = await new Deno.Command("sh", { args: ["-c", "command -v pgbouncer && id postgres"] })
  .output();
const skip = postgres.ignore
  ? postgres.reason
  : isThere.success
  ? undefined
  : "there is no pgbouncer, or no user postgres to run it";

/** PgBouncer in transaction mode with two server connections, so that they go round. */
async function startPgbouncer(): Promise<{ port: number } & AsyncDisposable> {
  const { host, port: serverPort, user, password, database } = postgres.services.postgres;
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const folder = await Deno.makeTempDir();
  const settings = `[databases]
${database} = host=${host} port=${serverPort} user=${user} password=${password} dbname=${database}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
server_round_robin = 1
`;
  await Deno.writeTextFile(`${folder}/pgbouncer.ini`, settings);
  await Deno.chmod(folder, 0o755);
  const child = new Deno.Command("su", {
    args: ["postgres", "-s", "/bin/sh", "-c", `exec pgbouncer -q ${folder}/pgbouncer.ini`],
    stdout: "null",
    stderr: "null",
  }).spawn();
  await until(async () => {
    (await Deno.connect({ port })).close();
    return true;
  }, { what: "pgbouncer" });
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill();
      await child.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

const pgbouncer = skip === undefined ? await startPgbouncer() : undefined;
const throughPgbouncer = (schema: string) => {
  const url = inSchema(schema);
  url.port = String(pgbouncer!.port);
  return url;
};
Deno.test.afterAll(async () => {
  await pgbouncer?.[Symbol.asyncDispose]();
  await dropSchemas();
});

const contractSchema = skip === undefined ? newSchema() : "";
ledgerContract("postgres ledger behind PgBouncer", {
  open: () => openPostgresLedger(throughPgbouncer(contractSchema)),
  skip,
});

Deno.test({
  name:
    `openPostgresLedger() keeps to its schema behind PgBouncer, and leaves nothing behind in its connections`,
  ignore: skip !== undefined,
  async fn() {
    const [one, two] = [newSchema(), newSchema()];
    await using first = await openPostgresLedger(throughPgbouncer(one));
    await using second = await openPostgresLedger(throughPgbouncer(two));
    await using pool = openPool("public");
    const inPublic = async () =>
      (await pool.query(
        "SELECT count(*)::int AS n FROM pg_tables WHERE tablename = 'partition_owner' AND schemaname = 'public'",
      ))[0].n;
    const before = await inPublic();
    for (const [ledger, rows] of [[first, 20], [second, 1000]] as const) {
      const { epoch } = await ledger.claim("t", 0, { owner: "a", streamId: "s" });
      await Promise.all([
        ledger.commit(outcomeOf("t", [0, rows], epoch)),
        ...Array.from({ length: 8 }, () => ledger.partitions()),
      ]);
    }
    assertEquals((await first.partitions()).map(({ nextOffset }) => nextOffset), [20]);
    assertEquals((await second.partitions()).map(({ nextOffset }) => nextOffset), [1000]);
    assertEquals(await inPublic(), before);
    const { rows } = await (async () => {
      const url = throughPgbouncer("public");
      await using other = openPool("public", url);
      return { rows: await other.query("SHOW search_path") };
    })();
    assertEquals(rows[0].search_path, '"$user", public');
  },
});

Deno.test({
  ...postgres.test("commit() gets through when the pool's sessions have become read-only"),
  async fn() {
    await using admin = openPool("public");
    const database = `readonly_${crypto.randomUUID().slice(0, 8)}`;
    await admin.query(`CREATE DATABASE ${database}`);
    try {
      const url = new URL(postgres.services.postgres.url);
      url.pathname = database;
      const limits = { deadlineMs: 8_000, onTrouble() {} };
      await (await openPostgresLedger(url, limits))[Symbol.asyncDispose]();
      await admin.query(`ALTER DATABASE ${database} SET default_transaction_read_only = on`);
      await using ledger = await openPostgresLedger(url, limits);
      await Promise.all(Array.from({ length: 8 }, () => ledger.partitions()));
      await assertRejects(
        () => ledger.claim("t", 0, { owner: "a", streamId: "s" }),
        Error,
        "name the primary",
      );
      await Promise.all(Array.from({ length: 8 }, () => ledger.partitions()));
      await admin.query(`ALTER DATABASE ${database} RESET default_transaction_read_only`);
      const { epoch } = await ledger.claim("t", 0, { owner: "a", streamId: "s" });
      await Promise.all(Array.from({ length: 8 }, () => ledger.partitions()));
      await ledger.commit(outcomeOf("t", [0, 1000], epoch));
    } finally {
      await admin.query(`DROP DATABASE ${database} WITH (FORCE)`);
    }
  },
});
