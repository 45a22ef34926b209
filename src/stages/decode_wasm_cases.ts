import { decodeBody, encodeBody } from "../broker/record_batch.ts";
import { decodeBatch, type DecodedBatch } from "./decode.ts";
import type { Decoder } from "./decode_wasm.ts";
import {
  INSERTED,
  ODD_CODES,
  ODD_NUMBERS,
  ODD_TEXTS,
  ODD_TIMES,
  SPACES,
  UNKNOWN_NAMES,
  UNKNOWN_VALUES,
} from "./decode_wasm_value_cases.ts";

/** Integers below a bound, one after another. */
type Draw = (bound: number) => number;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const CASE_BATCH = 4096;

/** How two decoders took the same records. */
export interface Comparison {
  /** Records that both decoded. */
  records: number;
  /** Records that are transactions. */
  accepted: number;
}

/**
 * Decodes mutated records in WebAssembly and in TypeScript and asserts that both accept, refuse and read the same.
 *
 * @param decoder The decoder under test.
 * @param count Number of records.
 * @param seed Decides the records.
 * @throws Error with the first record that they differ in.
 */
export function compareDecoders(decoder: Decoder, count: number, seed: number): Comparison {
  const draw = integers(seed);
  const comparison: Comparison = { records: 0, accepted: 0 };
  while (comparison.records < count) {
    const size = Math.min(CASE_BATCH, count - comparison.records);
    const values = Array.from({ length: size }, () => mutatedRecord(draw));
    const batch = decodeBody(
      "transactions",
      0,
      0,
      encodeBody(values.map((value) => ({ key: null, value })), 0),
    );
    const expected = decodeBatch(batch);
    assertSameBatch(decoder.decodeBatch(batch), expected, values);
    comparison.records += size;
    comparison.accepted += expected.columns.count;
  }
  return comparison;
}

/** Asserts that both batches have the same rows, bit for bit, and the same faults. */
export function assertSameBatch(
  actual: DecodedBatch,
  expected: DecodedBatch,
  values: readonly (Uint8Array | null)[],
): void {
  const faultsOf = ({ faults }: DecodedBatch) =>
    faults.map(({ recordIndex, error }) => `${recordIndex} ${error.reason} ${error.message}`);
  const [a, b] = [faultsOf(actual), faultsOf(expected)];
  const at = a.findIndex((fault, i) => fault !== b[i]);
  if (at >= 0 || a.length !== b.length) {
    const first = at >= 0 ? at : Math.min(a.length, b.length);
    const record = Math.min(...[a[first], b[first]].filter((each) => each !== undefined).map(parseFloat));
    const value = values[record];
    throw new Error(
      `Decoders must refuse the same: ${a[first]} against ${b[first]}, record ${record} ${
        value ? decoder.decode(value) : value
      }`,
    );
  }
  const { count } = expected.columns;
  if (actual.columns.count !== count) {
    throw new Error(`Decoders must accept as many: ${actual.columns.count} against ${count}`);
  }
  for (const [name, width] of COLUMNS) {
    const [actualColumn, expectedColumn] = [actual.columns[name], expected.columns[name]];
    for (let i = 0; i < count * width; i++) {
      if (Object.is(actualColumn[i], expectedColumn[i])) continue;
      const value = values[expected.columns.recordIndex[Math.floor(i / width)]];
      throw new Error(
        `Decoders must read the same ${name}: ${actualColumn[i]} against ${expectedColumn[i]}, record ${
          value ? decoder.decode(value) : value
        }`,
      );
    }
  }
}

const COLUMNS = [
  ["recordIndex", 1],
  ["amount", 1],
  ["timestampMs", 1],
  ["transactionKey", 2],
  ["customerKey", 2],
  ["terminalKey", 2],
] as const;

/** Marsaglia's xorshift of 32 bits (2003). */
function integers(seed: number): Draw {
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  return (bound) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
}

/** A record of drawn fields, of which one in two is mutated further as text or as bytes. */
function mutatedRecord(draw: Draw): Uint8Array {
  const odd = draw(3); // 0 or 1: ordinary fields; otherwise some of them are unusual
  let fields = Object.keys(VALUES).filter((name) => REQUIRED.has(name) || draw(3) > 0)
    .map((name): [string, string] => [`"${name}"`, VALUES[name](draw, odd === 2 && draw(8) === 0)]);
  for (let extra = draw(6) === 0 ? 1 + draw(draw(8) === 0 ? 20 : 3) : 0; extra > 0; extra--) {
    fields.push([pick(draw, UNKNOWN_NAMES), pick(draw, UNKNOWN_VALUES)]);
  }
  const change = draw(24);
  if (change === 0) fields.push(fields[draw(fields.length)]);
  if (change === 1) fields.splice(draw(fields.length), 1);
  if (change < 8) {
    fields = fields.map((field) => [draw(1 << 30), field] as const).sort(([a], [b]) => a - b).map(([, f]) =>
      f
    );
  }
  const space = draw(5) === 0 ? () => pick(draw, SPACES) : () => "";
  const json = fields.map(([name, value]) => `${space()}${name}${space()}:${space()}${value}${space()}`).join(
    ",",
  );
  return mutateBytes(draw, encoder.encode(`${space()}{${json}}${space()}`));
}

