/**
 * The embedded stream: a broker in one SQLite file, shared by the processes of one machine.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { hashId } from "../../domain/hash_id.ts";
import { attempt, openDatabase } from "../../runtime/sqlite.ts";
import type { Broker, ProducedRecord, RecordBatch } from "../broker.ts";
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
const DEFAULT_BATCH_RECORDS = 16_384;

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

/** The embedded stream at a path that was made before: it reads by itself, and has the writer write; it disposes of that. */
export function readingSqliteBroker(path: string, writer: SqliteStreamWriter): Broker {
  return new SqliteBroker(openDatabase(path, STREAM_SCHEMA), path, writer);
}

class SqliteBroker implements Broker {
  readonly #database: DatabaseSync;
  readonly #topics = new Map<string, { id: number; partitions: number }>();
  readonly #writer: SqliteStreamWriter;
  readonly #nextOffset;
  readonly #select;
  readonly name: string;
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
    this.#select = database.prepare(
      `SELECT base_offset, count, body FROM record_batch WHERE topic_id = ?1 AND partition = ?2 AND base_offset >=
         coalesce((SELECT max(base_offset) FROM record_batch
                   WHERE topic_id = ?1 AND partition = ?2 AND base_offset <= ?3), 0)
       ORDER BY base_offset LIMIT ?4`,
    );
  }

  id(): Promise<string> {
    return attempt(() => String(this.#database.prepare("SELECT id FROM stream").get()?.id));
  }

  async ensureTopic(topic: string, options: { partitions?: number } = {}): Promise<void> {
    const isThere = await attempt(() => this.#find(topic) !== undefined);
    if (!isThere) await this.#writer.ensureTopic(topic, options.partitions ?? 1);
  }

  partitions(topic: string): Promise<number> {
    return attempt(() => this.#find(topic)?.partitions ?? 0);
  }

  async produce(topic: string, records: readonly ProducedRecord[] | PackedRecords): Promise<void> {
    if (records.length === 0) return;
    const { id, partitions } = await attempt(() => this.#require(topic));
    const batches = records instanceof PackedRecords
      ? this.#packedBodies(records, partitions)
      : this.#bodies(records, partitions);
    await this.#writer.append(id, batches);
  }

  offsets(topic: string): Promise<{ partition: number; startOffset: number; endOffset: number }[]> {
    return attempt(() =>
      this.#database.prepare(
        `SELECT partition, next_offset,
           coalesce((SELECT min(base_offset) FROM record_batch b
                     WHERE b.topic_id = p.topic_id AND b.partition = p.partition), next_offset) AS start_offset
         FROM partition p WHERE topic_id = ? ORDER BY partition`,
      ).all(this.#require(topic).id).map((row) => ({
        partition: Number(row.partition),
        startOffset: Number(row.start_offset),
        endOffset: Number(row.next_offset),
      }))
    );
  }

  async *read(
    topic: string,
    partition: number,
    options: { fromOffset: number; toOffset?: number; maxBatchRecords?: number },
  ): AsyncIterable<RecordBatch> {
    const end = await attempt(() =>
      Number(this.#nextOffset.get(this.#require(topic).id, partition)?.next_offset ?? 0)
    );
    const toOffset = Math.min(options.toOffset ?? end, end);
    let position = options.fromOffset;
    while (position < toOffset) {
      const batch = await attempt(() =>
        this.#next(topic, partition, position, options.maxBatchRecords ?? DEFAULT_BATCH_RECORDS)
      );
      if (batch === undefined) return;
      position = batch.nextOffset;
      let count = batch.count;
      while (count > 0 && batch.offsets[count - 1] >= toOffset) count--;
      if (count > 0) yield sliceBatch(batch, 0, count);
    }
  }

  subscribe: Broker["subscribe"] = async (topic, group, options = {}) => {
    const found = await attempt(() => this.#require(topic));
    const source: GroupDatabase = {
      database: this.#database,
      writer: this.#writer,
      topicId: found.id,
      partitions: found.partitions,
      next: (partition, offset) =>
        this.#next(topic, partition, offset, options.maxBatchRecords ?? DEFAULT_BATCH_RECORDS),
      offsets: () => this.offsets(topic),
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

  /** Up to `limit` records from the offset on, of as many stored batches as it takes. */
  #next(topic: string, partition: number, offset: number, limit: number): RecordBatch | undefined {
    const { id } = this.#require(topic);
    const found: RecordBatch[] = [];
    let count = 0;
    for (const row of this.#select.iterate(id, partition, offset, Math.max(1, Math.ceil(limit / 64)))) {
      const stored = decodeBody(topic, partition, Number(row.base_offset), row.body as Uint8Array);
      const from = Math.max(0, offset - Number(row.base_offset));
      if (from >= stored.count) continue;
      const take = Math.min(stored.count - from, limit - count);
      found.push(sliceBatch(stored, from, from + take));
      count += take;
      // A large batch goes on as it is; small ones are put together.
      if (count >= limit / 2) break;
    }
    return found.length === 0 ? undefined : joinBatches(found);
  }

  #bodies(records: readonly ProducedRecord[], partitions: number): StoredBatch[] {
    const now = Date.now();
    return this.#partitionRecords(records, partitions).flatMap((share, partition) =>
      storedParts(share).map((part) => ({ partition, count: part.length, body: encodeBody(part, now) }))
    );
  }

  #packedBodies(records: PackedRecords, partitions: number): StoredBatch[] {
    const now = Date.now();
    return partitionPacked(records, partitions).flatMap((share, partition) =>
      storedParts(share).map((part) => ({
        partition,
        count: part.length,
        body: encodePackedBody(records, part, now),
      }))
    );
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

  #find(topic: string): { id: number; partitions: number } | undefined {
    const known = this.#topics.get(topic);
    if (known !== undefined) return known;
    const row = this.#database.prepare("SELECT id, partitions FROM topic WHERE name = ?").get(topic);
    if (row === undefined) return undefined;
    const found = { id: Number(row.id), partitions: Number(row.partitions) };
    this.#topics.set(topic, found);
    return found;
  }

  #require(topic: string): { id: number; partitions: number } {
    const found = this.#find(topic);
    if (found === undefined) {
      throw new Error(`Cannot use topic ${topic} of ${this.name} as it must exist: produce to it first`);
    }
    return found;
  }
}

const encoder = new TextEncoder();
const keyWords = new Uint32Array(2);

function storedParts<T extends { length: number; slice(from: number, to: number): T }>(share: T): T[] {
  const parts: T[] = [];
  for (let from = 0; from < share.length; from += STORED_BATCH_RECORDS) {
    parts.push(share.slice(from, from + STORED_BATCH_RECORDS));
  }
  return parts;
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
