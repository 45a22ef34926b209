/**
 * The first stage in WebAssembly: records to columns, without a JavaScript object for an ordinary record.
 *
 * @module
 */
import {
  AMOUNTS,
  CURRENCIES,
  CUSTOMER_KEYS,
  DECODE_RECORDS,
  ID_ENDS,
  IDS,
  IDS_BYTES,
  LABELLED_TIMES,
  TERMINAL_KEYS,
  TIMES,
  TRANSACTION_KEYS,
  TRUTHS,
  ZS,
} from "../../assembly/layout.ts";
import { type Arrays, newArrays } from "../runtime/array_pool.ts";
import type { RecordBatch } from "../broker/broker.ts";
import { valueOf } from "../broker/record_batch.ts";
import { currencyCode, minorOfShort, minorUnits } from "../domain/currency.ts";
import { DEFAULT_MAX_AHEAD_MS } from "../domain/time.ts";
import type { Label, LabelColumns } from "../domain/label.ts";
import type { Transaction, TransactionError } from "../domain/transaction.ts";
import { type DecodedBatch, decodeTransaction } from "./decode.ts";
import { decodeLabel } from "./label.ts";
import { chunkDecoder, type DecodedRows } from "./wasm_chunk.ts";
import { type DecodeModule, openDecodeModule } from "./wasm_module.ts";
import { writeKey } from "./key.ts";

/** Decodes record batches; it owns one WebAssembly instance, some 4 MB. */
export interface Decoder {
  /** Loads what decoding these transactions needs from elsewhere, as schemas; waits where that fails. */
  prepare?(batch: RecordBatch): Promise<void>;
  /**
   * Decodes every record of a batch: the same rows and faults as `decodeBatch` of `decode.ts` makes, bit for bit.
   *
   * The batch's bytes must stay as they are while `columns.transaction` is called, which decodes anew each time.
   *
   * @param arrays Makes the columns; new ones unless given.
   */
  decodeBatch(batch: RecordBatch, arrays?: Arrays): DecodedBatch;
  /** Decodes every record of a batch of the label topic: the labels of `decodeLabel`, bit for bit, and what is none. */
  decodeLabels(batch: RecordBatch): DecodedLabels;
}

/** A batch of the label topic decoded: what is a label, and what is not. */
export interface DecodedLabels {
  /** The records that are labels, in offset order. */
  columns: LabelColumns;
  /** Records that are no labels, by their position in the batch. */
  faults: { recordIndex: number; error: TransactionError }[];
}

