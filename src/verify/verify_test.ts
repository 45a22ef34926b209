/** Plants each fault by hand in stream, ledger and objects of a run that was in order, and looks whether it is named. */
import { DatabaseSync } from "node:sqlite";
import type { ProducedRecord } from "../broker/broker.ts";
import { encodeBody, valueOf } from "../broker/record_batch.ts";
import { openSqliteBroker } from "../broker/sqlite/broker.ts";
import type { LogMode } from "../ledger/ledger.ts";
import { lostOffsets } from "../ledger/losses.ts";
import { openSqliteLedger } from "../ledger/sqlite/ledger.ts";
import { openDirectory } from "../objects/directory/store.ts";
import { assert, assertEquals, assertRejects } from "../testing/assert.ts";
import { makeEmbeddedRun, openEmbedded } from "../testing/embedded_run.ts";
import { type ObjectDamage, type Repair, repairObjects } from "./repair.ts";
import { type Verification, verify, type VerifyParts } from "./verify.ts";

const TOPIC = "transactions";

async function consumeInto(folder: string, logMode: LogMode, format: "ndjson" | "parquet"): Promise<void> {
  await makeEmbeddedRun(folder, { count: 3000, faults: ["x", null, "{}"], partitions: 2 });
  await using service = await openEmbedded(folder, { logMode, format });
  await service.run({ untilEmpty: true, maxBatchRecords: 100, flushRows: 10 });
}

async function look(folder: string, options: Partial<VerifyParts> = {}): Promise<Verification> {
  await using broker = openSqliteBroker(`${folder}/stream.db`);
  await using ledger = openSqliteLedger(`${folder}/ledger.db`);
  await using store = openDirectory(`${folder}/objects`);
  return await verify({ broker, ledger, store, topic: TOPIC, ...options });
}

async function repaired(folder: string): Promise<Repair> {
  await using broker = openSqliteBroker(`${folder}/stream.db`);
  await using ledger = openSqliteLedger(`${folder}/ledger.db`);
  await using store = openDirectory(`${folder}/objects`);
  const damages: ObjectDamage[] = [];
  const parts = { broker, ledger, store, topic: TOPIC };
  await verify({ ...parts, onDamage: (damage) => damages.push(damage) });
  return await repairObjects(parts, damages);
}

async function bytesByKey(folder: string): Promise<Map<string, Uint8Array>> {
  await using store = openDirectory(`${folder}/objects`);
  const found = new Map<string, Uint8Array>();
  for await (const key of store.list("flagged/")) found.set(key, (await store.get(key))!);
  return found;
}

/** A copy of the run, so that each fault is planted in one that was in order. */
async function copyOf(folder: string): Promise<string> {
  const copy = await Deno.makeTempDir();
  const { success } = await new Deno.Command("cp", { args: ["-r", `${folder}/.`, copy] }).output();
  assert(success);
  return copy;
}

function change(path: string, sql: string): void {
  const database = new DatabaseSync(path);
  try {
    const { changes } = database.prepare(sql).run();
    assert(Number(changes) > 0, `nothing was changed by ${sql}`);
  } finally {
    database.close();
  }
}

async function firstObject(folder: string): Promise<{ path: string; key: string }> {
  await using store = openDirectory(`${folder}/objects`);
  const [key] = await Array.fromAsync(store.list("flagged/"));
  return { key, path: `${folder}/objects/${key}` };
}

const inLedger = (sql: string) => (folder: string) => change(`${folder}/ledger.db`, sql);
const at = (table: string, column: string) =>
  `rowid = (SELECT rowid FROM ${table} ORDER BY ${column} LIMIT 1 OFFSET 3)`;

const flaggedAt = at("flagged", '"offset"');

