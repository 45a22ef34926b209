import { DeliveryError } from "../delivery_error.ts";
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "../testing/assert.ts";
import { openProxy, type ProxyOptions } from "../testing/proxy.ts";
import { needs } from "../testing/services.ts";
import { ledgerContract, outcomeOf } from "./contract.ts";
import { FencedError, type Ledger } from "./ledger.ts";
import { openPostgresLedger, type PostgresOptions } from "./postgres.ts";
import { makePool } from "./postgres_driver.ts";
import { migrate } from "./postgres_migrations.ts";

const postgres = await needs("postgres");
const schemas: string[] = [];

/** A schema of its own for a test, dropped in the end. */
function newSchema(): string {
  const schema = `test_${crypto.randomUUID().slice(0, 8)}`;
  schemas.push(schema);
  return schema;
}

/** A pool for looking behind the ledger's back. */
function openPool(schema: string) {
  const url = new URL(postgres.services.postgres.url);
  const pool = makePool({
    host: url.hostname,
    port: Number(url.port),
    database: url.pathname.slice(1),
    user: url.username,
    password: () => url.password,
    ssl: false,
    application_name: "test",
    options: `-c search_path=${schema}`,
    max: 8,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 60_000,
    query_timeout: 60_000,
    lock_timeout: 60_000,
    idle_in_transaction_session_timeout: 60_000,
    keepAlive: false,
    keepAliveInitialDelayMillis: 0,
  });
  const query = async (text: string) => {
    const client = await pool.connect();
    try {
      return (await client.query(text)).rows;
    } finally {
      client.release();
    }
  };
  return { pool, query, [Symbol.asyncDispose]: () => pool.end() };
}

Deno.test.afterAll(async () => {
  if (schemas.length === 0) return;
  await using pool = openPool("public");
  for (const schema of schemas) await pool.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
});

const contractSchema = postgres.ignore ? "" : newSchema();
ledgerContract("postgres ledger", {
  open: () => openPostgresLedger(postgres.services.postgres.url, { schema: contractSchema }),
  skip: postgres.ignore ? postgres.reason : undefined,
});

/** Opens the ledger through a proxy, with time limits that a test can wait for. */
async function openThroughProxy(options: Partial<ProxyOptions> & { ledger?: PostgresOptions } = {}) {
  const { host, port, url } = postgres.services.postgres;
  const proxy = openProxy({ target: { hostname: host, port }, ...options });
  const proxied = new URL(url);
  proxied.port = String(proxy.port);
  const schema = newSchema();
  const ledger = await openPostgresLedger(proxied, {
    schema,
    connectTimeoutMs: 500,
    queryTimeoutMs: 500,
    lockTimeoutMs: 400,
    idleTransactionTimeoutMs: 700,
    deadlineMs: 8_000,
    onTrouble: () => {},
    ...options.ledger,
  });
  return {
    proxy,
    ledger,
    schema,
    async [Symbol.asyncDispose]() {
      await ledger[Symbol.asyncDispose]();
      await proxy.close();
    },
  };
}

const topic = "transactions";
const claimed = (ledger: Ledger) => ledger.claim(topic, 0, { owner: "a", streamId: "s" });

async function assertCommittedOnce(ledger: Ledger, outcome: ReturnType<typeof outcomeOf>) {
  const offsets = (await Array.fromAsync(ledger.loggedOffsets(topic, 0))).flatMap((page) => [...page]);
  assertEquals(offsets, [...outcome.log.offset]);
  assertEquals(await ledger.flaggedAfter(topic, 0, -1, 1000), outcome.flagged);
  assertEquals(await ledger.deadLettersAfter(topic, 0, -1, 1000), outcome.deadLetters);
  assertEquals((await ledger.summary(topic)).scored, outcome.scored);
}

const COMMIT = /^Q....COMMIT/s;
const PREPARED = /commit_outcome/;

