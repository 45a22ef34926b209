/**
 * The bytes of a fetched partition as `RecordBatch`es: columns over those same bytes.
 *
 * A record set is a sequence of Kafka's record batches (format 2, Apache Kafka's "Message Format"; the last one may be
 * cut off). Only compressed batches that are joined are copied.
 *
 * @module
 */
import type { RecordBatch } from "../../broker.ts";
import { BatchColumns, joinBatches, recordBatch } from "../../record_batch.ts";
import { compressionNames, decompress } from "./codecs.ts";
import type { AbortedTransaction } from "./fetch_protocol.ts";
import { VarintReader } from "./varint.ts";

/** Where a record set comes from, and which records are wanted. */
export interface RecordSetSource {
  topic: string;
  partition: number;
  /** Records before it are left out: a broker sends the whole batch that holds a wanted record. */
  fromOffset: number;
  /** First offset that is not wanted (default: none). */
  toOffset?: number;
  /** Aborted transactions, in any order. */
  aborted?: readonly AbortedTransaction[];
  /** Told of each batch that is a marker or was aborted. */
  onMarkers?(firstOffset: number, nextOffset: number): void;
}

const decoder = new TextDecoder();

/** Kafka's header of a batch: base offset, length, leader epoch, magic, CRC, then these. */
const AT = {
  length: 8,
  magic: 16,
  attributes: 21,
  lastDelta: 23,
  time: 27,
  maxTime: 35,
  producer: 43,
  count: 57,
};
const HEADER_BYTES = 61;
/** Bytes of base offset and length, which the length leaves out. */
const LENGTH_COUNTS_FROM = 12;
const CODEC_MASK = 0x07;
const LOG_APPEND_TIME = 0x08, TRANSACTIONAL = 0x10, CONTROL = 0x20;
const ABORT_MARKER = 0;

/** A batch of Kafka's that is being read: its records start at `at` of `bytes`. */
interface OpenBatch {
  bytes: Uint8Array;
  at: number;
  left: number;
  baseOffset: number;
  nextOffset: number;
  baseTimeMs: number;
  /** Time of every record, if the broker stamped them. */
  appendTimeMs: number | undefined;
}

/** Reads a record set piece by piece. */
export class RecordSet {
  readonly #source: RecordSetSource;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #toOffset: number;
  readonly #abortedLater: AbortedTransaction[];
  readonly #abortedNow = new Set<bigint>();
  #at = 0;
  #open: OpenBatch | undefined;
  /** Where reading goes on: after everything that was yielded, skipped or is a marker. */
  nextOffset: number;

  /** Takes the record set as it came; `bytes` must not change afterwards. */
  constructor(bytes: Uint8Array, source: RecordSetSource) {
    this.#bytes = bytes;
    this.#view = viewOf(bytes);
    this.#source = source;
    this.#toOffset = source.toOffset ?? Infinity;
    this.#abortedLater = [...source.aborted ?? []].sort((a, b) => a.firstOffset - b.firstOffset);
    this.nextOffset = source.fromOffset;
  }

  /** Whether no record is left. */
  get isRead(): boolean {
    return this.#open === undefined && !this.#isComplete(this.#at);
  }

  get byteLength(): number {
    return this.#bytes.length;
  }

  /** Offset after the last complete batch, where the next fetch starts; `undefined` if there is none. */
  endOffset(): number | undefined {
    let end: number | undefined;
    for (let at = 0; this.#isComplete(at); at += this.#sizeAt(at)) {
      end = this.#view.getInt32(at + AT.lastDelta) + readOffset(this.#view, at) + 1;
    }
    return end;
  }

  /**
   * The next records, at most `maxRecords` (at least 1), or `undefined` at the end of the record set.
   *
   * @throws RangeError if the bytes are not Kafka's format 2; it names topic, partition and offset.
   */
  next(maxRecords: number): RecordBatch | undefined {
    const parts: RecordBatch[] = [];
    let count = 0;
    // Batches from one buffer become one part; parts of several (compressed ones) are joined while they are small.
    while (count <= maxRecords / 2) {
      const part = this.#nextPart(maxRecords - count);
      if (part === undefined) break;
      parts.push(part);
      count += part.count;
    }
    if (parts.length === 0) return undefined;
    return { ...joinBatches(parts), nextOffset: this.nextOffset };
  }

