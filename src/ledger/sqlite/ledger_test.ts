import { openSqliteBroker } from "../../broker/sqlite/broker.ts";
import { openDatabase } from "../../runtime/sqlite.ts";
import { assertEquals, assertRejects, assertThrows } from "../../testing/assert.ts";
import { ledgerContract } from "../testing/contract.ts";
import { outcomeOf } from "../testing/outcomes.ts";
import { openSqliteLedger } from "./ledger.ts";
import { openSqliteLedgerThread } from "./thread.ts";
import schema from "./schema.sql" with { type: "text" };

const path = `${Deno.makeTempDirSync()}/ledger.db`;
ledgerContract("sqlite ledger", { open: () => Promise.resolve(openSqliteLedger(path)) });
ledgerContract("sqlite ledger in a thread", { open: () => openSqliteLedgerThread(path) });

Deno.test("openSqliteLedger() refuses an embedded stream, and a ledger of a newer version", async () => {
  const stream = `${Deno.makeTempDirSync()}/stream.db`;
  await openSqliteBroker(stream)[Symbol.asyncDispose]();
  assertThrows(() => openSqliteLedger(stream), Error, "embedded ledger");
  await openSqliteBroker(stream)[Symbol.asyncDispose]();
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(stream);
  database.exec("PRAGMA user_version = 99");
  database.close();
  assertThrows(() => openSqliteLedger(stream), Error, "current version is 99");
  await assertRejects(() => openSqliteLedgerThread(stream), Error, "current version is 99");
});

Deno.test("openSqliteLedger() brings a ledger of the first version up to date with all that it holds", async () => {
  const old = `${Deno.makeTempDirSync()}/ledger.db`;
  const database = openDatabase(old, { migrations: [schema], table: "flagged", purpose: "ledger" });
  database.exec(`INSERT INTO partition_owner VALUES ('t', 0, 's1', 'a', 1, 5);
    INSERT INTO transaction_log VALUES ('t', 0, 4, 't4', 'c', 'm', 1, NULL, 1, 0.5, 0, 1700000000123456789, 1);
    INSERT INTO flagged VALUES ('t', 0, 2, 'x', 'c', 'm', 1, NULL, 1, 0.5, '{}', 77);
    INSERT INTO dead_letter VALUES ('t', 0, 3, 'not-json', '', NULL, x'00', -1700000000123456789, 1)`);
  database.close();
  await using ledger = openSqliteLedger(old);
  // Every copy of it has this.
  assertEquals(await ledger.id(), "flagged since 77");
  const { epoch } = await ledger.claim("t", 0, { owner: "a", streamId: "s1" });
  await ledger.commit(outcomeOf("t", [5, 15], epoch));
  const [{ producedAtMs }] = await ledger.deadLettersAfter("t", 0, -1, 10);
  assertEquals(producedAtMs, -8.64e15);
  for (const offset of [4, 6]) {
    assertEquals((await ledger.find(`t${offset}`)).map((each) => each.offset), [offset]);
  }
  assertEquals(await ledger.labels.history("t4"), { labels: [], total: 0 });
});
