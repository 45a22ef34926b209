/**
 * The first stage in WebAssembly: the same as `decodeBatch`, without a JavaScript object for an ordinary record.
 *
 * @module
 */
import {
  AMOUNTS,
  CUSTOMER_KEYS,
  DECODE_BYTES,
  DECODE_PADDING,
  DECODE_RECORDS,
  RECORD_ENDS,
  RECORD_STARTS,
  RECORDS,
  TERMINAL_KEYS,
  TIMES,
  TRANSACTION_KEYS,
} from "../../assembly/layout.ts";
import type { RecordBatch } from "../broker/broker.ts";
import { valueOf } from "../broker/record_batch.ts";
import { TransactionError } from "../transaction.ts";
import { type DecodedBatch, decodeTransaction } from "./decode.ts";
import { MAX_RECORD_BYTES } from "./decode_json.ts";
import { openDecodeModule } from "./decode_wasm_module.ts";
import { writeKey } from "./key.ts";

/** Decodes record batches; it owns one WebAssembly instance, some 2.5 MB. */
export interface Decoder {
  /**
   * Decodes every record of a batch: the same rows and faults as `decodeBatch` of `decode.ts` makes, bit for bit.
   *
   * The batch's bytes must stay as they are while `columns.transaction` is called, which decodes anew each time.
   */
  decodeBatch(batch: RecordBatch): DecodedBatch;
}

/** What `openDecoder` takes. */
export interface DecoderOptions {
  /** Bytes of the module; `build/edgewood.wasm` of the project by default. */
  wasm?: BufferSource;
  /** Is told how many records of each batch the module left to TypeScript: those that are unusual or faulty. */
  onLeft?: (records: number) => void;
}

/** Records of a batch that lie in the module's memory at once. */
interface Chunk {
  first: number;
  end: number;
  /** Where their bytes start and end in the batch. */
  start: number;
  stop: number;
}

/**
 * Opens a decoder that reads records in WebAssembly and leaves those that it cannot take for certain to TypeScript.
 *
 * @throws Error if the module is not built.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { decodeBody, encodeBody } from "../broker/record_batch.ts";
 * import { openDecoder } from "./decode_wasm.ts";
 *
 * const json = `{"transaction_id":"t1","customer_id":"c1","terminal_id":"m1","amount":12.5,"timestamp":"2026-01-02T03:04:05Z"}`;
 * const body = encodeBody([{ key: null, value: json }, { key: null, value: "not JSON" }], 0);
 * const decoder = await openDecoder();
 * const { columns, faults } = decoder.decodeBatch(decodeBody("transactions", 0, 0, body));
 * assertEquals([columns.count, columns.amount[0], faults[0].error.reason], [1, 12.5, "not-json"]);
 * ```
 */
export async function openDecoder(options: DecoderOptions = {}): Promise<Decoder> {
  const module = await openDecodeModule(options.wasm);
  const { buffer } = module.memory;
  const bytes = new Uint8Array(buffer, RECORDS, DECODE_BYTES + DECODE_PADDING);
  const starts = new Uint32Array(buffer, RECORD_STARTS, DECODE_RECORDS);
  const ends = new Uint32Array(buffer, RECORD_ENDS, DECODE_RECORDS);
  const amount = new Float64Array(buffer, AMOUNTS, DECODE_RECORDS);
  const timestampMs = new Float64Array(buffer, TIMES, DECODE_RECORDS);
  const keys = (at: number) => new Uint32Array(buffer, at, 2 * DECODE_RECORDS);
  const transactionKey = keys(TRANSACTION_KEYS);
  const customerKey = keys(CUSTOMER_KEYS);
  const terminalKey = keys(TERMINAL_KEYS);

  /** Copies the next records from `first` on, as many as there is room for; a record alone that is too long is left empty. */
  function loadChunk(batch: RecordBatch, first: number): Chunk {
    const { valueStart, valueEnd } = batch;
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
    }
    return { first, end, start, stop };
  }

  /** Decodes one record in TypeScript into the module's columns; gives the fault where it is no transaction. */
  function decodeLeft(batch: RecordBatch, record: number, row: number): TransactionError | undefined {
    try {
      const transaction = decodeTransaction(valueOf(batch, record));
      amount[row] = transaction.amount;
      timestampMs[row] = transaction.timestampMs;
      writeKey(transaction.transactionId, transactionKey, row * 2);
      writeKey(transaction.customerId, customerKey, row * 2);
      writeKey(transaction.terminalId, terminalKey, row * 2);
      return undefined;
    } catch (error) {
      if (error instanceof TransactionError) return error;
      throw error;
    }
  }

  function decodeBatch(batch: RecordBatch): DecodedBatch {
    const faults: DecodedBatch["faults"] = [];
    const columns = {
      recordIndex: new Int32Array(batch.count),
      amount: new Float64Array(batch.count),
      timestampMs: new Float64Array(batch.count),
      transactionKey: new Uint32Array(batch.count * 2),
      customerKey: new Uint32Array(batch.count * 2),
      terminalKey: new Uint32Array(batch.count * 2),
    };
    const { recordIndex } = columns;
    let count = 0;
    let left = 0;
    for (let first = 0; first < batch.count;) {
      const chunk = loadChunk(batch, first);
      const records = chunk.end - first;
      let row = 0;
      for (let record = 0; record < records; record++) {
        const taken = module.decodeRecords(record, records, row);
        for (; record < taken; record++) recordIndex[count + row++] = first + record;
        if (record === records) break;
        left++;
        const error = decodeLeft(batch, first + record, row);
        if (error === undefined) recordIndex[count + row++] = first + record;
        else faults.push({ recordIndex: first + record, error });
      }
      columns.amount.set(amount.subarray(0, row), count);
      columns.timestampMs.set(timestampMs.subarray(0, row), count);
      columns.transactionKey.set(transactionKey.subarray(0, 2 * row), 2 * count);
      columns.customerKey.set(customerKey.subarray(0, 2 * row), 2 * count);
      columns.terminalKey.set(terminalKey.subarray(0, 2 * row), 2 * count);
      count += row;
      first = chunk.end;
    }
    options.onLeft?.(left);
    return {
      faults,
      columns: {
        count,
        ...columns,
        transaction: (row) => decodeTransaction(valueOf(batch, recordIndex[row])),
      },
    };
  }

  return { decodeBatch };
}

/** Whether a value is there, lies within the batch's bytes and is no longer than a transaction may be. */
function isOrdinary(batch: RecordBatch, start: number, end: number): boolean {
  return start >= 0 && end > start && end - start <= MAX_RECORD_BYTES && end <= batch.bytes.length;
}
