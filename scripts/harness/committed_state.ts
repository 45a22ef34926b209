/**
 * All that a run left behind on the embedded engines, without the moments at which it happened.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { valueOf } from "../../src/broker/record_batch.ts";
import { openSqliteBroker } from "../../src/broker/sqlite/broker.ts";
import { openDirectory } from "../../src/objects/directory/store.ts";

/** One line for each thing, in order; equal for two runs that did the same. */
export interface CommittedState {
  /** Offset, ids, amount, score, flag. */
  log: string[];
  /** Flagged transactions, the verdict without `scored_at`. */
  flagged: string[];
  /** Committed ranges of offsets with their counts; adjacent ranges are merged. */
  coverage: string[];
  /** Objects by key, their rows without `scored_at`. */
  objects: string[];
  /** The ledger's rows, and each distinct record in their topic. */
  deadLetters: string[];
}

/**
 * Reads stream, ledger and objects of a folder that has `stream.db`, `ledger.db` and `objects`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../src/testing/assert.ts";
 * import { openSqliteLedger } from "../../src/ledger/sqlite/ledger.ts";
 * import { committedState } from "./committed_state.ts";
 *
 * const folder = Deno.makeTempDirSync();
 * await openSqliteLedger(`${folder}/ledger.db`)[Symbol.asyncDispose]();
 * assertEquals((await committedState(folder)).log, []);
 * ```
 */
export async function committedState(folder: string): Promise<CommittedState> {
  const ledger = new DatabaseSync(`${folder}/ledger.db`);
  try {
    const lines = (sql: string) =>
      ledger.prepare(sql).all().map((row) => Object.values(row).map((value) => String(value)).join(" "));
    const log = lines(
      `SELECT topic, partition, "offset", transaction_id, customer_id, terminal_id, amount_minor, currency,
         timestamp_ms, anomaly_score, flagged, produced_at_ms FROM transaction_log ORDER BY 1, 2, 3`,
    );
    const flagged = lines(
      `SELECT topic, partition, "offset", transaction_id, customer_id, terminal_id, amount_minor, currency,
         timestamp_ms, anomaly_score, verdict FROM flagged ORDER BY 1, 2, 3`,
    ).map(withoutTime);
    const deadLetters = lines(
      `SELECT topic, partition, "offset", reason, detail, key IS NULL, value IS NULL FROM dead_letter ORDER BY 1, 2, 3`,
    );
    return {
      log,
      flagged,
      coverage: coverageOf(ledger),
      objects: await objectsIn(`${folder}/objects`),
      deadLetters: [...deadLetters, ...await deadLetterRecords(`${folder}/stream.db`)],
    };
  } finally {
    ledger.close();
  }
}

function coverageOf(ledger: DatabaseSync): string[] {
  const whole: { place: string; from: number; to: number; counts: number[] }[] = [];
  for (
    const row of ledger.prepare("SELECT * FROM committed_range ORDER BY topic, partition, first_offset").all()
  ) {
    const place = `${row.topic}/${row.partition} ${row.model} ${row.log_mode}`;
    const counts = [row.scored, row.flagged, row.dead_letters].map(Number);
    const before = whole.at(-1);
    if (before?.place === place && before.to === Number(row.first_offset)) {
      before.to = Number(row.next_offset);
      counts.forEach((count, i) => before.counts[i] += count);
    } else whole.push({ place, from: Number(row.first_offset), to: Number(row.next_offset), counts });
  }
  return whole.map(({ place, from, to, counts }) => `${place} ${from} to ${to}: ${counts.join(" ")}`);
}

async function objectsIn(folder: string): Promise<string[]> {
  await using store = openDirectory(folder);
  const lines: string[] = [];
  for await (const key of store.list("flagged/")) {
    lines.push(`${key} ${withoutTime(new TextDecoder().decode(await store.get(key)))}`);
  }
  return lines;
}

/** Each record of the dead letter topics once: it may arrive more often. */
async function deadLetterRecords(path: string): Promise<string[]> {
  const topic = "transactions.dead-letter";
  const lines = new Set<string>();
  await using broker = openSqliteBroker(path);
  for (let partition = 0; partition < await broker.partitions(topic); partition++) {
    for await (const batch of broker.read(topic, partition, { fromOffset: 0 })) {
      for (let i = 0; i < batch.count; i++) {
        lines.add(`${JSON.stringify(batch.headers(i))} ${valueOf(batch, i)?.toBase64() ?? null}`);
      }
    }
  }
  return [...lines].sort();
}

function withoutTime(text: string): string {
  return text.replaceAll(/"scored_at":"[^"]*"/g, '"scored_at":""');
}
