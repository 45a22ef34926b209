/**
 * Record batches over one buffer, and the body in which the embedded stream keeps one.
 *
 * A body is little-endian: count and size of the bytes (two u32), then for each record its time (f64), then value
 * start, value end, key start, key end, headers start, headers end (i32 each, -1 for null), then the bytes. Starts and
 * ends count from the first of the bytes. Headers are a JSON object.
 *
 * @module
 */
import type { ProducedRecord, RecordBatch } from "./broker.ts";
import type { PackedRecords } from "./packed_records.ts";

const HEADER_BYTES = 8;
const COLUMNS = 6;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Columns of a batch; `headerStart` and `headerEnd` delimit the JSON object of each record's headers, if there are any. */
export interface RecordColumns extends Omit<RecordBatch, "count" | "headers"> {
  /** -1 for none. */
  headerStart?: Int32Array;
  headerEnd?: Int32Array;
}

/** Makes a record batch of columns, with one element a record in each; nothing is copied. */
export function recordBatch(columns: RecordColumns): RecordBatch {
  const { headerStart, headerEnd, ...rest } = columns;
  return {
    ...rest,
    count: rest.offsets.length,
    headers(index) {
      if (headerStart === undefined || headerEnd === undefined || headerStart[index] < 0) return {};
      return JSON.parse(decoder.decode(rest.bytes.subarray(headerStart[index], headerEnd[index])));
    },
  };
}

/** The records `from` up to, not including, `to` of a batch; nothing is copied. */
export function sliceBatch(batch: RecordBatch, from: number, to: number = batch.count): RecordBatch {
  if (from === 0 && to === batch.count) return batch;
  return {
    topic: batch.topic,
    partition: batch.partition,
    count: to - from,
    offsets: batch.offsets.subarray(from, to),
    bytes: batch.bytes,
    valueStart: batch.valueStart.subarray(from, to),
    valueEnd: batch.valueEnd.subarray(from, to),
    keyStart: batch.keyStart.subarray(from, to),
    keyEnd: batch.keyEnd.subarray(from, to),
    timestampMs: batch.timestampMs.subarray(from, to),
    headers: (index) => batch.headers(from + index),
    nextOffset: to === batch.count ? batch.nextOffset : batch.offsets[to],
  };
}

/** Room for the columns of a batch. */
export class BatchColumns {
  readonly offsets: Float64Array;
  readonly timestampMs: Float64Array;
  readonly keyStart: Int32Array;
  readonly keyEnd: Int32Array;
  readonly valueStart: Int32Array;
  readonly valueEnd: Int32Array;

  constructor(capacity: number) {
    this.offsets = new Float64Array(capacity);
    this.timestampMs = new Float64Array(capacity);
    this.keyStart = new Int32Array(capacity);
    this.keyEnd = new Int32Array(capacity);
    this.valueStart = new Int32Array(capacity);
    this.valueEnd = new Int32Array(capacity);
  }
}

/** The value of a record as a view of the batch's bytes, or null. */
export function valueOf(batch: RecordBatch, index: number): Uint8Array | null {
  const start = batch.valueStart[index];
  return start < 0 ? null : batch.bytes.subarray(start, batch.valueEnd[index]);
}

/** The key of a record as a view of the batch's bytes, or null. */
export function keyOf(batch: RecordBatch, index: number): Uint8Array | null {
  const start = batch.keyStart[index];
  return start < 0 ? null : batch.bytes.subarray(start, batch.keyEnd[index]);
}