function mutateBytes(draw: Draw, bytes: Uint8Array): Uint8Array {
  switch (draw(12)) {
    case 0:
      bytes[draw(bytes.length)] ^= 1 << draw(8);
      return bytes;
    case 1:
      return bytes.slice(0, draw(bytes.length + 1));
    case 2:
      bytes[draw(bytes.length)] = draw(256);
      return bytes;
    case 3: {
      const inserted = pick(draw, INSERTED);
      const at = draw(bytes.length + 1);
      return Uint8Array.of(...bytes.subarray(0, at), ...inserted, ...bytes.subarray(at));
    }
    case 4: {
      const at = draw(bytes.length);
      return Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(at + 1 + draw(4)));
    }
    default:
      return bytes;
  }
}

const pick = <T>(draw: Draw, choices: readonly T[]): T => choices[draw(choices.length)];
const digitsOf = (draw: Draw, length: number) => Array.from({ length }, () => draw(10)).join("");
const padded = (value: number) => String(value).padStart(2, "0");

const REQUIRED = new Set(["transaction_id", "customer_id", "terminal_id", "amount", "timestamp"]);

/** JSON of a field's value, ordinary or odd. */
const VALUES: Record<string, (draw: Draw, odd: boolean) => string> = {
  transaction_id: drawId,
  customer_id: drawId,
  terminal_id: drawId,
  amount: (draw, odd) =>
    odd
      ? pick(draw, ODD_NUMBERS)
      : draw(4) > 0
      ? `${1 + draw(99999)}.${digitsOf(draw, 1 + draw(2))}`
      : `${draw(2) ? "0" : String(1 + draw(1e9))}.${digitsOf(draw, 1 + draw(17))}`,
  currency: (draw, odd) =>
    odd ? pick(draw, ODD_CODES) : pick(draw, ['"EUR"', '"JPY"', '"CLF"', "null", '"KWD"']),
  merchant_category: (draw, odd) =>
    odd ? pick(draw, ODD_CODES) : draw(2) ? `"${digitsOf(draw, 4)}"` : `${draw(10_200)}`,
  country: (draw, odd) => odd ? pick(draw, ODD_CODES) : pick(draw, ['"NL"', '"DE"', "null"]),
  channel: (draw, odd) => odd ? pick(draw, ODD_CODES) : pick(draw, ['"pos"', '"online"', '"atm"', "null"]),
  timestamp: drawTimestamp,
};

function drawId(draw: Draw, odd: boolean): string {
  if (odd) return pick(draw, [...ODD_NUMBERS, ...ODD_TEXTS]);
  if (draw(6) === 0) return String(draw(2) ? draw(1000) : draw(2 ** 31) * 1000 + draw(1000));
  return `"${"c-".slice(draw(3))}${digitsOf(draw, 1 + draw(40))}"`;
}

function drawTimestamp(draw: Draw, odd: boolean): string {
  if (odd) return pick(draw, [...ODD_TIMES, ...ODD_NUMBERS, ...ODD_TEXTS]);
  if (draw(5) === 0) return String(1_500_000_000_000 + draw(2 ** 31) * 100);
  const year = draw(9) ? 1974 + draw(80) : draw(10_000);
  const fraction = draw(3) ? "" : `.${digitsOf(draw, 1 + draw(draw(4) ? 6 : 50))}`;
  const zone = pick(draw, [
    "Z",
    "Z",
    "Z",
    "Z",
    "Z",
    "Z",
    "Z",
    "+05:30",
    "z",
    "+00:00",
    "-00:00",
    `${draw(2) ? "+" : "-"}${padded(draw(26))}:${padded(draw(62))}`,
  ]);
  return `"${String(year).padStart(4, "0")}-${padded(draw(draw(20) ? 12 : 14) + 1)}-${
    padded(draw(9) ? 1 + draw(28) : draw(32))
  }${draw(9) ? "T" : "t"}` +
    `${padded(draw(draw(20) ? 24 : 30))}:${padded(draw(60))}:${
      padded(draw(draw(20) ? 60 : 70))
    }${fraction}${zone}"`;
}
