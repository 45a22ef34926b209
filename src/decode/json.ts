/**
 * Bytes of a record to a JSON object, or the reason why not.
 *
 * @module
 */
import { TransactionError } from "../domain/transaction.ts";

/** A longer record is no transaction. */
export const MAX_RECORD_BYTES = 65_536;

/** Deeper nesting is no transaction either. */
export const MAX_DEPTH = 64;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * Reads the JSON object of a record.
 *
 * Stricter than `JSON.parse` in two ways: the bytes are valid UTF-8 without a byte order mark, and no object in them,
 * at any depth, names a key twice.
 *
 * @param bytes Value of the record, or null.
 * @returns The object.
 * @throws TransactionError with the reason.
 */
export function decodeJsonObject(bytes: Uint8Array | null): Record<string, unknown> {
  if (bytes === null || bytes.length === 0) {
    throw new TransactionError("empty", "Cannot read the record as it must have a value: it is empty");
  }
  if (bytes.length > MAX_RECORD_BYTES) {
    throw new TransactionError(
      "too-large",
      `Cannot read the record as it must have at most ${MAX_RECORD_BYTES} bytes: it has ${bytes.length}`,
    );
  }
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch (cause) {
    throw new TransactionError("not-utf8", "Cannot read the record as it must be UTF-8: it is not", {
      cause,
    });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    const message = `Cannot read the record as it must be JSON: ${(cause as Error).message}`;
    throw new TransactionError("not-json", message, { cause });
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new TransactionError(
      "not-an-object",
      `Cannot read the record as it must be a JSON object: current value is ${
        Array.isArray(parsed) ? "an array" : parsed
      }`
        .slice(0, 200),
    );
  }
  if (countColons(text) !== countKeys(parsed)) {
    throw new TransactionError(
      "duplicate-key",
      "Cannot read the record as each key must be named once: one is repeated",
    );
  }
  return parsed as Record<string, unknown>;
}

/**
 * Refuses a time after the latest one that the record may have; else a stranger's record would take the others' future.
 *
 * @param what What is read, "transaction" or "label".
 * @throws TransactionError with the reason "too-far-ahead".
 */
export function refuseAhead(what: string, times: Record<string, number>, latestMs: number): void {
  for (const [field, ms] of Object.entries(times)) {
    if (ms <= latestMs) continue;
    throw new TransactionError(
      "too-far-ahead",
      `Cannot read the ${what} as ${field} must be at most ${
        new Date(latestMs).toISOString()
      }, which is --max-ahead ` +
        `after the record's own time: current value is ${new Date(ms).toISOString()}`,
    );
  }
}

/** Colons outside of strings of valid JSON: one for each key as it is written; refuses what is nested too deeply. */
function countColons(text: string): number {
  let count = 0;
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === COLON) count++;
    else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
      if (++depth > MAX_DEPTH) {
        throw new TransactionError(
          "too-large",
          `Cannot read the record as it must be nested at most ${MAX_DEPTH} deep: it is deeper`,
        );
      }
    } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) depth--;
    else if (code === QUOTE) {
      for (i++; text.charCodeAt(i) !== QUOTE; i++) if (text.charCodeAt(i) === BACKSLASH) i++;
    }
  }
  return count;
}

/** Keys of all objects in a parsed value: one for each key that is left. */
function countKeys(parsed: object): number {
  let count = 0;
  const left: object[] = [parsed];
  for (let value = left.pop(); value !== undefined; value = left.pop()) {
    if (Array.isArray(value)) {
      for (const element of value) if (typeof element === "object" && element !== null) left.push(element);
      continue;
    }
    for (const key in value) {
      count++;
      const element = (value as Record<string, unknown>)[key];
      if (typeof element === "object" && element !== null) left.push(element);
    }
  }
  return count;
}

const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