/** What `openDecoder` takes. */
export interface DecoderOptions {
  /** Bytes of the module; `build/edgewood.wasm` of the project by default. */
  wasm?: BufferSource;
  /** Is told how many records of each batch the module left to TypeScript: those that are unusual or faulty. */
  onLeft?: (records: number) => void;
  /** Most that a time in a record may lie after the record's own time, if that is one (default: one day). */
  maxAheadMs?: number;
  /** Makes the decoder of records that are not written as the project's own; labels are left to `own`. */
  decodeWith?(own: Decoder, maxAheadMs: number): Decoder;
  /** Called with the records of a batch that have no time of their own, if there are any and the bound is finite. */
  onUntimed?: (records: number) => void;
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
 * import { openDecoder } from "./wasm.ts";
 *
 * const json = `{"transaction_id":"t1","customer_id":"c1","terminal_id":"m1","amount":12.5,"timestamp":"2026-01-02T03:04:05Z"}`;
 * const body = encodeBody([{ key: null, value: json }, { key: null, value: "not JSON" }], 0);
 * const decoder = await openDecoder();
 * const { columns, faults } = decoder.decodeBatch(decodeBody("transactions", 0, 0, body));
 * assertEquals([columns.count, columns.amount[0], faults[0].error.reason], [1, 12.5, "not-json"]);
 * ```
 */
export async function openDecoder(options: DecoderOptions = {}): Promise<Decoder> {
  const { wasm, onLeft = () => {}, maxAheadMs = DEFAULT_MAX_AHEAD_MS, onUntimed = () => {} } = options;
  const module = await openDecodeModule(wasm);
  const work: Work = {
    decodeChunks: chunkDecoder(module.memory, maxAheadMs),
    views: viewsOf(module.memory.buffer),
    onDecoded({ left, untimed }) {
      onLeft(left);
      if (untimed > 0 && maxAheadMs < Infinity) onUntimed(untimed);
    },
  };
  const own = {
    decodeBatch: transactionDecoder(module.decodeTransactions, work),
    decodeLabels: labelDecoder(module.decodeLabels, work),
  };
  return options.decodeWith?.(own, maxAheadMs) ?? own;
}

/** What both decoders work with. */
interface Work {
  decodeChunks: ReturnType<typeof chunkDecoder>;
  views: Views;
  onDecoded(rows: DecodedRows): void;
}

type Views = ReturnType<typeof viewsOf>;

/** The module's columns, a chunk of records long, as it lays them in its memory. */
function viewsOf(buffer: ArrayBufferLike) {
  const float64s = (at: number) => new Float64Array(buffer, at, DECODE_RECORDS);
  const words = (at: number, width: number) => new Uint32Array(buffer, at, width * DECODE_RECORDS);
  return {
    timestampMs: float64s(TIMES),
    transactionKey: words(TRANSACTION_KEYS, 2),
    customerKey: words(CUSTOMER_KEYS, 2),
    terminalKey: words(TERMINAL_KEYS, 2),
    amount: float64s(AMOUNTS),
    currency: words(CURRENCIES, 1),
    idEnds: words(ID_ENDS, 3),
    ids: new Uint8Array(buffer, IDS, IDS_BYTES),
    labelledAtMs: float64s(LABELLED_TIMES),
    z: float64s(ZS),
    isFraud: new Uint8Array(buffer, TRUTHS, DECODE_RECORDS),
  };
}

function transactionDecoder(
  decode: DecodeModule["decodeTransactions"],
  { decodeChunks, views, onDecoded }: Work,
): Decoder["decodeBatch"] {
  const { amount, currency, idEnds, ids } = views;
  /** Minor units of the rows that were left: their amounts may have more digits than float64. */
  const leftMinor: [row: number, minor: number][] = [];
  const decodeLeft = (value: Uint8Array | null, row: number, latestMs: number) => {
    const transaction = decodeTransaction(value, latestMs);
    writeTransaction(views, transaction, row);
    leftMinor.push([row, transaction.amountMinor]);
  };
  return (batch, arrays = newArrays) => {
    const columns = {
      ...sharedColumns(batch.count, arrays),
      amount: arrays.float64("amount", batch.count),
      amountMinor: arrays.float64("amountMinor", batch.count),
      currency: arrays.uint32("currency", batch.count),
      idOffsets: arrays.uint32("idOffsets", 3 * batch.count + 1),
    };
    columns.idOffsets[0] = 0;
    let idBytes = arrays.uint8("idBytes", 0);
    let idsEnd = 0;
    const decoded = decodeChunks(batch, arrays, {
      decode,
      decodeLeft,
      keep(rows, before) {
        keepShared(views, columns, rows, before);
        columns.amount.set(amount.subarray(0, rows), before);
        columns.currency.set(currency.subarray(0, rows), before);
        if (rows === 0) return;
        // Most have the currency of the one before.
        let code = currency[0];
        let units = minorUnits(code);
        for (let row = 0; row < rows; row++) {
          if (currency[row] !== code) {
            code = currency[row];
            units = minorUnits(code);
          }
          columns.amountMinor[before + row] = minorOfShort(amount[row], units);
        }
        for (const [row, minor] of leftMinor) columns.amountMinor[before + row] = minor;
        leftMinor.length = 0;
        const added = idEnds[3 * rows - 1];
        if (idsEnd + added > idBytes.length) {
          // As long as these ids are, the rest may be, and a little longer.
          const ahead = Math.ceil(added / rows * (batch.count - before) * 1.05);
          const grown = arrays.uint8("idBytes", idsEnd + Math.max(added, ahead));
          grown.set(idBytes.subarray(0, idsEnd));
          idBytes = grown;
        }
        idBytes.set(ids.subarray(0, added), idsEnd);
        for (let i = 0; i < 3 * rows; i++) columns.idOffsets[3 * before + i + 1] = idsEnd + idEnds[i];
        idsEnd += added;
      },
    });
    const { count, recordIndex, faults } = decoded;
    onDecoded(decoded);
    return {
      ...{ faults, passed: 0 },
      columns: {
        count,
        recordIndex,
        ...columns,
        idBytes: idBytes.subarray(0, idsEnd),
        transaction: (row) => decodeTransaction(valueOf(batch, recordIndex[row])),
      },
    };
  };
}

function labelDecoder(
  decode: DecodeModule["decodeLabels"],
  { decodeChunks, views, onDecoded }: Work,
): Decoder["decodeLabels"] {
  const { labelledAtMs, isFraud, z } = views;
  const decodeLeft = (value: Uint8Array | null, row: number, latestMs: number) =>
    writeLabel(views, decodeLabel(value, latestMs), row);
  return (batch) => {
    const columns = {
      ...sharedColumns(batch.count, newArrays),
      labelledAtMs: new Float64Array(batch.count),
      isFraud: new Uint8Array(batch.count),
      z: new Float64Array(batch.count),
    };
    const decoded = decodeChunks(batch, newArrays, {
      decode,
      decodeLeft,
      keep(rows, before) {
        keepShared(views, columns, rows, before);
        columns.labelledAtMs.set(labelledAtMs.subarray(0, rows), before);
        columns.isFraud.set(isFraud.subarray(0, rows), before);
        columns.z.set(z.subarray(0, rows), before);
      },
    });
    const { count, recordIndex, faults } = decoded;
    onDecoded(decoded);
    return { faults, columns: { count, recordIndex, ...columns } };
  };
}

/** Writes a record that the module left into its row. */
function writeTransaction(views: Views, transaction: Transaction, row: number): void {
  const { timestampMs, transactionKey, customerKey, terminalKey, amount, currency, idEnds, ids } = views;
  amount[row] = transaction.amount;
  currency[row] = currencyCode(transaction.currency);
  timestampMs[row] = transaction.timestampMs;
  const { transactionId, customerId, terminalId } = transaction;
  writeKey(transactionId, transactionKey, row * 2);
  writeKey(customerId, customerKey, row * 2);
  writeKey(terminalId, terminalKey, row * 2);
  let end = row === 0 ? 0 : idEnds[3 * row - 1];
  [transactionId, customerId, terminalId].forEach((id, i) => {
    end += encoder.encodeInto(id, ids.subarray(end)).written;
    idEnds[3 * row + i] = end;
  });
}

/** Writes a label that the module left into its row. */
function writeLabel(views: Views, label: Label, row: number): void {
  views.timestampMs[row] = label.timestampMs;
  views.labelledAtMs[row] = label.labelledAtMs;
  views.isFraud[row] = Number(label.isFraud);
  views.z[row] = label.z;
  views.transactionKey.set(label.transactionKey, row * 2);
  views.customerKey.set(label.customerKey, row * 2);
  views.terminalKey.set(label.terminalKey, row * 2);
}

function keepShared(
  views: Views,
  columns: ReturnType<typeof sharedColumns>,
  rows: number,
  before: number,
): void {
  columns.timestampMs.set(views.timestampMs.subarray(0, rows), before);
  columns.transactionKey.set(views.transactionKey.subarray(0, 2 * rows), 2 * before);
  columns.customerKey.set(views.customerKey.subarray(0, 2 * rows), 2 * before);
  columns.terminalKey.set(views.terminalKey.subarray(0, 2 * rows), 2 * before);
}

/** Columns that transactions and labels have. */
function sharedColumns(count: number, arrays: Arrays) {
  return {
    timestampMs: arrays.float64("timestampMs", count),
    transactionKey: arrays.uint32("transactionKey", 2 * count),
    customerKey: arrays.uint32("customerKey", 2 * count),
    terminalKey: arrays.uint32("terminalKey", 2 * count),
  };
}

const encoder = new TextEncoder();
