import type { RecordBatch } from "../../broker/broker.ts";
import { keyOf, valueOf } from "../../broker/record_batch.ts";
import { type Transaction, TransactionError } from "../../domain/transaction.ts";
import { isRecordTime } from "../../domain/time.ts";
import { columnsOf, type DecodedBatch } from "../decode.ts";
import { refuseAhead } from "../json.ts";
import type { RecordFormat } from "../formats/format.ts";
import type { Decoder } from "../wasm.ts";
import type { StreamDefinition } from "./definition.ts";
import { openTransactionReader, type RecordAround, type TransactionReader } from "./transaction.ts";

/** A decoder of records as a definition describes them. */
export interface DefinedDecoder extends Decoder {
  /** What was left out and what was malformed so far. */
  readonly reader: Pick<TransactionReader, "leftOut" | "malformed">;
}

/**
 * Makes the decoder of a definition; labels are read as ever, by `own`.
 *
 * A batch's bytes must stay as they are while `columns.transaction` is called, which decodes anew each time.
 *
 * @param format Reads the bytes of a record's value.
 * @param maxAheadMs Most that an event time may lie after its record's own time, if that is one.
 */
export function definedDecoder(
  { tombstones, ...definition }: StreamDefinition,
  format: RecordFormat,
  { own, maxAheadMs }: { own: Decoder; maxAheadMs: number },
): DefinedDecoder {
  const reader = openTransactionReader({ tombstones, ...definition });
  const isPassed = (value: Uint8Array | null) => value === null && tombstones === "pass";
  return {
    reader,
    prepare: format.prepare,
    decodeLabels: own.decodeLabels,
    decodeBatch(batch) {
      const faults: DecodedBatch["faults"] = [];
      const transactions: Transaction[] = [];
      const recordIndex = new Int32Array(batch.count);
      let passed = 0;
      for (let i = 0; i < batch.count; i++) {
        const value = valueOf(batch, i);
        try {
          const transaction = isPassed(value)
            ? null
            : reader.read(recordAround(format.read(value), batch, i));
          if (transaction === null) {
            passed++;
            continue;
          }
          const recordMs = batch.timestampMs[i];
          if (isRecordTime(recordMs)) {
            refuseAhead("transaction", { timestamp: transaction.timestampMs }, recordMs + maxAheadMs);
          }
          recordIndex[transactions.push(transaction) - 1] = i;
        } catch (error) {
          if (!(error instanceof TransactionError)) throw error;
          faults.push({ recordIndex: i, error });
        }
      }
      const columns = columnsOf(transactions, recordIndex);
      const whole = (row: number) => {
        const i = recordIndex[row];
        return reader.kept(transactions[row], recordAround(format.read(valueOf(batch, i)), batch, i));
      };
      return { faults, passed, columns: { ...columns, transaction: whole } };
    },
  };
}

function recordAround(root: unknown, batch: RecordBatch, i: number): RecordAround {
  return {
    root,
    key: keyOf(batch, i),
    recordTimeMs: batch.timestampMs[i],
    headers: () => batch.headers(i),
    place: `${batch.topic}/${batch.partition}/${batch.offsets[i]}`,
  };
}
