/**
 * Where in the embedded ledger's log a transaction may be, by its id: a Bloom filter (Bloom 1970) for each few thousand rows.
 *
 * An index on ids that come in no order costs more than all the rest of a commit, and the more the longer the log is; a
 * filter costs two bytes a row, written in the order of the log. A search reads all filters, 2 GB for a billion rows, and
 * of the log only where one says that the id may be: one page in a thousand besides the right one.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { hashId } from "../../domain/hash_id.ts";
import type { Outcome } from "../ledger.ts";
import type { Row } from "../sql/rows.ts";

/** Rows of the log that a filter is for; more where a single commit has more. */
const PAGE_ROWS = 4096;
const BITS_PER_ROW = 16;
const PROBES = 6;

/** Calls `probe` with the places of an id in a filter of so many bits, until it returns false; whether it never did. */
function everyPlace(low: number, high: number, bits: number, probe: (place: number) => boolean): boolean {
  for (let i = 0, hash = low; i < PROBES; i++, hash = hash + (high | 1) >>> 0) {
    if (!probe(hash % bits)) return false;
  }
  return true;
}

/**
 * Prepares the statements and returns the function that takes the ids of a commit's log rows into a filter, in its transaction.
 */
export function sqliteLogFilter(database: DatabaseSync): (outcome: Outcome) => void {
  const newest = database.prepare(
    "SELECT * FROM log_filter WHERE topic = ? AND partition = ? ORDER BY first_offset DESC LIMIT 1",
  );
  const keep = database.prepare(
    `INSERT INTO log_filter VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset, rows = excluded.rows, bits = excluded.bits`,
  );
  return ({ topic, partition, firstOffset, nextOffset, log }) => {
    const last = newest.get(topic, partition);
    const goesOn = last !== undefined && Number(last.rows) + log.count <= PAGE_ROWS;
    const bits = goesOn
      ? last.bits as Uint8Array
      : new Uint8Array(Math.max(PAGE_ROWS, log.count) * BITS_PER_ROW / 8);
    const rows = (goesOn ? Number(last.rows) : 0) + log.count;
    const add = (place: number) => {
      bits[place >>> 3] |= 1 << (place & 7);
      return true;
    };
    for (let row = 0; row < log.count; row++) {
      everyPlace(log.transactionKey[2 * row], log.transactionKey[2 * row + 1], bits.length * 8, add);
    }
    keep.run(topic, partition, goesOn ? last.first_offset : firstOffset, nextOffset, rows, bits);
  };
}

/**
 * The log's rows with an id, by topic, partition and offset.
 *
 * @param limit Rows at most.
 */
export function findLogged(database: DatabaseSync, transactionId: string, limit: number): Row[] {
  const found: Row[] = [];
  const [low, high] = keyOf(transactionId);
  const stretch = database.prepare(
    `SELECT * FROM transaction_log WHERE topic = ? AND partition = ? AND "offset" >= ? AND "offset" < ?
       AND transaction_id = ? ORDER BY "offset" LIMIT ?`,
  );
  const look = (topic: string, partition: number, from: number, to: number) => {
    found.push(...stretch.all(topic, partition, from, to, transactionId, limit - found.length));
  };
  // What an earlier version logged has no filter.
  const starts = database.prepare(
    `SELECT topic, partition, (SELECT min(first_offset) FROM log_filter AS filter
       WHERE filter.topic = owner.topic AND filter.partition = owner.partition) AS first_offset
     FROM partition_owner AS owner ORDER BY topic, partition`,
  );
  const filters = database.prepare(
    `SELECT * FROM log_filter WHERE topic = ? AND partition = ? AND first_offset >= ?
     ORDER BY first_offset LIMIT 1`,
  );
  for (const { topic, partition, first_offset } of starts.all()) {
    const [name, number] = [String(topic), Number(partition)];
    look(name, number, 0, Number(first_offset ?? Number.MAX_SAFE_INTEGER));
    // Row by row, since Deno's iterator of a statement ends without an error where a page is damaged.
    let filter = filters.get(name, number, 0);
    for (; filter !== undefined; filter = filters.get(name, number, Number(filter.first_offset) + 1)) {
      const bits = filter.bits as Uint8Array;
      const isSet = (place: number) => (bits[place >>> 3] >>> (place & 7) & 1) === 1;
      if (!everyPlace(low, high, bits.length * 8, isSet)) continue;
      look(name, number, Number(filter.first_offset), Number(filter.next_offset));
    }
  }
  return found;
}

function keyOf(id: string): Uint32Array {
  const bytes = new TextEncoder().encode(id);
  const words = new Uint32Array(2);
  hashId(bytes, 0, bytes.length, words, 0);
  return words;
}
