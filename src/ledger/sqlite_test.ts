import { assertThrows } from "../testing/assert.ts";
import { openSqliteBroker } from "../broker/sqlite.ts";
import { ledgerContract } from "./contract.ts";
import { openSqliteLedger } from "./sqlite.ts";

const path = `${Deno.makeTempDirSync()}/ledger.db`;
ledgerContract("sqlite ledger", { open: () => Promise.resolve(openSqliteLedger(path)) });

Deno.test("openSqliteLedger() refuses an embedded stream", async () => {
  const stream = `${Deno.makeTempDirSync()}/stream.db`;
  await openSqliteBroker(stream)[Symbol.asyncDispose]();
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(stream);
  database.exec("PRAGMA user_version = 99");
  database.close();
  assertThrows(() => openSqliteLedger(stream), Error, "embedded ledger");
});
