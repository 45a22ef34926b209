/**
 * Measures the ledgers: commits a second, beside bare statements that write the same log rows.
 * A commit also moves the offset under its guard and writes flagged rows and the committed range; a bare statement
 * writes log rows alone.
 *
 * @module
 */
import { openLedger } from "../../src/adapters.ts";
import { currencyText } from "../../src/domain/currency.ts";
import type { Ledger, LogMode, Outcome } from "../../src/ledger/ledger.ts";
import { encodeLogRows, LOG_COLUMNS } from "../../src/ledger/postgres/rows.ts";
import { idTexts } from "../../src/ledger/sql/rows.ts";
import sqliteSchema from "../../src/ledger/sqlite/schema.sql" with { type: "text" };
import { inTransaction, openDatabase } from "../../src/runtime/sqlite.ts";
import { needs } from "../../src/testing/services.ts";
import { runAsProgram } from "../cli/run_command.ts";
import { benchCommand } from "./report/bench_command.ts";
import { interleave } from "./report/interleave.ts";
import { ratioOf } from "./report/spread.ts";
import { makeFolder } from "./runs/make_folder.ts";
import { outcomeMaker } from "./load/made_outcomes.ts";
import { type RawPostgres, rawPostgres } from "./raw/postgres_raw.ts";

const TOPIC = "transactions";
const COLUMNS = 13;
/** A commit of so many rows is a large one. */
const LARGE_ROWS = 1000;
const MUST_SHARE = 0.6;

interface Batch {
  rows: number;
  log: LogMode;
}

const BATCHES: readonly Batch[] = [
  { rows: 1, log: "all" },
  { rows: 50, log: "all" },
  { rows: 4096, log: "all" },
  { rows: 4096, log: "flagged" },
];

/** Somebody who writes batches; a commit is durable when it resolves. */
interface Contender {
  engine: string;
  how: string;
  batch: Batch;
  write(count: number): Promise<void>;
}

/** Writes outcomes to a ledger, each going on where the one before ended. */
async function throughLedger(engine: string, ledger: Ledger, batch: Batch): Promise<Contender> {
  const topic = `${TOPIC}-${batch.rows}-${batch.log}`;
  const make = outcomeMaker(topic, batch.rows, batch.log);
  const { epoch } = await ledger.claim(topic, 0, { owner: "bench", streamId: "bench" });
  let firstOffset = 0;
  return {
    ...{ engine, how: "ledger", batch },
    async write(count) {
      for (let i = 0; i < count; i++, firstOffset += batch.rows) {
        await ledger.commit(make({ epoch, firstOffset }));
      }
    },
  };
}

/** Writes log rows by what `insert` does, from offset 0 on. */
function bare(
  what: { engine: string; how: string; batch: Batch },
  insert: (outcome: Outcome) => void | Promise<void>,
): Contender {
  const make = outcomeMaker(TOPIC, what.batch.rows, what.batch.log);
  let firstOffset = 0;
  return {
    ...what,
    async write(count) {
      for (let i = 0; i < count; i++, firstOffset += what.batch.rows) {
        await insert(make({ epoch: 1, firstOffset }));
      }
    },
  };
}

/** The values of each log row, in the order of the table's columns. */
function valuesOf(outcome: Outcome): (string | number | null)[][] {
  const { log, topic, partition, committedAtMs } = outcome;
  const idText = idTexts(log);
  return Array.from({ length: log.count }, (_, row) => [
    ...[topic, partition, log.offset[row], idText(3 * row), idText(3 * row + 1), idText(3 * row + 2)],
    ...[log.amountMinor[row], currencyText(log.currency[row]), log.timestampMs[row], log.anomalyScore[row]],
    ...[log.flagged[row], log.producedAtMs[row], committedAtMs],
  ]);
}

/** One prepared statement a row, in one transaction a batch. */
function sqliteInserts(path: string, batch: Batch): Contender & Disposable {
  const database = openDatabase(path, {
    migrations: [sqliteSchema],
    table: "partition_owner",
    purpose: "ledger",
  });
  const insert = database.prepare(`INSERT INTO transaction_log VALUES (${Array(COLUMNS).fill("?").join()})`);
  const contender = bare({ engine: "SQLite", how: "bare inserts", batch }, (outcome) => {
    const rows = valuesOf(outcome);
    inTransaction(database, () => {
      for (const values of rows) insert.run(...values);
    });
  });
  return { ...contender, [Symbol.dispose]: () => database.close() };
}