  #nextPart(maxRecords: number): RecordBatch | undefined {
    for (;;) {
      const open = this.#open ??= this.#openNext();
      if (open === undefined) return undefined;
      const columns = new RecordColumns(Math.min(maxRecords, this.#countAhead(open, maxRecords)));
      let current: OpenBatch | undefined = open;
      while (current !== undefined && current.bytes === open.bytes) {
        this.#take(current, columns);
        if (current.left > 0) break;
        this.#open = undefined;
        this.nextOffset = Math.max(this.nextOffset, Math.min(current.nextOffset, this.#toOffset));
        current = this.#open = this.#openNext();
        if (columns.count === columns.capacity) break;
      }
      if (columns.count > 0) return columns.toBatch(open.bytes, this.#source, this.nextOffset);
    }
  }

  /** Records up to `limit` that lie ahead in the buffer of the open batch: how many columns to make. */
  #countAhead(open: OpenBatch, limit: number): number {
    let count = open.left;
    if (open.bytes !== this.#bytes) return count;
    for (let at = this.#at; count < limit && this.#isComplete(at); at += this.#sizeAt(at)) {
      count += Math.max(0, this.#view.getInt32(at + AT.count));
    }
    return Math.max(1, count);
  }

  /** The next batch with wanted records. */
  #openNext(): OpenBatch | undefined {
    while (this.#isComplete(this.#at)) {
      const at = this.#at;
      const view = this.#view;
      const baseOffset = readOffset(view, at);
      if (baseOffset >= this.#toOffset) return undefined;
      const magic = view.getInt8(at + AT.magic);
      if (magic !== 2) throw this.#broken(baseOffset, "its format must be 2", magic);
      const end = at + this.#sizeAt(at);
      const attributes = view.getInt16(at + AT.attributes);
      const nextOffset = baseOffset + view.getInt32(at + AT.lastDelta) + 1;
      const left = view.getInt32(at + AT.count);
      this.#at = end;
      const isLeftOut = this.#isLeftOut(at, attributes, nextOffset);
      if (isLeftOut) this.#source.onMarkers?.(baseOffset, nextOffset);
      if (isLeftOut || left <= 0 || nextOffset <= this.nextOffset) {
        this.nextOffset = Math.max(this.nextOffset, Math.min(nextOffset, this.#toOffset));
        continue;
      }
      const codec = attributes & CODEC_MASK;
      let bytes = this.#bytes;
      if (codec !== 0) {
        try {
          bytes = decompress(codec, bytes.subarray(at + HEADER_BYTES, end));
        } catch (cause) {
          throw this.#broken(
            baseOffset,
            `it must be ${compressionNames[codec] ?? "of a known codec"}`,
            codec,
            cause,
          );
        }
      }
      const appended = (attributes & LOG_APPEND_TIME) !== 0;
      return {
        bytes,
        at: codec === 0 ? at + HEADER_BYTES : 0,
        left,
        baseOffset,
        nextOffset,
        baseTimeMs: readOffset(view, at + AT.time),
        appendTimeMs: appended ? readOffset(view, at + AT.maxTime) : undefined,
      };
    }
    return undefined;
  }

  /** Whether the batch is a marker or of an aborted transaction; tracks the aborted ones. */
  #isLeftOut(at: number, attributes: number, nextOffset: number): boolean {
    if ((attributes & (TRANSACTIONAL | CONTROL)) === 0) return false;
    const producer = this.#view.getBigInt64(at + AT.producer);
    while (this.#abortedLater.length > 0 && this.#abortedLater[0].firstOffset < nextOffset) {
      this.#abortedNow.add(this.#abortedLater.shift()!.producerId);
    }
    if ((attributes & CONTROL) === 0) return this.#abortedNow.has(producer);
    if (this.#view.getInt32(at + AT.count) > 0 && this.#markerType(at + HEADER_BYTES) === ABORT_MARKER) {
      this.#abortedNow.delete(producer);
    }
    return true;
  }

  /** The second 16 bits of a marker's key: 0 aborts the transaction, 1 commits it. */
  #markerType(at: number): number {
    const reader = new VarintReader(this.#bytes, at);
    reader.next(); // length
    reader.at++; // attributes
    reader.next(); // time
    reader.next(); // offset
    reader.next(); // length of the key
    return reader.at + 4 <= this.#bytes.length ? this.#view.getInt16(reader.at + 2) : -1;
  }

  #take(open: OpenBatch, columns: RecordColumns) {
    const reader = new VarintReader(open.bytes, open.at);
    const limit = open.bytes.length;
    while (open.left > 0 && columns.count < columns.capacity) {
      const start = reader.at;
      const length = reader.next();
      const end = reader.at + length;
      if (length < 0 || end > limit) {
        throw this.#broken(
          open.baseOffset,
          `each record must end within its ${limit} bytes`,
          `${length} at ${start}`,
        );
      }
      reader.at++; // attributes: none are defined
      const timeDelta = reader.nextLong();
      const offset = open.baseOffset + reader.next();
      open.left--;
      if (offset < this.nextOffset) {
        reader.at = end;
        continue;
      }
      if (offset >= this.#toOffset) {
        open.left = 0;
        break;
      }
      const keyLength = reader.next();
      const keyStart = reader.at;
      if (keyLength > 0) reader.at += keyLength;
      const valueLength = reader.next();
      const valueStart = reader.at;
      if (valueLength > 0) reader.at += valueLength;
      if (reader.at >= end) {
        throw this.#broken(offset, "key and value must end within the record", `${reader.at} of ${end}`);
      }
      const i = columns.count++;
      if (i === 0) columns.start = start;
      columns.end = end;
      columns.offsets[i] = offset;
      columns.timestampMs[i] = open.appendTimeMs ?? open.baseTimeMs + timeDelta;
      columns.keyStart[i] = keyLength < 0 ? -1 : keyStart;
      columns.keyEnd[i] = keyLength < 0 ? -1 : keyStart + keyLength;
      columns.valueStart[i] = valueLength < 0 ? -1 : valueStart;
      columns.valueEnd[i] = valueLength < 0 ? -1 : valueStart + valueLength;
      columns.headersStart[i] = open.bytes[reader.at] === 0 ? -1 : reader.at;
      this.nextOffset = offset + 1;
      reader.at = end;
    }
    open.at = reader.at;
  }

  #sizeAt(at: number): number {
    return this.#view.getInt32(at + AT.length) + LENGTH_COUNTS_FROM;
  }

  /** Whether a whole batch starts there; the broker cuts the last one off when the fetch is full. */
  #isComplete(at: number): boolean {
    if (at + HEADER_BYTES > this.#bytes.length) return false;
    const size = this.#sizeAt(at);
    if (size < HEADER_BYTES) {
      throw this.#broken(readOffset(this.#view, at), `its size must be at least ${HEADER_BYTES} bytes`, size);
    }
    return at + size <= this.#bytes.length;
  }

  #broken(offset: number, must: string, value: unknown, cause?: unknown): RangeError {
    const { topic, partition } = this.#source;
    return new RangeError(
      `Cannot read the record batch at offset ${offset} of ${topic}/${partition} as ${must}: current value is ${value}`,
      { cause },
    );
  }
}

/**
 * Columns of records while they are read: positions in the buffer of a fetch, made relative at the end.
 *
 * `headersStart` is the position of a record's number of headers, or -1 for none.
 */
class RecordColumns extends BatchColumns {
  readonly capacity: number;
  readonly headersStart: Int32Array;
  count = 0;
  /** Where the first record starts and the last one ends. */
  start = 0;
  end = 0;