for (const [what, passage] of [["before the server has it", "cut"], ["after the server has it", "answer"]]) {
  for (const [kind, pattern] of [["COMMIT", COMMIT], ["the one statement of a commit", PREPARED]] as const) {
    Deno.test({
      ...postgres.test(`commit() commits once where the connection is cut in ${kind}, ${what}`),
      async fn() {
        let state: "idle" | "armed" | "sent" = "idle";
        let cuts = 0;
        await using proxied = await openThroughProxy({
          inspect(bytes, towards) {
            const text = new TextDecoder("latin1").decode(bytes);
            if (state === "armed" && towards === "target" && pattern.test(text)) {
              state = passage === "cut" ? "idle" : "sent";
              if (passage !== "cut") return "pass";
              cuts++;
              return "cut";
            }
            if (state !== "sent" || towards !== "client") return "pass";
            state = "idle";
            cuts++;
            return "cut";
          },
        });
        const { epoch } = await claimed(proxied.ledger);
        const withLog = outcomeOf(topic, [0, 100], epoch);
        const outcome = pattern === COMMIT
          ? withLog
          : { ...withLog, logMode: "none" as const, log: outcomeOf(topic, [0, 0], 1).log };
        state = "armed";
        await proxied.ledger.commit(outcome);
        assertEquals(cuts, 1);
        await assertCommittedOnce(proxied.ledger, outcome);
      },
    });
  }
}

Deno.test({
  ...postgres.test(
    "commit() gets through after connections hung open half-way, and holds no lock for longer",
  ),
  async fn() {
    let armed = false;
    const hang = Promise.withResolvers<void>();
    await using proxied = await openThroughProxy({
      inspect(bytes, towards) {
        // The guarded statement goes on, its answer does not come: the transaction stays open at the server.
        if (armed && towards === "target" && PREPARED.test(new TextDecoder("latin1").decode(bytes))) {
          armed = false;
          queueMicrotask(() => {
            proxied.proxy.hold();
            hang.resolve();
          });
        }
        return "pass";
      },
    });
    const { epoch } = await claimed(proxied.ledger);
    const outcome = outcomeOf(topic, [0, 100], epoch);
    armed = true;
    const committing = proxied.ledger.commit(outcome);
    await hang.promise;
    // Another machine takes over meanwhile: its claim waits no longer than the server keeps the silent transaction.
    await using other = await openPostgresLedger(postgres.services.postgres.url, { schema: proxied.schema });
    const taken = await other.claim(topic, 0, { owner: "b", streamId: "s" });
    assertEquals([taken.epoch, taken.nextOffset], [epoch + 1, undefined]);
    proxied.proxy.resume();
    await assertRejects(() => committing, FencedError);
    await other.commit({ ...outcome, epoch: taken.epoch });
    await assertCommittedOnce(other, outcome);
  },
});

Deno.test({
  ...postgres.test("a consumer that freezes while it copies does not keep the next owner from committing"),
  async fn() {
    let armed = false;
    const frozen = Promise.withResolvers<void>();
    await using proxied = await openThroughProxy({
      ledger: { queryTimeoutMs: 5_000, idleTransactionTimeoutMs: 60_000 },
      inspect(bytes, towards) {
        if (armed && towards === "target" && new TextDecoder("latin1").decode(bytes).includes("COPY ")) {
          armed = false;
          queueMicrotask(() => {
            proxied.proxy.hold();
            frozen.resolve();
          });
        }
        return "pass";
      },
    });
    const { epoch } = await claimed(proxied.ledger);
    const outcome = outcomeOf(topic, [0, 100], epoch);
    armed = true;
    const committing = proxied.ledger.commit(outcome);
    await frozen.promise;
    await using other = await openPostgresLedger(postgres.services.postgres.url, { schema: proxied.schema });
    const taken = await other.claim(topic, 0, { owner: "b", streamId: "s" });
    await other.commit({ ...outcome, epoch: taken.epoch });
    proxied.proxy.resume();
    await assertRejects(() => committing, FencedError);
    await assertCommittedOnce(other, outcome);
  },
});

Deno.test({
  ...postgres.test("recordCuts() records once where its answer is lost"),
  async fn() {
    let state: "idle" | "armed" | "sent" = "idle";
    await using proxied = await openThroughProxy({
      inspect(bytes, towards) {
        if (state === "armed" && towards === "target") {
          if (new TextDecoder("latin1").decode(bytes).includes("INSERT INTO object_cut")) state = "sent";
          return "pass";
        }
        if (state !== "sent" || towards !== "client") return "pass";
        state = "idle";
        return "cut";
      },
    });
    const { epoch } = await claimed(proxied.ledger);
    const cut = {
      topic,
      partition: 0,
      firstOffset: 0,
      lastOffset: 9,
      hourMs: 3_600_000,
      format: "ndjson",
    } as const;
    const cuts = [{ ...cut, key: `${proxied.schema}/a`, rows: 2, byteLength: 10, sha256: "ab" }];
    state = "armed";
    await proxied.ledger.recordCuts(topic, 0, epoch, cuts);
    assertEquals(state, "idle");
    assertEquals(await proxied.ledger.pendingCuts(topic, 0, 10), cuts);
  },
});

