import type { RecordBatch } from "../../broker.ts";
import { recordBatch } from "../../record_batch.ts";
import { VarintReader } from "./varint.ts";

const decoder = new TextDecoder();

/**
 * Columns of records while they are read: positions in the buffer of a fetch, made relative at the end.
 *
 * `headersStart` is where a record's number of headers stands, or -1.
 */
export class RecordColumns {
  readonly capacity: number;
  /** Offset of each record. */
  readonly offsets: Float64Array;
  /** Time of each record, milliseconds since 1970. */
  readonly timestampMs: Float64Array;
  /** Where each key starts, or -1 for null. */
  readonly keyStart: Int32Array;
  /** Where each key ends. */
  readonly keyEnd: Int32Array;
  /** Where each value starts, or -1 for null. */
  readonly valueStart: Int32Array;
  /** Where each value ends. */
  readonly valueEnd: Int32Array;
  /** Where the number of headers stands, or -1 where there are none. */
  readonly headersStart: Int32Array;
  /** Records so far. */
  count = 0;
  /** Where the first record starts and the last one ends. */
  start = 0;
  /** Where the last record ends. */
  end = 0;

  /** Makes room for `capacity` records. */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.offsets = new Float64Array(capacity);
    this.timestampMs = new Float64Array(capacity);
    this.keyStart = new Int32Array(capacity);
    this.keyEnd = new Int32Array(capacity);
    this.valueStart = new Int32Array(capacity);
    this.valueEnd = new Int32Array(capacity);
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
