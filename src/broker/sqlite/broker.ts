/**
 * The embedded stream: a broker in one SQLite file, shared by the processes of one machine.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { hashId } from "../../domain/hash_id.ts";
import { attempt, openDatabase } from "../../runtime/sqlite.ts";
import {
  type Broker,
  DEFAULT_BATCH_RECORDS,
  type PartitionOffsets,
  type ProducedRecord,
  type ReadOptions,
  type RecordBatch,
} from "../broker.ts";
import { PackedRecords } from "../packed_records.ts";
import { decodeBody, encodeBody, encodePackedBody, joinBatches, sliceBatch } from "../record_batch.ts";
import { type GroupDatabase, subscribeSqlite } from "./group.ts";
import {
  openSqliteStreamWriter,
  type SqliteStreamWriter,
  type StoredBatch,
  STREAM_SCHEMA,
} from "./writer.ts";

/** Most records in one stored batch. */
const STORED_BATCH_RECORDS = 4096;

/**
 * Opens or makes the embedded stream at a path.
 *
 * Produced records are on disk when `produce` resolves. Several processes may produce and consume at once; members of
 * a group share the partitions. It needs read and write permission for the file and its folder, nothing else.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { openSqliteBroker } from "./broker.ts";
 *
 * await using broker = openSqliteBroker(`${Deno.makeTempDirSync()}/stream.db`);
 * await broker.ensureTopic("transactions");
 * await broker.produce("transactions", [{ key: "c1", value: "{}" }]);
 * assertEquals((await broker.offsets("transactions"))[0].endOffset, 1);
 * ```
 */
export function openSqliteBroker(path: string): Broker {
  return readingSqliteBroker(path, openSqliteStreamWriter(path));
}

/** The embedded stream at a path that exists: reads by itself, writes through the writer, and disposes of it. */
export function readingSqliteBroker(path: string, writer: SqliteStreamWriter): Broker {
  return new SqliteBroker(openDatabase(path, STREAM_SCHEMA), path, writer);
}

/** A topic as its row says. */
interface Topic {
  id: number;
  partitions: number;
  /** Another one after the topic was deleted and made anew. */
  uid: string;
}

class SqliteBroker implements Broker {
  readonly #database: DatabaseSync;
  readonly #topics = new Map<string, Topic>();
  readonly #writer: SqliteStreamWriter;
  readonly #nextOffset;
  readonly #first;
  readonly #at;
  readonly name: string;
  readonly prunes = false;
  #spread = 0;
  #closed = false;

