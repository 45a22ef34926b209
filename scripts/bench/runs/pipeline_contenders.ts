/**
 * The contenders on a Kafka topic: each runs in its own process, on an empty ledger and bucket.
 *
 * @module
 */
import { openLedger } from "../../../src/adapters.ts";
import type { LogMode } from "../../../src/ledger/ledger.ts";
import { LOG_COLUMNS } from "../../../src/ledger/postgres/rows.ts";
import { startDeno } from "../../../src/testing/process.ts";
import type { Services } from "../../../src/testing/services.ts";
import { platformaticWasm } from "../../../src/broker/kafka/platformatic/engine.ts";
import type { KafkaClientName } from "../../harness/faults/stage.ts";
import type { SparkPeer, SparkRun } from "../peers/spark_peer.ts";
import { type ConsumeRun, runConsume } from "./consume_run.ts";
import { serverEngines } from "./engines.ts";
import type { Topics } from "../load/fill_stream.ts";
import { FETCH_BYTES } from "../raw/kafka_raw.ts";
import { makeFolder } from "./make_folder.ts";
import { lastWords, measuredProcess, type ProcessRun } from "./measured_process.ts";
import { profileShares } from "./profile_shares.ts";
import { rawPostgres } from "../raw/postgres_raw.ts";

/** A client of Kafka, as `KAFKA_CLIENT` names it. */
export interface Ground extends Topics {
  services: Required<Pick<Services, "kafka" | "postgres" | "minio">>;
  records: number;
  model: string;
  /** Holds the log rows of a run, once one was made. */
  rowsFile: string;
}

export interface ContenderRun extends ProcessRun {
  /** From connecting to the last record (Edgewood: committed and relayed), without the program's start. */
  recordsPerS: number;
}

/** The Spark job on the same topic; `maxOffsets` records a micro-batch. */
export async function runSpark(
  { services, topic, records }: Ground,
  spark: SparkPeer,
  maxOffsets: number,
): Promise<SparkRun> {
  await using engines = serverEngines(services);
  const run = await spark.run({ topic, objects: engines.urls.objects, maxOffsets });
  if (run.records === records) return run;
  throw new Error(`Cannot measure as Spark must read ${records} records: current value is ${run.records}`);
}

/** The client alone; `isTuned`: with the fetch size at which it is fastest. */
export async function readRaw(
  { services, topic, records }: Ground,
  client: KafkaClientName,
  isTuned: boolean,
): Promise<ContenderRun> {
  const args = [services.kafka.listeners.plaintext, topic, String(records), client];
  if (isTuned) args.push(String(FETCH_BYTES));
  const permissions = ["--allow-net", "--allow-env", "--allow-sys", `--allow-read=${platformaticWasm()}`];
  const { code, stdout, stderr, ...run } = await measuredProcess(() =>
    startDeno("scripts/bench/raw/read_raw.ts", args, { permissions })
  );
  if (code !== 0) {
    throw new Error(
      `Cannot measure ${client} as it must read the topic: current value is ${lastWords(stderr)}`,
    );
  }
  return { ...run, recordsPerS: records / JSON.parse(stdout).ms * 1000 };
}

/** Microseconds a record that the main thread spends in each part of the program, flagged transactions logged. */
export async function profileEdgewood(ground: Ground, client: KafkaClientName): Promise<Map<string, number>> {
  const { services, records } = ground;
  await using engines = serverEngines(services);
  await using folder = await makeFolder();
  const profile = `${folder.path}/main.cpuprofile`;
  await runConsume(engines.urls, { ...ground, log: "flagged", env: { KAFKA_CLIENT: client }, profile });
  const shares = profileShares(JSON.parse(await Deno.readTextFile(profile)));
  return new Map([...shares].map(([part, us]) => [part, us / records]));
}

export async function runEdgewood(
  ground: Ground,
  client: KafkaClientName,
  log: LogMode,
): Promise<ConsumeRun> {
  const { services, topic, labelTopic, records, model, rowsFile } = ground;
  await using engines = serverEngines(services);
  const run = await runConsume(engines.urls, {
    ...{ topic, labelTopic, records, log, model },
    env: { KAFKA_CLIENT: client },
  });
  if (log === "all" && !await isFile(rowsFile)) {
    await using database = rawPostgres(services.postgres.url);
    const schema = schemaOf(engines.urls.ledger);
    await database.copyOutFile(
      `COPY (SELECT ${LOG_COLUMNS} FROM ${schema}.transaction_log) TO STDOUT BINARY`,
      rowsFile,
    );
  }
  return run;
}

/**
 * Records a second of the log rows by one COPY into an empty table of the log's own definition, indexes included.
 *
 * Where no run has kept its rows yet, one is made that does not count.
 */
export async function copyBare(ground: Ground): Promise<number> {
  const { services, records, rowsFile } = ground;
  if (!await isFile(rowsFile)) await runEdgewood(ground, "platformatic", "all");
  await using engines = serverEngines(services);
  // The ledger makes its tables when it is opened.
  await (await openLedger(engines.urls.ledger))[Symbol.asyncDispose]();
  const schema = schemaOf(engines.urls.ledger);
  await using database = rawPostgres(services.postgres.url);
  await database.query(`CREATE TABLE ${schema}.bare (LIKE ${schema}.transaction_log INCLUDING ALL)`);
  const startedAt = performance.now();
  await database.copyInFile(`COPY ${schema}.bare (${LOG_COLUMNS}) FROM STDIN BINARY`, rowsFile);
  const ms = performance.now() - startedAt;
  const [{ rows }] = await database.query(`SELECT count(*) AS rows FROM ${schema}.bare`);
  if (Number(rows) !== records) {
    throw new Error(`Cannot measure as COPY must take ${records} rows: current value is ${rows}`);
  }
  return records / ms * 1000;
}

function schemaOf(ledger: string): string {
  return new URL(ledger).searchParams.get("schema")!;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
