import { Buffer } from "node:buffer";
import type { ProducedRecord } from "../../broker.ts";
import { compress } from "./codecs.ts";
import { crc32c } from "./crc32c.ts";
import { varintSize, writeVarint } from "./varint.ts";

/** Kafka's header of a batch (format 2): where its fields lie. */
const AT = {
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastDelta: 23,
  time: 27,
  maxTime: 35,
  producer: 43,
  epoch: 51,
  sequence: 53,
  count: 57,
};
const HEADER_BYTES = 61;
const LENGTH_COUNTS_FROM = 12;
const FIRST_BYTES = 4096;

/** Who a batch is from, so that the broker keeps it once: a producer's id, its epoch, the number of the first record. */
export interface BatchStamp {
  producerId: bigint;
  epoch: number;
  sequence: number;
}

/**
 * A batch of Kafka's in the making: records are written as they are added.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../../testing/assert.ts";
 * import { valueOf } from "../../record_batch.ts";
 * import { BatchWriter, stampBatch } from "./batch_writer.ts";
 * import { RecordSet } from "./record_set.ts";
 *
 * const writer = new BatchWriter();
 * writer.add({ key: "c1", value: "{}" }, 1767225600000);
 * const bytes = writer.toBatch(0);
 * stampBatch(bytes, { producerId: 7n, epoch: 0, sequence: 0 });
 * const batch = new RecordSet(bytes, { topic: "t", partition: 0, fromOffset: 0 }).next(10)!;
 * assertEquals(new TextDecoder().decode(valueOf(batch, 0)!), "{}");
 * ```
 */
export class BatchWriter {
  /** Number of records. */
  count = 0;
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #end = HEADER_BYTES;
  #firstMs = 0;
  #maxMs = 0;

  /** Size of the batch before compression. */
  get byteLength(): number {
    return this.#end;
  }

  /** Writes a record behind those before it. */
  add({ key, value, headers }: ProducedRecord, timestampMs: number): void {
    if (this.count === 0) this.#firstMs = this.#maxMs = timestampMs;
    else if (timestampMs > this.#maxMs) this.#maxMs = timestampMs;
    const names = headers === undefined ? [] : Object.keys(headers);
    const afterMs = timestampMs - this.#firstMs;
    const keyBytes = key === null ? -1 : Buffer.byteLength(key);
    const valueBytes = value === null ? -1 : Buffer.byteLength(value);
    let size = 1 + varintSize(afterMs) + varintSize(this.count) + fieldSize(keyBytes) +
      fieldSize(valueBytes) + varintSize(names.length);
    for (const name of names) {
      size += fieldSize(Buffer.byteLength(name)) + fieldSize(Buffer.byteLength(headers![name]));
    }
    this.#reserve(size + 5);
    this.#varint(size);
    this.#bytes[this.#end++] = 0; // attributes: none are defined
    this.#varint(afterMs);
    this.#varint(this.count++);
    this.#field(key, keyBytes);
    this.#field(value, valueBytes);
    this.#varint(names.length);
    for (const name of names) {
      this.#field(name, Buffer.byteLength(name));
      this.#field(headers![name], Buffer.byteLength(headers![name]));
    }
  }

  /** The whole batch, which lacks {@link stampBatch}; nothing may be added afterwards. */
  toBatch(codec: number): Buffer {
    let bytes = this.#bytes.subarray(0, this.#end);
    if (codec !== 0) {
      const records = compress(codec, bytes.subarray(HEADER_BYTES));
      bytes = Buffer.concat([bytes.subarray(0, HEADER_BYTES), records]);
    }
    bytes.fill(0, 0, HEADER_BYTES);
    bytes.writeInt32BE(bytes.length - LENGTH_COUNTS_FROM, AT.length);
    bytes.writeInt32BE(-1, AT.leaderEpoch);
    bytes.writeInt8(2, AT.magic);
    bytes.writeInt16BE(codec, AT.attributes);
    bytes.writeInt32BE(this.count - 1, AT.lastDelta);
    bytes.writeBigInt64BE(BigInt(this.#firstMs), AT.time);
    bytes.writeBigInt64BE(BigInt(this.#maxMs), AT.maxTime);
    bytes.writeInt32BE(this.count, AT.count);
    return bytes;
  }

  #varint(value: number) {
    this.#end = writeVarint(this.#bytes, this.#end, value);
  }

  #field(content: string | Uint8Array | null, size: number) {
    this.#varint(size);
    if (typeof content === "string") this.#bytes.write(content, this.#end);
    else if (content !== null) this.#bytes.set(content, this.#end);
    if (size > 0) this.#end += size;
  }

  #reserve(room: number) {
    if (this.#end + room <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#end + room));
    larger.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = larger;
  }
}

/** Writes into a batch who it is from, and its checksum. */
export function stampBatch(batch: Buffer, { producerId, epoch, sequence }: BatchStamp): void {
  batch.writeBigInt64BE(producerId, AT.producer);
  batch.writeInt16BE(epoch, AT.epoch);
  batch.writeInt32BE(sequence, AT.sequence);
  batch.writeUInt32BE(crc32c(batch.subarray(AT.attributes)), AT.crc);
}

function fieldSize(size: number): number {
  return varintSize(size) + Math.max(0, size);
}