/** Puts batches of one partition, in offset order, into one; the bytes are copied. */
export function joinBatches(batches: readonly RecordBatch[]): RecordBatch {
  if (batches.length === 1) return batches[0];
  const count = batches.reduce((sum, batch) => sum + batch.count, 0);
  const bytes = new Uint8Array(batches.reduce((sum, batch) => sum + batch.bytes.length, 0));
  const joined = new BatchColumns(count);
  const firsts: number[] = [];
  let record = 0;
  let position = 0;
  for (const batch of batches) {
    bytes.set(batch.bytes, position);
    joined.offsets.set(batch.offsets, record);
    joined.timestampMs.set(batch.timestampMs, record);
    for (const name of ["valueStart", "valueEnd", "keyStart", "keyEnd"] as const) {
      shiftInto(joined[name], batch[name], record, position);
    }
    firsts.push(record);
    record += batch.count;
    position += batch.bytes.length;
  }
  return {
    ...joined,
    topic: batches[0].topic,
    partition: batches[0].partition,
    count,
    bytes,
    nextOffset: batches[batches.length - 1].nextOffset,
    headers(index) {
      let which = firsts.length - 1;
      while (firsts[which] > index) which--;
      return batches[which].headers(index - firsts[which]);
    },
  };
}

/** Copies positions, shifted; -1 stays -1. */
function shiftInto(out: Int32Array, positions: Int32Array, at: number, shift: number): void {
  for (let i = 0; i < positions.length; i++) {
    const position = positions[i];
    out[at + i] = position < 0 ? position : position + shift;
  }
}

/** Writes the body of one batch. */
export function encodeBody(records: readonly ProducedRecord[], defaultTimestampMs: number): Uint8Array {
  const count = records.length;
  const parts: (string | Uint8Array | null)[] = [];
  const times = new Float64Array(count);
  records.forEach(({ value, key, headers, timestampMs }, i) => {
    times[i] = timestampMs ?? defaultTimestampMs;
    parts.push(value, key, hasHeaders(headers) ? JSON.stringify(headers) : null);
  });
  const dataStart = HEADER_BYTES + count * 8 + count * 4 * COLUMNS;
  const { body, lengths } = encodeParts(parts, dataStart);
  new Float64Array(body.buffer, HEADER_BYTES, count).set(times);
  const columns = new Int32Array(body.buffer, HEADER_BYTES + count * 8, count * COLUMNS);
  let end = 0;
  for (let part = 0, i = 0; i < count; i++) {
    for (let column = 0; column < COLUMNS; column += 2, part++) {
      const isNull = lengths[part] < 0;
      columns[column * count + i] = isNull ? -1 : end;
      if (!isNull) end += lengths[part];
      columns[(column + 1) * count + i] = isNull ? -1 : end;
    }
  }
  new Uint32Array(body.buffer, 0, 2).set([count, end]);
  return body.subarray(0, dataStart + end);
}

/**
 * Writes the body of one batch of some of the packed records.
 *
 * @param which Their indexes, rising.
 */
export function encodePackedBody(
  records: PackedRecords,
  which: Int32Array,
  timestampMs: number,
): Uint8Array {
  const count = which.length;
  let size = 0;
  for (let i = 0; i < count; i++) size += records.keyEnd[which[i]] - records.start(which[i]);
  const dataStart = HEADER_BYTES + count * 8 + count * 4 * COLUMNS;
  const headers = headersOf(records, which);
  const body = new Uint8Array(dataStart + size + headers.bytes.length);
  new Uint32Array(body.buffer, 0, 2).set([count, size + headers.bytes.length]);
  new Float64Array(body.buffer, HEADER_BYTES, count).fill(timestampMs);
  const columns = new Int32Array(body.buffer, HEADER_BYTES + count * 8, count * COLUMNS);
  // Records that lie one behind the other are copied at once.
  let [end, runStart, runEnd, runAt] = [0, 0, 0, dataStart];
  for (let i = 0; i < count; i++) {
    const start = records.start(which[i]);
    const recordEnd = records.keyEnd[which[i]];
    if (start !== runEnd) {
      body.set(records.bytes.subarray(runStart, runEnd), runAt);
      [runStart, runAt] = [start, dataStart + end];
    }
    runEnd = recordEnd;
    const valueEnd = end + records.valueEnd[which[i]] - start;
    columns[i] = end;
    end += recordEnd - start;
    columns[count + i] = columns[2 * count + i] = valueEnd;
    columns[3 * count + i] = end;
  }
  body.set(records.bytes.subarray(runStart, runEnd), runAt);
  columns.fill(-1, 4 * count);
  if (headers.bytes.length === 0) return body;
  body.set(headers.bytes, dataStart + size);
  for (let i = 0; i < count; i++) {
    columns[4 * count + i] = size + (i === 0 ? 0 : headers.ends[i - 1]);
    columns[5 * count + i] = size + headers.ends[i];
  }
  return body;
}