Deno.test({
  ...postgres.test(
    "a ledger comes back by itself after the server was away, and says so where it stays away",
  ),
  async fn() {
    const failures: unknown[] = [];
    await using proxied = await openThroughProxy({
      ledger: { deadlineMs: 1_500, onRetry: (error) => failures.push(error) },
    });
    const { epoch } = await claimed(proxied.ledger);
    proxied.proxy.refuse();
    const error = await assertRejects(
      () => proxied.ledger.commit(outcomeOf(topic, [0, 10], epoch)),
      DeliveryError,
      "Cannot commit transactions/0",
    );
    assertEquals(error.retriable, true);
    assert(failures.length > 1, `${failures.length} failures`);
    assert(!error.message.includes(postgres.services.postgres.password));
    proxied.proxy.resume();
    await proxied.ledger.commit(outcomeOf(topic, [0, 10], epoch));
    proxied.proxy.cut();
    assertEquals((await proxied.ledger.partitions())[0].nextOffset, 10);
  },
});

Deno.test({
  ...postgres.test("openPostgresLedger() migrates once, however many start at once"),
  async fn() {
    const schema = newSchema();
    await using pool = openPool(schema);
    const applied = await Promise.all(Array.from({ length: 8 }, async () => {
      const client = await pool.pool.connect();
      try {
        return await migrate(client, schema);
      } finally {
        client.release();
      }
    }));
    assertEquals(applied.sort(), [0, 0, 0, 0, 0, 0, 0, 1]);
    await pool.query("INSERT INTO schema_version VALUES (99)");
    await assertRejects(
      () => openPostgresLedger(postgres.services.postgres.url, { schema }),
      RangeError,
      "current version is 99",
    );
  },
});

Deno.test({
  ...postgres.test("the log is dropped day by day past its retention, and then counts as not logged"),
  async fn() {
    const schema = newSchema();
    const url = postgres.services.postgres.url;
    const dayMs = 86_400_000;
    const now = Date.now();
    {
      await using ledger = await openPostgresLedger(url, { schema });
      const { epoch } = await claimed(ledger);
      for (const [age, from] of [[9, 0], [3, 10], [2, 20], [0, 30]]) {
        await ledger.commit(
          outcomeOf(topic, [from, from + 10], epoch, { committedAtMs: now - age * dayMs }),
        );
      }
    }
    await using ledger = await openPostgresLedger(url, { schema, retentionDays: 2 });
    const { epoch } = await claimed(ledger);
    await ledger.commit(outcomeOf(topic, [40, 50], epoch, { committedAtMs: now }));
    const offsets = (await Array.fromAsync(ledger.loggedOffsets(topic, 0))).flatMap((page) => [...page]);
    assertEquals([offsets.length, offsets[0]], [27, 20]);
    const ranges = await Array.fromAsync(ledger.ranges(topic, 0));
    assertEquals(ranges.map(({ firstOffset, nextOffset, logMode }) => [firstOffset, nextOffset, logMode]), [
      [0, 10, "none"],
      [10, 20, "none"],
      [20, 30, "all"],
      [30, 50, "all"],
    ]);
    assertEquals((await ledger.flaggedAfter(topic, 0, -1, 100)).length, 15);
  },
});

Deno.test({
  ...postgres.test("commit() makes a day again that another process dropped"),
  async fn() {
    const schema = newSchema();
    await using ledger = await openPostgresLedger(postgres.services.postgres.url, { schema });
    const { epoch } = await claimed(ledger);
    await ledger.commit(outcomeOf(topic, [0, 10], epoch));
    await using pool = openPool(schema);
    await pool.query("DROP TABLE transaction_log_19700101");
    await ledger.commit(outcomeOf(topic, [10, 20], epoch));
    assertEquals((await Array.fromAsync(ledger.loggedOffsets(topic, 0)))[0].length, 9);
  },
});

