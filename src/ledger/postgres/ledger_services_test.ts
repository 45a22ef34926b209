import { DeliveryError } from "../../runtime/delivery_error.ts";
import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "../../testing/assert.ts";
import { ledgerContract } from "../testing/contract.ts";
import { outcomeOf } from "../testing/outcomes.ts";
import { type Ledger } from "../ledger.ts";
import { openPostgresLedger } from "./ledger.ts";
import { dropSchemas, inSchema, newSchema, openPool, postgres } from "./testing/database.ts";
import { migrate } from "./migrations.ts";
import { patience } from "../../testing/patience.ts";

Deno.test.afterAll(dropSchemas);

const contractSchema = postgres.ignore ? "" : newSchema();
ledgerContract("postgres ledger", {
  open: () => openPostgresLedger(inSchema(contractSchema)),
  skip: postgres.ignore ? postgres.reason : undefined,
});

const topic = "transactions";
const claimed = (ledger: Ledger) => ledger.claim(topic, 0, { owner: "a", streamId: "s" });

Deno.test({
  ...postgres.test("openPostgresLedger() makes no schema where it must exist"),
  async fn() {
    const url = inSchema(newSchema());
    await assertRejects(
      () => openPostgresLedger(url, { mustExist: true }),
      RangeError,
      "must have its tables",
    );
    await assertRejects(
      () => openPostgresLedger(url, { mustExist: true }),
      RangeError,
      "must have its tables",
    );
    await using _made = await openPostgresLedger(url);
    await using _found = await openPostgresLedger(url, { mustExist: true });
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
    assertEquals(applied.filter((migrations) => migrations > 0).length, 1);
    await pool.query("INSERT INTO schema_version VALUES (99)");
    await assertRejects(
      () => openPostgresLedger(inSchema(schema)),
      RangeError,
      "current version is 99",
    );
  },
});

Deno.test({
  ...postgres.test("prepare() makes each index once, however many start at once"),
  async fn() {
    for (let round = 0; round < 3; round++) {
      const schema = newSchema();
      const open = () => openPostgresLedger(inSchema(schema));
      const ledgers = [await open(), await open(), await open(), await open()];
      try {
        await Promise.all(ledgers.map((ledger) => ledger.queries.prepare()));
      } finally {
        for (const ledger of ledgers) await ledger[Symbol.asyncDispose]();
      }
    }
  },
});

Deno.test({
  ...postgres.test("few log rows, which go along in the statement, are those that a COPY makes"),
  async fn() {
    const schema = newSchema();
    await using ledger = await openPostgresLedger(inSchema(schema));
    const { epoch } = await claimed(ledger);
    const edit = ({ transactionId }: { transactionId: string }, offset: number) => ({
      transactionId: offset % 2 ? transactionId : `${transactionId} ß 😀 " \\ { , NULL`,
      customerId: offset % 5 ? `c${offset % 7}` : "NULL",
    });
    const copied = outcomeOf(topic, [0, 1000], epoch, {}, edit);
    await ledger.commit(copied);
    const few = await ledger.claim(topic, 1, { owner: "a", streamId: "s" });
    for (let from = 0; from < 1000; from += 200) {
      const outcome = outcomeOf(topic, [from, from + 200], few.epoch, {}, edit);
      await ledger.commit({ ...outcome, partition: 1, committedAtMs: copied.committedAtMs });
    }
    await using pool = openPool(schema);
    const rows = async (partition: number) =>
      (await pool.query(
        `SELECT (to_jsonb(log) - 'partition')::text AS row FROM transaction_log AS log
         WHERE partition = ${partition} ORDER BY "offset"`,
      )).map(({ row }: { row: string }) => row);
    const [byCopy, byStatement] = [await rows(0), await rows(1)];
    assertEquals([byCopy.length, byStatement], [900, byCopy]);
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
      await using ledger = await openPostgresLedger(inSchema(schema, url));
      const { epoch } = await claimed(ledger);
      for (const [age, from] of [[9, 0], [3, 10], [2, 20], [0, 30]]) {
        await ledger.commit(
          outcomeOf(topic, [from, from + 10], epoch, { committedAtMs: now - age * dayMs }),
        );
      }
    }
    await using ledger = await openPostgresLedger(`${inSchema(schema, url)}&retention_days=2`);
    const { epoch } = await claimed(ledger);
    await ledger.commit(outcomeOf(topic, [40, 50], epoch, { committedAtMs: now }));
    const offsets = (await Array.fromAsync(ledger.logged(topic, 0))).flat().map(({ offset }) => offset);
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
    await using ledger = await openPostgresLedger(inSchema(schema));
    const { epoch } = await claimed(ledger);
    await ledger.commit(outcomeOf(topic, [0, 10], epoch));
    await using pool = openPool(schema);
    await pool.query("DROP TABLE transaction_log_19700101");
    await ledger.commit(outcomeOf(topic, [10, 20], epoch));
    assertEquals((await Array.fromAsync(ledger.logged(topic, 0)))[0].length, 9);
  },
});

