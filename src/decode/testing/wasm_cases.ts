import type { RecordBatch } from "../../broker/broker.ts";
import { decodeBody, encodeBody } from "../../broker/record_batch.ts";
import type { Label } from "../../domain/label.ts";
import { DEFAULT_MAX_AHEAD_MS, isRecordTime } from "../../domain/time.ts";
import { TransactionError } from "../../domain/transaction.ts";
import { decodeBatch, type DecodedBatch } from "../decode.ts";
import { decodeLabel } from "../label.ts";
import type { Decoder } from "../wasm.ts";
import { integers, mutatedRecord, type RecordKind } from "./wasm_record_cases.ts";

const decoder = new TextDecoder();

const CASE_BATCH = 4096;
/** None, two that bound times of the cases, and wrong units. */
const RECORD_TIMES = [0, -1, Date.UTC(2026, 0, 1), Date.UTC(2025, 11, 31), 1_767_225_600, 1.7672256e18];

/** How two decoders took the same records. */
export interface Comparison {
  /** Records that both decoded. */
  records: number;
  /** Records that are what they should be. */
  accepted: number;
}

/**
 * Decodes mutated records in WebAssembly and in TypeScript and asserts that both accept, refuse and read the same.
 *
 * @param decoder The decoder under test.
 * @param count Number of records.
 * @param options What the records should be (transactions by default), and a seed that decides them.
 * @throws Error with the first record that they differ in.
 */
export function compareDecoders(
  decoder: Decoder,
  count: number,
  { kind = "transaction", seed }: { kind?: RecordKind; seed: number },
): Comparison {
  const draw = integers(seed);
  const comparison: Comparison = { records: 0, accepted: 0 };
  while (comparison.records < count) {
    const size = Math.min(CASE_BATCH, count - comparison.records);
    const values = Array.from({ length: size }, () => mutatedRecord(draw, kind));
    const timestampMs = () => RECORD_TIMES[draw(RECORD_TIMES.length)];
    const body = encodeBody(values.map((value) => ({ key: null, value, timestampMs: timestampMs() })), 0);
    const batch = decodeBody("transactions", 0, 0, body);
    comparison.accepted += kind === "label"
      ? assertSameLabels(decoder, batch, values)
      : assertSameTransactions(decoder, batch, values);
    comparison.records += size;
  }
  return comparison;
}

/** Asserts that the decoder finds the transactions and faults that `decodeBatch` finds; gives the number of transactions. */
export function assertSameTransactions(
  decoder: Decoder,
  batch: RecordBatch,
  values: readonly (Uint8Array | null)[],
): number {
  const [actual, expected] = [decoder.decodeBatch(batch), decodeBatch(batch)];
  const { count } = expected.columns;
  const idOffsets = expected.columns.idOffsets.length;
  assertSameFaults(actual.faults, expected.faults, values);
  assertSameRows(actual.columns, expected.columns, values, [
    ["recordIndex", count],
    ["amount", count],
    ["amountMinor", count],
    ["currency", count],
    ["timestampMs", count],
    ["transactionKey", 2 * count],
    ["customerKey", 2 * count],
    ["terminalKey", 2 * count],
    ["idOffsets", idOffsets],
    ["idBytes", expected.columns.idOffsets[idOffsets - 1]],
  ]);
  return count;
}

/** Asserts that the decoder finds the labels and faults that `decodeLabel` finds; gives the number of labels. */
export function assertSameLabels(
  decoder: Decoder,
  batch: RecordBatch,
  values: readonly (Uint8Array | null)[],
): number {
  const labels: Label[] = [];
  const recordIndex: number[] = [];
  const faults: DecodedBatch["faults"] = [];
  values.forEach((value, i) => {
    try {
      const recordMs = batch.timestampMs[i];
      const latestMs = isRecordTime(recordMs) ? recordMs + DEFAULT_MAX_AHEAD_MS : Infinity;
      labels.push(decodeLabel(value, latestMs));
      recordIndex.push(i);
    } catch (error) {
      if (!(error instanceof TransactionError)) throw error;
      faults.push({ recordIndex: i, error });
    }
  });
  const actual = decoder.decodeLabels(batch);
  const count = labels.length;
  assertSameFaults(actual.faults, faults, values);
  const expected = {
    count,
    recordIndex,
    timestampMs: labels.map(({ timestampMs }) => timestampMs),
    labelledAtMs: labels.map(({ labelledAtMs }) => labelledAtMs),
    isFraud: labels.map(({ isFraud }) => Number(isFraud)),
    z: labels.map(({ z }) => z),
    transactionKey: labels.flatMap(({ transactionKey }) => transactionKey),
    customerKey: labels.flatMap(({ customerKey }) => customerKey),
    terminalKey: labels.flatMap(({ terminalKey }) => terminalKey),
  };
  assertSameRows(actual.columns, expected, values, [
    ["recordIndex", count],
    ["timestampMs", count],
    ["labelledAtMs", count],
    ["isFraud", count],
    ["z", count],
    ["transactionKey", 2 * count],
    ["customerKey", 2 * count],
    ["terminalKey", 2 * count],
  ]);
  return count;
}

function assertSameFaults(
  actual: DecodedBatch["faults"],
  expected: DecodedBatch["faults"],
  values: readonly (Uint8Array | null)[],
): void {
  const [a, b] = [actual, expected].map((faults) =>
    faults.map(({ recordIndex, error }) => `${recordIndex} ${error.reason} ${error.message}`)
  );
  const at = a.findIndex((fault, i) => fault !== b[i]);
  if (at < 0 && a.length === b.length) return;
  const first = at >= 0 ? at : Math.min(a.length, b.length);
  const record = Math.min(...[a[first], b[first]].filter((each) => each !== undefined).map(parseFloat));
  throw new Error(
    `Decoders must refuse the same: ${a[first]} against ${b[first]}, ${shown(record, values)}`,
  );
}

type Columns<Name extends string> = { count: number } & Record<Name, ArrayLike<number>>;

/** Compares columns bit for bit, up to the length given with each. */
function assertSameRows<Name extends string>(
  actual: Columns<Name>,
  expected: Columns<Name>,
  values: readonly (Uint8Array | null)[],
  columns: readonly (readonly [name: Name | "recordIndex", length: number])[],
): void {
  if (actual.count !== expected.count) {
    throw new Error(`Decoders must accept as many: ${actual.count} against ${expected.count}`);
  }
  const all = (columns: Columns<Name>, name: string) => (columns as Record<string, ArrayLike<number>>)[name];
  for (const [name, length] of columns) {
    const [a, b] = [all(actual, name), all(expected, name)];
    for (let i = 0; i < length; i++) {
      if (Object.is(a[i], b[i])) continue;
      const row = Math.floor(i * expected.count / length);
      throw new Error(
        `Decoders must read the same ${name}: ${a[i]} against ${b[i]} at ${i}, near ${
          shown(all(expected, "recordIndex")[row], values)
        }`,
      );
    }
  }
}

function shown(record: number, values: readonly (Uint8Array | null)[]): string {
  const value = values[record];
  return `record ${record} ${value ? decoder.decode(value) : value}`;
}