const FAULTS: readonly [string, (folder: string) => unknown, string][] = [
  [
    "a log row is gone",
    inLedger(`DELETE FROM transaction_log WHERE partition = 0 AND "offset" = 700`),
    "missing",
  ],
  [
    "a log row is of no record",
    inLedger(
      `INSERT INTO transaction_log SELECT topic, partition, 9999, 'x', 'c', 't', 1, NULL, 1, 0.5, 0, 1, 1
              FROM transaction_log LIMIT 1`,
    ),
    "unknown-log-row",
  ],
  [
    "a record is in the log and a dead letter",
    inLedger(
      `INSERT INTO transaction_log SELECT topic, partition, "offset", 'x', 'c', 't', 1, NULL, 1, 0.5, 0, 1, 1
              FROM dead_letter LIMIT 1`,
    ),
    "doubled",
  ],
  [
    "a flagged row is gone",
    inLedger(`DELETE FROM flagged WHERE ${at("flagged", '"offset"')}`),
    "wrong-flagged",
  ],
  [
    "a log row is of another transaction",
    inLedger(`UPDATE transaction_log SET transaction_id = 'x' WHERE partition = 1 AND "offset" = 5`),
    "log-row-differs",
  ],
  [
    "a log row has another amount",
    inLedger(
      `UPDATE transaction_log SET amount_minor = amount_minor + 100 WHERE partition = 1 AND "offset" = 5`,
    ),
    "log-row-differs",
  ],
  [
    "the log says flagged of what has no verdict",
    inLedger(`UPDATE transaction_log SET flagged = 1 WHERE (topic, partition, "offset") =
      (SELECT topic, partition, "offset" FROM transaction_log WHERE flagged = 0 LIMIT 1)`),
    "log-row-differs",
  ],
  [
    "the log says not flagged of what has a verdict",
    inLedger(`UPDATE transaction_log SET flagged = 0 WHERE flagged = 1`),
    "verdict-differs",
  ],
  [
    "a verdict's score is edited",
    inLedger(`UPDATE flagged SET anomaly_score = 0.9 WHERE ${flaggedAt}`),
    "verdict-differs",
  ],
  [
    "a verdict's text is edited",
    inLedger(
      `UPDATE flagged SET verdict = replace(verdict, '"reasons":[', '"note":1,"reasons":[') WHERE ${flaggedAt}`,
    ),
    "verdict-differs",
  ],
  ["a verdict is edited in row, text and log at once", (folder) => {
    const score = `(SELECT anomaly_score FROM flagged WHERE ${flaggedAt})`;
    change(
      `${folder}/ledger.db`,
      `UPDATE transaction_log SET anomaly_score = 0.99 WHERE flagged = 1 AND anomaly_score = ${score}`,
    );
    change(
      `${folder}/ledger.db`,
      `UPDATE flagged SET anomaly_score = 0.99, verdict = json_set(verdict, '$.anomaly_score', 0.99) WHERE ${flaggedAt}`,
    );
  }, "verdict-differs"],
  [
    "a verdict is no JSON",
    inLedger(`UPDATE flagged SET verdict = 'x' WHERE ${flaggedAt}`),
    "verdict-differs",
  ],
  [
    "a verdict is of no record",
    inLedger(`INSERT INTO flagged SELECT topic, partition, 9999, 'x', 'c', 't', 1, NULL, 1, 0.5, verdict, 1
              FROM flagged LIMIT 1`),
    "unknown-verdict",
  ],
  [
    "a verdict is of a dead letter",
    inLedger(`INSERT INTO flagged SELECT topic, partition, (SELECT "offset" FROM dead_letter
              WHERE dead_letter.partition = flagged.partition LIMIT 1), 'x', 'c', 't', 1, NULL, 1, 0.5, verdict, 1
              FROM flagged LIMIT 1`),
    "doubled",
  ],
  [
    "a range overlaps another",
    inLedger(
      `INSERT INTO committed_range SELECT topic, partition, first_offset + 10, first_offset + 20, label_offsets,
              model, log_mode, 10, 0, 0, 1, 0 FROM committed_range WHERE next_offset - first_offset > 30 LIMIT 1`,
    ),
    "overlap",
  ],
  [
    "a range is gone",
    inLedger(`DELETE FROM committed_range WHERE (partition, first_offset) IN
              (SELECT partition, max(first_offset) FROM committed_range WHERE partition = 1)`),
    "not-committed",
  ],
  [
    "a range says of a record too many",
    inLedger(`UPDATE committed_range SET scored = scored + 1 WHERE first_offset = 0 AND partition = 0`),
    "wrong-count",
  ],
  [
    "a dead letter is gone",
    inLedger(`DELETE FROM dead_letter WHERE ${at("dead_letter", '"offset"')}`),
    "missing",
  ],
  [
    "a dead letter is gone from its topic",
    (folder) =>
      change(
        `${folder}/stream.db`,
        `DELETE FROM record_batch WHERE rowid = (SELECT min(rowid) FROM record_batch WHERE topic_id =
         (SELECT id FROM topic WHERE name = 'transactions.dead-letter'))`,
      ),
    "dead-letter-missing",
  ],
  ["an object is altered", async (folder) => {
    const { path } = await firstObject(folder);
    const bytes = await Deno.readFile(path);
    bytes[bytes.length >> 1] ^= 1;
    await Deno.writeFile(path, bytes);
  }, "object-altered"],
  ["an object is cut off", async (folder) => {
    const { path } = await firstObject(folder);
    await Deno.truncate(path, 10);
  }, "object-altered"],
  [
    "an object is gone",
    async (folder) => await Deno.remove((await firstObject(folder)).path),
    "object-missing",
  ],
  ["an object has a copy under a key of its kind", async (folder) => {
    const { path } = await firstObject(folder);
    await Deno.copyFile(path, path.replace(/-\d+\.(\w+)$/, "-999999.$1"));
  }, "unknown-object"],
  ["an object has a copy under any key", async (folder) => {
    const { path } = await firstObject(folder);
    await Deno.copyFile(path, path.replace(/[^/]+$/, "copy of it.json"));
  }, "unknown-object"],
  ["two objects hold the same rows", async (folder) => {
    const { key, path } = await firstObject(folder);
    const twin = key.replace(/-\d+\.(\w+)$/, "-999999.$1");
    await Deno.copyFile(path, `${folder}/objects/${twin}`);
    change(
      `${folder}/ledger.db`,
      `INSERT INTO object_cut SELECT '${twin}', topic, partition, first_offset, last_offset, hour_ms, format, rows,
       byte_length, sha256, 1 FROM object_cut WHERE key = '${key}'`,
    );
  }, "doubled-row"],
  ["an object is recorded and not stored", inLedger("UPDATE object_cut SET stored = 0"), "not-stored"],
  ["the tail is not committed", async (folder) => {
    await using broker = openSqliteBroker(`${folder}/stream.db`);
    await broker.produce(TOPIC, [{ key: "c", value: "{}" }]);
  }, "not-committed"],
  ["the stream has lost its tail", (folder) =>
    change(
      `${folder}/stream.db`,
      `DELETE FROM record_batch WHERE rowid = (SELECT max(rowid) FROM record_batch WHERE topic_id =
       (SELECT id FROM topic WHERE name = 'transactions') AND partition = 1)`,
    ), "wrong-count"],
];