  constructor(database: DatabaseSync, path: string, writer: SqliteStreamWriter) {
    this.#database = database;
    this.#writer = writer;
    this.name = `sqlite:${path}`;
    this.#nextOffset = database.prepare(
      "SELECT next_offset FROM partition WHERE topic_id = ? AND partition = ?",
    );
    // The batch that holds the offset, or the first after it.
    this.#first = database.prepare(
      `SELECT base_offset, count, body FROM record_batch WHERE topic_id = ?1 AND partition = ?2 AND base_offset >=
         coalesce((SELECT max(base_offset) FROM record_batch
                   WHERE topic_id = ?1 AND partition = ?2 AND base_offset <= ?3), 0)
         AND base_offset + count > ?3
       ORDER BY base_offset LIMIT 1`,
    );
    this.#at = database.prepare(
      `SELECT base_offset, count, body FROM record_batch
       WHERE topic_id = ? AND partition = ? AND base_offset = ?`,
    );
  }

  id(): Promise<string> {
    return attempt(this.#database, () => String(this.#database.prepare("SELECT id FROM stream").get()?.id));
  }

  async ensureTopic(topic: string, options: { partitions?: number } = {}): Promise<void> {
    const isThere = await attempt(this.#database, () => this.#find(topic) !== undefined);
    if (!isThere) await this.#writer.ensureTopic(topic, options.partitions ?? 1);
  }

  partitions(topic: string): Promise<number> {
    return attempt(this.#database, () => this.#look(topic)?.partitions ?? 0);
  }

  topicId(topic: string): Promise<string | undefined> {
    return attempt(this.#database, () => this.#look(topic)?.uid);
  }

  async produce(topic: string, records: readonly ProducedRecord[] | PackedRecords): Promise<void> {
    if (records.length === 0) return;
    const { id, partitions } = await attempt(this.#database, () => this.#require(topic));
    const now = Date.now();
    const batches = records instanceof PackedRecords
      ? storedBatches(
        partitionPacked(records, partitions),
        (part) => encodePackedBody(records, part, records.timestampMs ?? now),
      )
      : storedBatches(this.#partitionRecords(records, partitions), (part) => encodeBody(part, now));
    await this.#writer.append(id, batches);
  }

  offsets(topic: string): Promise<PartitionOffsets[]> {
    return attempt(this.#database, () => {
      this.#look(topic);
      return this.#database.prepare(
        `SELECT partition, next_offset,
           coalesce((SELECT min(base_offset) FROM record_batch b
                     WHERE b.topic_id = p.topic_id AND b.partition = p.partition), next_offset) AS start_offset
         FROM partition p WHERE topic_id = ? ORDER BY partition`,
      ).all(this.#require(topic).id).map((row) => ({
        partition: Number(row.partition),
        startOffset: Number(row.start_offset),
        endOffset: Number(row.next_offset),
      }));
    });
  }

  async *read(
    topic: string,
    partition: number,
    { fromOffset, toOffset = Infinity, maxBatchRecords = DEFAULT_BATCH_RECORDS }: ReadOptions,
  ): AsyncIterable<RecordBatch> {
    const nextOffset = await attempt(
      this.#database,
      () => Number(this.#nextOffset.get(this.#require(topic).id, partition)?.next_offset ?? 0),
    );
    const end = Math.min(toOffset, nextOffset);
    let position = fromOffset;
    while (position < end) {
      const batch = await attempt(
        this.#database,
        () => this.#next(topic, partition, position, maxBatchRecords),
      );
      if (batch === undefined) return;
      position = batch.nextOffset;
      let count = batch.count;
      while (count > 0 && batch.offsets[count - 1] >= end) count--;
      if (count > 0) yield sliceBatch(batch, 0, count);
    }
  }

  subscribe: Broker["subscribe"] = async (topic, group, options = {}) => {
    const found = await attempt(this.#database, () => this.#require(topic));
    const source: GroupDatabase = {
      database: this.#database,
      writer: this.#writer,
      topicId: found.id,
      partitions: found.partitions,
      endOffset: (partition) => Number(this.#nextOffset.get(found.id, partition)!.next_offset),
      next: (partition, offset) =>
        this.#next(topic, partition, offset, options.maxBatchRecords ?? DEFAULT_BATCH_RECORDS),
      offsets: () => this.offsets(topic),
      check: () => void this.#look(topic),
      isOpen: () => !this.#closed,
    };
    return await subscribeSqlite(source, group, options);
  };

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#database.close();
    await this.#writer[Symbol.asyncDispose]();
  }

  /** Up to `limit` records from the offset on, of as many stored batches as it takes, up to where one was deleted. */
  #next(topic: string, partition: number, offset: number, limit: number): RecordBatch | undefined {
    const { id } = this.#require(topic);
    const found: RecordBatch[] = [];
    let count = 0;
    // Row by row, since Deno's iterator of a statement ends without an error where a page is damaged.
    let row = this.#first.get(id, partition, offset);
    for (let left = Math.ceil(limit / 64); row !== undefined; left--) {
      const stored = decodeBody(topic, partition, Number(row.base_offset), row.body as Uint8Array);
      const from = Math.max(0, offset - Number(row.base_offset));
      const take = Math.min(stored.count - from, limit - count);
      found.push(sliceBatch(stored, from, from + take));
      count += take;
      // A large batch is handed over as it is; small ones are joined.
      if (count >= limit / 2 || left <= 1) break;
      row = this.#at.get(id, partition, stored.nextOffset);
    }
    return found.length === 0 ? undefined : joinBatches(found);
  }

  #partitionRecords(records: readonly ProducedRecord[], partitions: number): (readonly ProducedRecord[])[] {
    if (partitions === 1) return [records];
    const shares: ProducedRecord[][] = Array.from({ length: partitions }, () => []);
    for (const record of records) {
      const { key } = record;
      shares[key === null ? this.#spread++ % partitions : this.partitionOf(key, partitions)].push(record);
    }
    return shares;
  }

  partitionOf(key: string | Uint8Array, partitions: number): number {
    const bytes = typeof key === "string" ? encoder.encode(key) : key;
    return partitionOfBytes(bytes, 0, bytes.length, partitions);
  }

  /** The topic as it was looked at first. */
  #find(topic: string): Topic | undefined {
    return this.#topics.get(topic) ?? this.#look(topic);
  }

  /** The topic as it is; throws if it was deleted and made anew since it was looked at first. */
  #look(topic: string): Topic | undefined {
    const row = this.#database.prepare("SELECT id, partitions, uid FROM topic WHERE name = ?").get(topic);
    if (row === undefined) return undefined;
    const found = { id: Number(row.id), partitions: Number(row.partitions), uid: String(row.uid) };
    const first = this.#topics.get(topic) ?? found;
    if (first.uid !== found.uid) {
      throw new Error(
        `Cannot go on with topic ${topic} of ${this.name}: it was deleted and made anew (id ${first.uid} before, ` +
          `${found.uid} now), so its offsets are of other records`,
      );
    }
    this.#topics.set(topic, found);
    return found;
  }

  #require(topic: string): Topic {
    const found = this.#find(topic);
    if (found === undefined) {
      throw new Error(`Cannot use topic ${topic} of ${this.name} as it must exist: produce to it first`);
    }
    return found;
  }
}

const encoder = new TextEncoder();
const keyWords = new Uint32Array(2);

/** The batches to store of each partition's share of the records. */
function storedBatches<T extends { length: number; slice(from: number, to: number): T }>(
  shares: readonly T[],
  encode: (part: T) => Uint8Array,
): StoredBatch[] {
  const batches: StoredBatch[] = [];
  for (const [partition, share] of shares.entries()) {
    for (let from = 0; from < share.length; from += STORED_BATCH_RECORDS) {
      const part = share.slice(from, from + STORED_BATCH_RECORDS);
      batches.push({ partition, count: part.length, body: encode(part) });
    }
  }
  return batches;
}

/** The indexes of each partition's records. */
function partitionPacked(
  { length, bytes, valueEnd, keyEnd }: PackedRecords,
  partitions: number,
): Int32Array[] {
  const partitionOf = new Int32Array(length);
  const counts = new Int32Array(partitions);
  for (let i = 0; i < length; i++) {
    if (partitions > 1) partitionOf[i] = partitionOfBytes(bytes, valueEnd[i], keyEnd[i], partitions);
    counts[partitionOf[i]]++;
  }
  const shares = Array.from(counts, (count) => new Int32Array(count));
  counts.fill(0);
  for (let i = 0; i < length; i++) shares[partitionOf[i]][counts[partitionOf[i]]++] = i;
  return shares;
}

function partitionOfBytes(bytes: Uint8Array, start: number, end: number, partitions: number): number {
  hashId(bytes, start, end, keyWords, 0);
  return keyWords[0] % partitions;
}