/** One statement a batch, which sends the columns as arrays. */
function postgresInserts(database: RawPostgres, table: string, batch: Batch): Contender {
  const types = "text,int,bigint,text,text,text,bigint,text,bigint,float8,int,bigint,bigint".split(",");
  const columns = types.map((_, i) => `c${i}${i === 10 ? "::boolean" : ""}`).join();
  const arrays = types.map((type, i) => `$${i + 1}::${type}[]`).join();
  const text = `INSERT INTO ${table} (${LOG_COLUMNS}) SELECT ${columns} FROM unnest(${arrays}) AS u(${
    types.map((_, i) => `c${i}`).join()
  })`;
  return bare({ engine: "PostgreSQL", how: "bare inserts", batch }, async (outcome) => {
    const rows = valuesOf(outcome);
    await database.query(text, types.map((_, column) => rows.map((row) => row[column])));
  });
}

function postgresCopies(database: RawPostgres, table: string, batch: Batch): Contender {
  return bare({ engine: "PostgreSQL", how: "bare COPY", batch }, async (outcome) => {
    await database.copyIn(`COPY ${table} (${LOG_COLUMNS}) FROM STDIN BINARY`, encodeLogRows(outcome));
  });
}

async function postgresContenders(url: string, closing: AsyncDisposableStack): Promise<Contender[]> {
  const schema = `bench_${crypto.randomUUID().slice(0, 8)}`;
  const database = closing.use(rawPostgres(url));
  const address = new URL(url);
  address.searchParams.set("schema", schema);
  closing.defer(async () => void await database.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`));
  const ledger = closing.use(await openLedger(address.href));
  const contenders: Contender[] = [];
  for (const [i, batch] of BATCHES.entries()) {
    contenders.push(await throughLedger("PostgreSQL", ledger, batch));
    const tableOf = async (how: string) => {
      const table = `${schema}.${how}_${i}`;
      await database.query(`CREATE TABLE ${table} (LIKE ${schema}.transaction_log INCLUDING ALL)`);
      return table;
    };
    contenders.push(postgresCopies(database, await tableOf("copied"), batch));
    contenders.push(postgresInserts(database, await tableOf("inserted"), batch));
  }
  return contenders;
}

export const ledgerBenchCommand = benchCommand({
  name: "ledger",
  description: "Measure the ledgers: commits a second beside bare statements.",
  sizes: {
    rounds: { what: "rounds a figure is the median of", full: 7, quick: 2 },
    records: { what: "records of a round of large commits", full: 81_920, quick: 8192 },
    commits: { what: "commits of a round of small ones", full: 200, quick: 20 },
  },
}, async (flags: { rounds: number; records: number; commits: number }, findings) => {
  await using closing = new AsyncDisposableStack();
  const { path: folder } = closing.use(await makeFolder());
  const contenders: Contender[] = [];
  for (const [i, batch] of BATCHES.entries()) {
    const ledger = closing.use(await openLedger(`sqlite:${folder}/ledger-${i}.db`));
    contenders.push(await throughLedger("SQLite", ledger, batch));
    contenders.push(closing.use(sqliteInserts(`${folder}/bare-${i}.db`, batch)));
  }
  const server = await needs("postgres");
  if (server.ignore) findings.skip(server.reason);
  else contenders.push(...await postgresContenders(server.services.postgres.url, closing));
  const countOf = ({ rows }: Batch) =>
    rows < LARGE_ROWS ? flags.commits : Math.max(1, Math.floor(flags.records / rows));
  const spreads = await interleave(
    contenders.map(({ batch, write }) => async () => {
      const count = countOf(batch);
      const startedAt = performance.now();
      await write(count);
      return count / (performance.now() - startedAt) * 1000;
    }),
    { rounds: flags.rounds },
  );
  const lines = contenders.map(({ engine, how, batch }, i) => ({
    what: { engine, how, scored: batch.rows, logged: batch.log },
    figure: spreads[i],
  }));
  findings.table({ title: "durable commits, one after another", unit: "commits/s", digits: 1, lines });
  for (const [i, { engine, how, batch }] of contenders.entries()) {
    if (how !== "ledger" || batch.log !== "all" || batch.rows < LARGE_ROWS) continue;
    for (
      let other = i + 1;
      contenders[other]?.batch === batch && contenders[other].engine === engine;
      other++
    ) {
      const what = `${engine}, ${batch.rows} rows logged: ledger over ${contenders[other].how}`;
      findings.goal(what, ratioOf(spreads[i], spreads[other]), "at least", MUST_SHARE, "×");
    }
  }
});

if (import.meta.main) await runAsProgram(ledgerBenchCommand);
