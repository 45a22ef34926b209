import { assertEquals, assertThrows } from "../testing/assert.ts";
import { openDatabase } from "./sqlite.ts";

const SCHEMA = { migrations: ["CREATE TABLE t (n INTEGER)"], table: "t", purpose: "stream" };

Deno.test("openDatabase() makes the folders above an absent file, and opens the same file again", async () => {
  const folder = await Deno.makeTempDir();
  for (const expected of [1, 2]) {
    const database = openDatabase(`${folder}/a/b/c.db`, SCHEMA);
    database.exec("INSERT INTO t VALUES (1)");
    assertEquals(database.prepare("SELECT count(*) AS n FROM t").get()?.n, expected);
    database.close();
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("openDatabase() says what is wrong with a path that cannot be a file", async () => {
  const folder = await Deno.makeTempDir();
  assertThrows(() => openDatabase(folder, SCHEMA), Error, `Cannot open the embedded stream at ${folder}`);
  await Deno.remove(folder, { recursive: true });
});
