import { openSqliteBroker } from "../broker/sqlite.ts";
import { openDatabase } from "../sqlite.ts";
import { assertEquals, assertThrows } from "../testing/assert.ts";
import { ledgerContract } from "./contract.ts";
import { outcomeOf } from "./outcome_fixture.ts";
import { openSqliteLedger } from "./sqlite.ts";
import { sqliteWriter } from "./sqlite_writer.ts";
import schema from "./sqlite_schema.sql" with { type: "text" };

const path = `${Deno.makeTempDirSync()}/ledger.db`;
ledgerContract("sqlite ledger", { open: () => Promise.resolve(openSqliteLedger(path)) });

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
});

Deno.test("openSqliteLedger() brings a ledger of the first version up to date with all that it holds", async () => {
  const old = `${Deno.makeTempDirSync()}/ledger.db`;
  const database = openDatabase(old, { migrations: [schema], purpose: "ledger" });
  database.exec("INSERT INTO partition_owner VALUES ('t', 0, 's1', 'a', 1, NULL)");
  sqliteWriter(database)(outcomeOf("t", [0, 10], 1));
  database.close();
  await using ledger = openSqliteLedger(old);
  assertEquals((await ledger.find("t4")).map(({ offset }) => offset), [4]);
  assertEquals(await ledger.labels.history("t4"), []);
});
