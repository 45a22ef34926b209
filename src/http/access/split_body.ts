import { setImmediate } from "node:timers/promises";
import type { RecordBatch } from "../../broker/broker.ts";
import { recordBatch } from "../../broker/record_batch.ts";
import { Problem } from "../problem.ts";

/** One JSON value (an object, or an array of them), or one object a line. */
export type BodyFormat = "json" | "ndjson";

/** The records of a body. */
export interface SplitBody {
  batch: RecordBatch;
  /** Whether the body was one object, not an array or lines. */
  isSingle: boolean;
}

/** Bytes after which the event loop gets a turn. */
const TURN_BYTES = 1 << 18;

/**
 * Splits a body into the bytes of its transactions.
 *
 * Only brackets, commas and strings are looked at: the decoder checks each transaction.
 *
 * @param maxRecords Upper bound of the number of transactions.
 * @throws Problem 413 for more transactions, 422 for an array that does not end.
 */
export async function splitBody(
  bytes: Uint8Array,
  format: BodyFormat,
  maxRecords: number,
): Promise<SplitBody> {
  const first = skipSpace(bytes, 0);
  if (format === "json" && bytes[first] !== OPEN_ARRAY) {
    let end = bytes.length;
    while (end > first && isSpace(bytes[end - 1])) end--;
    return { batch: batchOf(bytes, [first], [end]), isSingle: true };
  }
  const starts: number[] = [];
  const ends: number[] = [];
  const elements = format === "json" ? arrayElements(bytes, first + 1) : lines(bytes);
  for (const element of elements) {
    if (element === undefined) {
      await setImmediate();
      continue;
    }
    if (starts.length === maxRecords) {
      throw new Problem(413, `The body must have at most ${maxRecords} transactions.`);
    }
    starts.push(element[0]);
    ends.push(element[1]);
  }
  return { batch: batchOf(bytes, starts, ends), isSingle: false };
}

/** Start and end of each element of an array; undefined when the event loop should get a turn. */
function* arrayElements(bytes: Uint8Array, from: number): Generator<[number, number] | undefined> {
  let depth = 0;
  let start = skipSpace(bytes, from);
  const elementTo = (at: number): [number, number] => {
    let end = at;
    while (end > start && isSpace(bytes[end - 1])) end--;
    return [start, end];
  };
  let turnAt = from + TURN_BYTES;
  let isEmpty = true;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      for (at++; at < bytes.length && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
      isEmpty = false;
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      depth++;
      isEmpty = false;
    } else if (depth > 0) {
      if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth--;
    } else if (byte === COMMA) {
      yield elementTo(at);
      start = skipSpace(bytes, at + 1);
      isEmpty = false;
    } else if (byte === CLOSE_ARRAY) {
      if (!isEmpty) yield elementTo(at);
      if (skipSpace(bytes, at + 1) < bytes.length) {
        throw new Problem(422, "The body must be one JSON value: more follows after the array.");
      }
      return;
    } else if (!isSpace(byte)) isEmpty = false;
    if (at >= turnAt) {
      turnAt = at + TURN_BYTES;
      yield undefined;
    }
  }
  throw new Problem(422, "The body must be a JSON array: its end is missing.");
}

/** Start and end of each line that is not empty; undefined as above. */
function* lines(bytes: Uint8Array): Generator<[number, number] | undefined> {
  let turnAt = TURN_BYTES;
  for (let start = 0; start < bytes.length;) {
    const found = bytes.indexOf(LINE_FEED, start);
    const lineEnd = found < 0 ? bytes.length : found;
    let [from, to] = [skipSpace(bytes, start, lineEnd), lineEnd];
    while (to > from && isSpace(bytes[to - 1])) to--;
    if (to > from) yield [from, to];
    start = lineEnd + 1;
    if (start >= turnAt) {
      turnAt = start + TURN_BYTES;
      yield undefined;
    }
  }
}

function batchOf(bytes: Uint8Array, starts: number[], ends: number[]): RecordBatch {
  const none = new Int32Array(starts.length).fill(-1);
  return recordBatch({
    topic: "",
    partition: 0,
    offsets: Float64Array.from(starts, (_, i) => i),
    bytes,
    valueStart: Int32Array.from(starts),
    valueEnd: Int32Array.from(ends),
    keyStart: none,
    keyEnd: none,
    timestampMs: new Float64Array(starts.length),
    nextOffset: starts.length,
  });
}

function skipSpace(bytes: Uint8Array, from: number, to: number = bytes.length): number {
  let at = from;
  while (at < to && isSpace(bytes[at])) at++;
  return at;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

const LINE_FEED = 0x0a;
const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