  constructor(capacity: number) {
    super(capacity);
    this.capacity = capacity;
    this.headersStart = new Int32Array(capacity);
  }

  /** The records as a batch over the part of the buffer that holds them; nothing of the values is copied. */
  toBatch(
    buffer: Uint8Array,
    source: { topic: string; partition: number },
    nextOffset: number,
  ): RecordBatch {
    const { count, start } = this;
    for (const column of [this.keyStart, this.keyEnd, this.valueStart, this.valueEnd, this.headersStart]) {
      for (let i = 0; i < count; i++) if (column[i] >= 0) column[i] -= start;
    }
    const bytes = buffer.subarray(start, this.end);
    const headersStart = this.headersStart.subarray(0, count);
    return {
      ...recordBatch({
        topic: source.topic,
        partition: source.partition,
        offsets: this.offsets.subarray(0, count),
        bytes,
        valueStart: this.valueStart.subarray(0, count),
        valueEnd: this.valueEnd.subarray(0, count),
        keyStart: this.keyStart.subarray(0, count),
        keyEnd: this.keyEnd.subarray(0, count),
        timestampMs: this.timestampMs.subarray(0, count),
        nextOffset,
      }),
      headers: (index) => headersStart[index] < 0 ? {} : readHeaders(bytes, headersStart[index]),
    };
  }
}

/** Headers as text; of a name that comes twice the last one counts, null becomes empty. */
function readHeaders(bytes: Uint8Array, at: number): Record<string, string> {
  const reader = new VarintReader(bytes, at);
  const text = () => {
    const length = Math.max(0, reader.next());
    reader.at += length;
    return decoder.decode(bytes.subarray(reader.at - length, reader.at));
  };
  const headers: [string, string][] = [];
  for (let left = reader.next(); left > 0 && reader.at < bytes.length; left--) headers.push([text(), text()]);
  return Object.fromEntries(headers);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** A whole number of 64 bits, exact below 2^53. */
function readOffset(view: DataView, at: number): number {
  return view.getInt32(at) * 2 ** 32 + view.getUint32(at + 4);
}