Deno.test({
  ...postgres.test("an analyst's questions are answered from indexes"),
  async fn() {
    const schema = newSchema();
    await using ledger = await openPostgresLedger(inSchema(schema));
    const { epoch } = await claimed(ledger);
    await ledger.commit(outcomeOf(topic, [0, 20_000], epoch));
    await using pool = openPool(schema);
    await pool.query("ANALYZE");
    for (
      const question of [
        "SELECT * FROM transaction_log WHERE customer_id = 'c''3' ORDER BY timestamp_ms DESC LIMIT 10",
        "SELECT * FROM flagged WHERE timestamp_ms >= 1700006400000 AND timestamp_ms < 1700010000000",
        "SELECT * FROM flagged WHERE transaction_id = 't300'",
        "SELECT * FROM transaction_log WHERE transaction_id = 't301'",
      ]
    ) {
      const plan = (await pool.query(`EXPLAIN ${question}`)).map((row) => row["QUERY PLAN"]).join("\n");
      assertMatch(plan, /Index/);
      assert(!/Seq Scan on transaction_log_19700101|Seq Scan on flagged/.test(plan), plan);
    }
  },
});

Deno.test({
  ...postgres.test("commit() takes text that PostgreSQL cannot hold, in dead letters"),
  async fn() {
    await using ledger = await openPostgresLedger(inSchema(newSchema()));
    const { epoch } = await claimed(ledger);
    const outcome = outcomeOf(topic, [0, 20], epoch);
    await ledger.commit({
      ...outcome,
      deadLetters: outcome.deadLetters.map((letter) => ({ ...letter, detail: "customer_id is \0" })),
    });
    assertEquals((await ledger.deadLettersAfter(topic, 0, -1, 1))[0].detail, "customer_id is ␀");
    assertEquals((await Array.fromAsync(ledger.logged(topic, 0)))[0].length, 18);
  },
});

Deno.test({
  ...postgres.test("a snapshot of many parts comes back whole, and a smaller one takes its place"),
  async fn() {
    await using ledger = await openPostgresLedger(inSchema(newSchema()));
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
      await using ledger = await openPostgresLedger(inSchema(schema, tlsUrl));
      assertEquals(await ledger.partitions(), []);
    }
    for (const sslmode of ["require", "verify-full"]) {
      const untrusting = new URL(url);
      untrusting.searchParams.set("sslmode", sslmode);
      const opening = openPostgresLedger(inSchema(schema, untrusting), { deadlineMs: 500 });
      if (sslmode === "require") {
        await (await opening)[Symbol.asyncDispose]();
        continue;
      }
      const error = await assertRejects(() => opening, DeliveryError);
      assertEquals(error.retriable, false, error.message);
    }
    const plain = new URL(url);
    plain.pathname = tlsOnlyDatabase;
    const error = await assertRejects(() => openPostgresLedger(inSchema(schema, plain)), DeliveryError);
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
      assert(performance.now() - startedAt < patience(5_000));
      assert(!error.message.includes(password));
    }
  },
});
