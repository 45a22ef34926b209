import { assert, assertEquals, assertRejects, assertThrows } from "../testing/assert.ts";
import { attempt, DamageError, inTransaction, openDatabase } from "./sqlite.ts";

const SCHEMA = { migrations: ["CREATE TABLE t (n INTEGER)"], table: "t", purpose: "stream" };

Deno.test("openDatabase() makes the folders above an absent file, and opens the same file again", async () => {
  const folder = await Deno.makeTempDir();
  for (const expected of [1, 2]) {
    const database = openDatabase(`${folder}/a/b/c.db`, SCHEMA);
    database.exec("INSERT INTO t VALUES (1)");
    assertEquals(database.prepare("SELECT count(*) AS n FROM t").get()?.n, expected);
    // Nobody else on the machine reads it or the log beside it.
    for (const name of ["c.db", "c.db-wal"]) {
      assertEquals(Deno.statSync(`${folder}/a/b/${name}`).mode! & 0o777, 0o600, name);
    }
    database.close();
  }
  await Deno.remove(folder, { recursive: true });
});

Deno.test("openDatabase() says what is wrong with a path that cannot be a file", async () => {
  const folder = await Deno.makeTempDir();
  assertThrows(() => openDatabase(folder, SCHEMA), Error, `Cannot open the embedded stream at ${folder}`);
  await Deno.remove(folder, { recursive: true });
});

/** Overwrites pages of a file from a share of it on. */
function damage(path: string, share: number): void {
  const bytes = Deno.readFileSync(path);
  const first = Math.floor(bytes.length * share / 4096) * 4096;
  for (let at = first; at < bytes.length; at += 4096) bytes.fill(0xff, at, at + 100);
  Deno.writeFileSync(path, bytes);
}

Deno.test("attempt() and openDatabase() name the file of a damaged page, and what to do", async () => {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/a.db`;
  const database = openDatabase(path, SCHEMA);
  database.exec("CREATE TABLE wide (n INTEGER PRIMARY KEY, text TEXT)");
  const insert = database.prepare("INSERT INTO wide VALUES (?, ?)");
  inTransaction(database, () => {
    for (let n = 0; n < 2000; n++) insert.run(n, "x".repeat(100));
  });
  database.close();
  damage(path, 0.5);
  const reopened = openDatabase(path, SCHEMA);
  const works = [
    () => reopened.prepare("SELECT * FROM wide").all(),
    () => inTransaction(reopened, () => reopened.prepare("UPDATE wide SET text = ''").run()),
  ];
  for (const work of works) {
    const error = await assertRejects(
      () => attempt<unknown>(reopened, work),
      DamageError,
      "put a backup in its place",
    );
    assert((error as Error).message.includes(path));
  }
  reopened.close();
  damage(path, 0);
  assertThrows(() => openDatabase(path, SCHEMA), Error, `The database file ${path} is damaged`);
  await Deno.remove(folder, { recursive: true });
});