const whole = await Deno.makeTempDir();
await consumeInto(whole, "all", "ndjson");

Deno.test("verify() finds nothing in a run in order, in every log mode and format", async () => {
  const found = await look(whole);
  assertEquals([found.ok, found.problems], [true, []]);
  assert(found.flagged > 20 && found.objects > 5 && found.deadLetters === 30, JSON.stringify(found));
  assertEquals([found.offsets, found.committed, found.logged], [3030, 3030, 3000]);
  for (const [logMode, format] of [["none", "parquet"], ["flagged", "ndjson"]] as const) {
    const folder = await Deno.makeTempDir();
    await consumeInto(folder, logMode, format);
    const { problems, logged, flagged } = await look(folder);
    assertEquals(problems, []);
    assertEquals(logged, logMode === "none" ? 0 : flagged);
    await Deno.remove(folder, { recursive: true });
  }
});

for (const [what, plant, kind] of FAULTS) {
  Deno.test(`verify() finds that ${what}`, async () => {
    const folder = await copyOf(whole);
    await plant(folder);
    const found = await look(folder);
    assert(!found.ok);
    const kinds = found.problems.map((problem) => problem.kind);
    assert(kinds.includes(kind), `found ${JSON.stringify(found.problems)}`);
    for (const { count, examples } of found.problems) assert(count >= 1 && examples.length >= 1);
    await Deno.remove(folder, { recursive: true });
  });
}

