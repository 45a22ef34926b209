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
import { hashId } from "../hash_id.ts";
import type { Outcome } from "./ledger.ts";
import type { Row } from "./rows.ts";

/** Rows of the log that a filter is for; more where a single commit has more. */
const PAGE_ROWS = 4096;
const BITS_PER_ROW = 16;
const PROBES = 6;

const encoder = new TextEncoder();
const words = new Uint32Array(2);
let scratch = new Uint8Array(512);

/** Calls `probe` with the places of an id in a filter of so many bits, until it returns false; whether it never did. */
function everyPlace(id: string, bits: number, probe: (place: number) => boolean): boolean {
  if (scratch.length < id.length * 3) scratch = new Uint8Array(id.length * 3);
  hashId(scratch, 0, encoder.encodeInto(id, scratch).written, words, 0);
  for (let i = 0, hash = words[0]; i < PROBES; i++, hash = hash + (words[1] | 1) >>> 0) {
    if (!probe(hash % bits)) return false;
  }
  return true;
}

/** Takes the ids of one commit. */
export interface FilterPage {
  /** Adds the id of a logged transaction. */
  add(transactionId: string): void;
  /** Writes the filter, which then holds every row of the log up to this offset. */
  write(nextOffset: number): void;
}

/**
 * Prepares the statements and returns the function that opens the filter for the rows of a commit, in its transaction.
 */
export function sqliteLogFilter(database: DatabaseSync): (outcome: Outcome) => FilterPage {
  const newest = database.prepare(
    "SELECT * FROM log_filter WHERE topic = ? AND partition = ? ORDER BY first_offset DESC LIMIT 1",
  );
  const keep = database.prepare(
    `INSERT INTO log_filter VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset, rows = excluded.rows, bits = excluded.bits`,
  );
  return ({ topic, partition, firstOffset, log }) => {
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
    return {
      add: (transactionId) => void everyPlace(transactionId, bits.length * 8, add),
      write: (nextOffset) =>
        void keep.run(topic, partition, goesOn ? last.first_offset : firstOffset, nextOffset, rows, bits),
    };
  };
}

/**
 * The log's rows with an id, by topic, partition and offset.
 *
 * @param limit Rows at most.
 */
export function findLogged(database: DatabaseSync, transactionId: string, limit: number): Row[] {
  const found: Row[] = [];
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
    "SELECT * FROM log_filter WHERE topic = ? AND partition = ? ORDER BY first_offset",
  );
  for (const { topic, partition, first_offset } of starts.all()) {
    const [name, number] = [String(topic), Number(partition)];
    look(name, number, 0, Number(first_offset ?? Number.MAX_SAFE_INTEGER));
    for (const filter of filters.iterate(name, number)) {
      const bits = filter.bits as Uint8Array;
      const isSet = (place: number) => (bits[place >>> 3] >>> (place & 7) & 1) === 1;
      if (!everyPlace(transactionId, bits.length * 8, isSet)) continue;
      look(name, number, Number(filter.first_offset), Number(filter.next_offset));
    }
  }
  return found;
}