/** The JSON of packed records' headers one after another; no bytes where they have none. */
function headersOf(records: PackedRecords, which: Int32Array): { bytes: Uint8Array; ends: number[] } {
  let text = "";
  const ends: number[] = [];
  for (const index of which) {
    const headers = records.headers(index);
    if (headers === undefined) break;
    text += JSON.stringify(headers);
    ends.push(text.length);
  }
  // Names and ids of runs are ASCII.
  return { bytes: encoder.encode(text), ends };
}

/**
 * The parts one after another in UTF-8, behind room for what comes first, and the length of each, -1 for null.
 *
 * All texts are encoded at once, which is faster; one by one if any is not ASCII, or is bytes.
 */
function encodeParts(
  parts: readonly (string | Uint8Array | null)[],
  start: number,
): { body: Uint8Array<ArrayBuffer>; lengths: Int32Array } {
  const lengths = Int32Array.from(parts, (part) => part === null ? -1 : part.length);
  if (!parts.some((part) => part instanceof Uint8Array)) {
    const text = parts.join("");
    const body = new Uint8Array(start + text.length);
    const { read, written } = encoder.encodeInto(text, body.subarray(start));
    if (read === text.length && written === text.length) return { body, lengths };
  }
  const room = parts.reduce((sum, part) => sum + (typeof part === "string" ? 3 : 1) * (part?.length ?? 0), 0);
  const body = new Uint8Array(start + room);
  let end = start;
  parts.forEach((part, i) => {
    if (typeof part === "string") lengths[i] = encoder.encodeInto(part, body.subarray(end)).written;
    else if (part !== null) body.set(part, end);
    end += Math.max(0, lengths[i]);
  });
  return { body, lengths };
}

function hasHeaders(headers: ProducedRecord["headers"]): boolean {
  for (const _ in headers) return true;
  return false;
}

/** Reads a body; throws `RangeError` if its sizes do not fit. An aligned body is not copied. */
export function decodeBody(
  topic: string,
  partition: number,
  baseOffset: number,
  stored: Uint8Array,
): RecordBatch {
  const body = stored.byteOffset % 8 === 0 ? stored : stored.slice();
  const [count, end] = body.length < HEADER_BYTES
    ? [-1, 0]
    : new Uint32Array(body.buffer, body.byteOffset, 2);
  const dataStart = HEADER_BYTES + count * 8 + count * 4 * COLUMNS;
  if (count < 0 || body.length !== dataStart + end) {
    throw new RangeError(
      `Cannot read the batch at offset ${baseOffset} of ${topic}/${partition}: ${body.length} bytes do not fit its ` +
        `${count} records`,
    );
  }
  const column = (index: number) =>
    new Int32Array(body.buffer, body.byteOffset + HEADER_BYTES + count * 8 + index * count * 4, count);
  const offsets = new Float64Array(count);
  for (let i = 0; i < count; i++) offsets[i] = baseOffset + i;
  return recordBatch({
    topic,
    partition,
    offsets,
    bytes: body.subarray(dataStart),
    timestampMs: new Float64Array(body.buffer, body.byteOffset + HEADER_BYTES, count),
    valueStart: column(0),
    valueEnd: column(1),
    keyStart: column(2),
    keyEnd: column(3),
    headerStart: column(4),
    headerEnd: column(5),
    nextOffset: baseOffset + count,
  });
}