Deno.test("repairObjects() has missing and altered objects written again as they were, and sets others aside", async () => {
  for (const format of ["ndjson", "parquet"] as const) {
    const folder = await Deno.makeTempDir();
    await consumeInto(folder, "all", format);
    const before = await bytesByKey(folder);
    const keys = [...before.keys()];
    const path = (key: string) => `${folder}/objects/${key}`;
    for (const key of keys.slice(0, 3)) await Deno.remove(path(key));
    await Deno.truncate(path(keys[3]), 10);
    await Deno.copyFile(path(keys[4]), path(keys[4]).replace(/-\d+\.(\w+)$/, "-999999.$1"));
    const repair = await repaired(folder);
    assertEquals([repair.toWriteAgain, repair.setAside.length], [4, 2]);
    {
      await using service = await openEmbedded(folder, { logMode: "all", format });
      await service.run({ untilEmpty: true });
    }
    assertEquals((await look(folder)).problems, []);
    assertEquals(await bytesByKey(folder), before);
    for (const { now } of repair.setAside) assert((await Deno.stat(path(now))).isFile);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("repairObjects() refuses a store that is not there, or whose objects are another ledger's", async () => {
  const folder = await copyOf(whole);
  await Deno.remove((await firstObject(folder)).path);
  await Deno.writeTextFile(`${folder}/objects/ledgers/${TOPIC}`, "another");
  await assertRejects(() => repaired(folder), Error, "another ledger's");
  await Deno.remove(`${folder}/objects`, { recursive: true });
  const { problems } = await look(folder);
  assert(problems.some(({ kind }) => kind === "store-missing"), JSON.stringify(problems));
  await assertRejects(() => repaired(folder), Error, "must be there");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("verify() finds an edited verdict behind a Parquet object", async () => {
  const folder = await Deno.makeTempDir();
  await consumeInto(folder, "none", "parquet");
  for (const [edited, text] of [["'x'", "x"], ["replace(verdict, 'amount', 'amaunt')", "amaunt"]]) {
    change(`${folder}/ledger.db`, `UPDATE flagged SET verdict = ${edited} WHERE ${flaggedAt}`);
    const { problems } = await look(folder);
    assert(problems.some(({ kind }) => kind === "verdict-differs"), `${text}: ${JSON.stringify(problems)}`);
  }
  await Deno.remove(folder, { recursive: true });
});

/** Deletes what partition 0 of the stream has before an offset. */
async function deleteBefore(folder: string, offset: number): Promise<void> {
  await using broker = openSqliteBroker(`${folder}/stream.db`);
  const records: ProducedRecord[] = [];
  for await (const batch of broker.read(TOPIC, 0, { fromOffset: offset })) {
    for (let i = 0; i < batch.count; i++) {
      records.push({ key: null, value: valueOf(batch, i)?.slice() ?? null });
    }
  }
  const database = new DatabaseSync(`${folder}/stream.db`);
  const which = `partition = 0 AND topic_id = (SELECT id FROM topic WHERE name = '${TOPIC}')`;
  const { topic_id } = database.prepare(`SELECT topic_id FROM record_batch WHERE ${which}`).get()!;
  database.exec(`DELETE FROM record_batch WHERE ${which}`);
  database.prepare("INSERT INTO record_batch VALUES (?, 0, ?, ?, ?)")
    .run(topic_id, offset, records.length, encodeBody(records, 0));
  database.close();
}

Deno.test("verify() counts what was deleted before it was read as lost, until somebody accepts it", async () => {
  const folder = await copyOf(whole);
  const ledgerAt = `${folder}/ledger.db`;
  // As if the consumer had stopped at 500, and been started again when the stream began at 900.
  await deleteBefore(folder, 900);
  change(ledgerAt, "DELETE FROM committed_range WHERE partition = 0");
  change(
    ledgerAt,
    `INSERT INTO committed_range SELECT topic, 0, 0, 500, '[]', model, 'none', 500, 0, 0, 1, 0 FROM committed_range LIMIT 1`,
  );
  const lostIn = ({ problems }: Verification) =>
    problems.filter(({ kind }) => kind === "lost" || kind === "gap").map(({ kind, count }) => [kind, count]);
  const found = await look(folder);
  assertEquals([found.ok, lostIn(found)], [false, [["lost", 400]]]);
  assert(found.problems.some(({ examples }) => examples[0].includes("offsets 500 to 899 of transactions/0")));
  const accepted = await look(folder, { acceptGaps: "ann" });
  assertEquals([lostIn(accepted), lostOffsets(accepted.acceptedLosses)], [[], 400]);
  const after = await look(folder);
  assertEquals([lostIn(after), lostOffsets(after.acceptedLosses)], [[], 400]);
  await using ledger = openSqliteLedger(ledgerAt);
  const [{ acceptedBy, acceptedAtMs }] = await ledger.losses.list(TOPIC);
  assertEquals([acceptedBy, acceptedAtMs! > 1_700_000_000_000], ["ann", true]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("verify() names a gap between ranges that the stream can still fill", async () => {
  const folder = await copyOf(whole);
  change(
    `${folder}/ledger.db`,
    `INSERT INTO committed_range SELECT topic, 0, 507, next_offset, label_offsets, model, log_mode, 1, 0, 0, 1, 0
     FROM committed_range WHERE partition = 0 AND first_offset = 0`,
  );
  change(
    `${folder}/ledger.db`,
    "UPDATE committed_range SET next_offset = 500 WHERE partition = 0 AND first_offset = 0",
  );
  const { problems } = await look(folder, { acceptGaps: "ann" });
  const counts = Object.fromEntries(problems.map(({ kind, count }) => [kind, count]));
  assertEquals([counts.gap, counts["not-committed"], counts.lost], [7, 7, undefined]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("verify() compares nothing with a topic that was made anew", async () => {
  const folder = await copyOf(whole);
  change(`${folder}/stream.db`, `UPDATE topic SET uid = 'another' WHERE name = '${TOPIC}'`);
  const { ok, problems, offsets } = await look(folder);
  assertEquals([ok, problems.map(({ kind }) => kind), offsets], [false, ["another-topic"], 0]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("verify() passes over objects of another topic in the same store", async () => {
  const folder = await copyOf(whole);
  const { path } = await firstObject(folder);
  await Deno.copyFile(path, path.replace(/[^/]+$/, "payments-0-7.ndjson"));
  assertEquals((await look(folder)).problems, []);
  await Deno.remove(folder, { recursive: true });
});
