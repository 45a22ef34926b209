import {
  DECODE_BYTES,
  DECODE_PADDING,
  DECODE_RECORDS,
  LATEST_TIMES,
  RECORD_ENDS,
  RECORD_STARTS,
  RECORDS,
} from "../../assembly/layout.ts";
import type { Arrays } from "../runtime/array_pool.ts";
import type { RecordBatch } from "../broker/broker.ts";
import { valueOf } from "../broker/record_batch.ts";
import { isRecordTime } from "../domain/time.ts";
import { TransactionError } from "../domain/transaction.ts";
import { MAX_RECORD_BYTES } from "./json.ts";

/** How the records of a batch become rows. */
export interface RowDecoding {
  /** Decodes records `first` to `count` − 1 of the chunk into the rows from `row` on; gives the first one that it leaves, or `count`. */
  decode(first: number, count: number, row: number): number;
  /** Decodes one record that was left into a row. Throws TransactionError where it is faulty or names a time after `latestMs`. */
  decodeLeft(value: Uint8Array | null, row: number, latestMs: number): void;
  /** Takes the first rows of the chunk out of the module's memory; `count` rows of earlier chunks come before them. */
  keep(rows: number, count: number): void;
}

/** The rows of a batch. */
export interface DecodedRows {
  /** Number of rows. */
  count: number;
  /** Position of each row's record in the batch, length at least `count`. */
  recordIndex: Int32Array;
  /** Records that are faulty, by their position in the batch. */
  faults: { recordIndex: number; error: TransactionError }[];
  /** Records that were left. */
  left: number;
  /** Records without a time of their own, whose event time is not bounded. */
  untimed: number;
}

/**
 * Makes a function that takes a batch through the module's memory, chunk by chunk.
 *
 * @param memory Memory of the module, grown to hold a chunk.
 * @param maxAheadMs Most that a time in a record may lie after the record's own time, if that is one.
 */
export function chunkDecoder(
  memory: WebAssembly.Memory,
  maxAheadMs: number,
): (batch: RecordBatch, arrays: Arrays, decoding: RowDecoding) => DecodedRows {
  const bytes = new Uint8Array(memory.buffer, RECORDS, DECODE_BYTES + DECODE_PADDING);
  const starts = new Uint32Array(memory.buffer, RECORD_STARTS, DECODE_RECORDS);
  const ends = new Uint32Array(memory.buffer, RECORD_ENDS, DECODE_RECORDS);
  const latest = new Float64Array(memory.buffer, LATEST_TIMES, DECODE_RECORDS);

  /** Copies the next records from `first` on, as many as there is room for, and gives their end; one that is too long is left empty. */
  function loadChunk(batch: RecordBatch, first: number): number {
    const { valueStart, valueEnd, timestampMs } = batch;
    const most = Math.min(batch.count, first + DECODE_RECORDS);
    let start = -1;
    let stop = -1;
    let end = first;
    for (; end < most; end++) {
      const from = valueStart[end];
      const to = valueEnd[end];
      if (!isOrdinary(batch, from, to)) continue;
      const lowest = start < 0 || from < start ? from : start;
      const highest = to > stop ? to : stop;
      if (highest - lowest > DECODE_BYTES) break;
      start = lowest;
      stop = highest;
    }
    if (start >= 0) bytes.set(batch.bytes.subarray(start, stop));
    bytes.fill(0, stop - start, stop - start + DECODE_PADDING);
    const shift = RECORDS - start;
    for (let i = first; i < end; i++) {
      const isThere = isOrdinary(batch, valueStart[i], valueEnd[i]);
      starts[i - first] = isThere ? valueStart[i] + shift : RECORDS;
      ends[i - first] = isThere ? valueEnd[i] + shift : RECORDS;
      latest[i - first] = isRecordTime(timestampMs[i]) ? timestampMs[i] + maxAheadMs : Infinity;
    }
    return end;
  }

  return (batch, arrays, { decode, decodeLeft, keep }) => {
    const recordIndex = arrays.int32("recordIndex", batch.count);
    const decoded: DecodedRows = { count: 0, recordIndex, faults: [], left: 0, untimed: 0 };
    for (let first = 0; first < batch.count;) {
      const end = loadChunk(batch, first);
      const records = end - first;
      for (let record = 0; record < records; record++) if (latest[record] === Infinity) decoded.untimed++;
      let row = 0;
      for (let record = 0; record < records; record++) {
        const taken = decode(record, records, row);
        for (; record < taken; record++) recordIndex[decoded.count + row++] = first + record;
        if (record === records) break;
        decoded.left++;
        try {
          decodeLeft(valueOf(batch, first + record), row, latest[record]);
          recordIndex[decoded.count + row++] = first + record;
        } catch (error) {
          if (!(error instanceof TransactionError)) throw error;
          decoded.faults.push({ recordIndex: first + record, error });
        }
      }
      keep(row, decoded.count);
      decoded.count += row;
      first = end;
    }
    return decoded;
  };
}

/** Whether a value is there, lies within the batch's bytes and is no longer than a transaction may be. */
function isOrdinary(batch: RecordBatch, start: number, end: number): boolean {
  return start >= 0 && end > start && end - start <= MAX_RECORD_BYTES && end <= batch.bytes.length;
}
