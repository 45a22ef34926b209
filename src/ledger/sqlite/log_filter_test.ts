import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals } from "../../testing/assert.ts";
import { outcomeOf } from "../testing/outcomes.ts";
import { openSqliteLedger } from "./ledger.ts";
import { findLogged } from "./log_filter.ts";

/** Commits so many logged rows a time to one partition; ids are `id(offset)`. */
async function ledgerWith(commits: number[], id: (offset: number) => string) {
  const path = `${Deno.makeTempDirSync()}/ledger.db`;
  await using ledger = openSqliteLedger(path);
  const { epoch } = await ledger.claim("t", 0, { owner: "a", streamId: "s" });
  let from = 0;
  for (const count of commits) {
    const none = { deadLetters: [], flagged: [] };
    await ledger.commit(
      outcomeOf("t", [from, from + count], epoch, none, (_, offset) => ({ transactionId: id(offset) })),
    );
    from += count;
  }
  return new DatabaseSync(path);
}

const idOf = (offset: number) => `${Math.imul(offset, 2654435761) >>> 0}-ß${offset}`;

Deno.test("findLogged() finds every id, whatever the commits were, and reads little of the log for one that is absent", async () => {
  const database = await ledgerWith([1, 3, 5000, 4000, 96, 1, 10_000, 7, 4096], idOf);
  const { pages, bytes } = database.prepare(
    "SELECT count(*) AS pages, sum(length(bits)) AS bytes FROM log_filter",
  ).get() as { pages: number; bytes: number };
  // Each tenth record is no transaction: 4 rows; 4500; 3600 and 87; 9000; 7 and 3687.
  assertEquals(pages, 5);
  assert(bytes < 23_204 * 4, `${bytes} bytes`);
  const logged = database.prepare('SELECT "offset", transaction_id FROM transaction_log').all();
  assert(logged.length > 20_000);
  for (let i = 0; i < logged.length; i += 61) {
    const found = findLogged(database, String(logged[i].transaction_id), 10);
    assertEquals(found.map(({ offset }) => offset), [logged[i].offset]);
  }
  assertEquals(findLogged(database, "absent", 10), []);
  database.close();
});

Deno.test("findLogged() passes over nearly every page that does not hold the id", async () => {
  const database = await ledgerWith(Array(8).fill(4551), idOf);
  const { pages } = database.prepare("SELECT count(*) AS pages FROM log_filter").get() as { pages: number };
  assertEquals(pages, 8);
  // A page that is read gives its rows under any id, once their ids are all the same.
  database.exec("PRAGMA synchronous = OFF");
  database.exec("UPDATE transaction_log SET transaction_id = 'the same'");
  let read = 0;
  const asked = 400;
  const holds = database.prepare('UPDATE transaction_log SET transaction_id = ? WHERE "offset" % 4551 = 0');
  for (let i = 0; i < asked; i++) {
    holds.run(`absent ${i}`);
    read += findLogged(database, `absent ${i}`, 100).length;
  }
  assert(read / (asked * pages) < 0.004, `${read} of ${asked * pages} pages read`);
  database.close();
});

Deno.test("findLogged() gives an id's rows in order up to the limit, also of partitions without a filter", async () => {
  const database = await ledgerWith([10, 5000, 10], (offset) => `${offset % 10}`);
  const offsets = (limit: number) => findLogged(database, "3", limit).map(({ offset }) => Number(offset));
  assertEquals(offsets(3), [3, 13, 23]);
  assertEquals(offsets(1000).length, 502);
  database.exec("DELETE FROM log_filter WHERE first_offset < 5000");
  assertEquals(offsets(1000).length, 502);
  database.exec("DELETE FROM log_filter");
  assertEquals(offsets(1000).length, 502);
  assertEquals(findLogged(database, "x", 10), []);
  database.close();
});