Deno.test({
  ...postgres.test("an analyst's questions are answered from indexes"),
  async fn() {
    const schema = newSchema();
    await using ledger = await openPostgresLedger(postgres.services.postgres.url, { schema });
    const { epoch } = await claimed(ledger);
    await ledger.commit(outcomeOf(topic, [0, 20_000], epoch));
    await using pool = openPool(schema);
    await pool.query("ANALYZE");
    for (
      const question of [
        "SELECT * FROM transaction_log WHERE customer_id = 'c''3' ORDER BY timestamp_ms DESC LIMIT 10",
        "SELECT * FROM flagged WHERE timestamp_ms >= 1700006400000 AND timestamp_ms < 1700010000000",
        "SELECT * FROM flagged WHERE transaction_id = 't300'",
      ]
    ) {
      const plan = (await pool.query(`EXPLAIN ${question}`)).map((row) => row["QUERY PLAN"]).join("\n");
      assertMatch(plan, /Index/);
      assert(!/Seq Scan on transaction_log_19700101|Seq Scan on flagged/.test(plan), plan);
    }
  },
});

Deno.test({
  ...postgres.test("commit() takes text that PostgreSQL cannot hold, in the log and in dead letters"),
  async fn() {
    await using ledger = await openPostgresLedger(postgres.services.postgres.url, { schema: newSchema() });
    const { epoch } = await claimed(ledger);
    const outcome = outcomeOf(topic, [0, 20], epoch);
    const { transaction } = outcome.log;
    await ledger.commit({
      ...outcome,
      log: {
        ...outcome.log,
        transaction: (row) => ({ ...transaction(row), transactionId: "a\0b", customerId: "\ud800" }),
      },
      deadLetters: outcome.deadLetters.map((letter) => ({ ...letter, detail: "customer_id is \0" })),
    });
    assertEquals((await ledger.deadLettersAfter(topic, 0, -1, 1))[0].detail, "customer_id is ␀");
    assertEquals((await Array.fromAsync(ledger.loggedOffsets(topic, 0)))[0].length, 18);
  },
});

Deno.test({
  ...postgres.test("a snapshot of many parts comes back whole, and a smaller one takes its place"),
  async fn() {
    await using ledger = await openPostgresLedger(postgres.services.postgres.url, { schema: newSchema() });
    for (const [from, size] of [[0, 20_000_001], [10, 3], [20, 0]]) {
      const { epoch } = await claimed(ledger);
      const snapshot = new Uint8Array(size).map((_, i) => i * 31 >> 4);
      await ledger.commit(outcomeOf(topic, [from, from + 10], epoch, { snapshot }));
      const taken = await claimed(ledger);
      assertEquals([taken.snapshot?.nextOffset, taken.snapshot?.bytes.length], [from + 10, size]);
      assert(taken.snapshot!.bytes.every((byte, i) => byte === snapshot[i]));
    }
  },
});

Deno.test({
  ...postgres.test(
    "sslmode=verify-full checks the server's certificate, and plain text is refused where TLS is asked for",
  ),
  async fn() {
    const { tlsUrl, tlsOnlyDatabase, url } = postgres.services.postgres;
    const schema = newSchema();
    {
      await using ledger = await openPostgresLedger(tlsUrl, { schema });
      assertEquals(await ledger.partitions(), []);
    }
    for (const sslmode of ["require", "verify-full"]) {
      const untrusting = new URL(url);
      untrusting.searchParams.set("sslmode", sslmode);
      const opening = openPostgresLedger(untrusting, { schema, deadlineMs: 500 });
      if (sslmode === "require") {
        await (await opening)[Symbol.asyncDispose]();
        continue;
      }
      const error = await assertRejects(() => opening, DeliveryError);
      assertEquals(error.retriable, false, error.message);
    }
    const plain = new URL(url);
    plain.pathname = tlsOnlyDatabase;
    const error = await assertRejects(() => openPostgresLedger(plain, { schema }), DeliveryError);
    assertEquals(error.retriable, false);
    assertStringIncludes(error.message, "sslmode=require");
  },
});

Deno.test({
  ...postgres.test("a wrong password, user or database is not tried again, and the error says what to do"),
  async fn() {
    const { url, password } = postgres.services.postgres;
    for (
      const [change, advice] of [
        [(url: URL) => url.password = "wrong", "check the user and the password"],
        [(url: URL) => url.password = "", "check the user and the password"],
        [(url: URL) => url.pathname = "absent", "create the database"],
      ] as const
    ) {
      const wrong = new URL(url);
      change(wrong);
      const startedAt = performance.now();
      const error = await assertRejects(() => openPostgresLedger(wrong), DeliveryError, advice);
      assertEquals(error.retriable, false);
      assert(performance.now() - startedAt < 5_000);
      assert(!error.message.includes(password));
    }
  },
});
