/**
 * Bytes of a record to a JSON object, or the reason why not.
 *
 * @module
 */
import { TransactionError } from "../domain/transaction.ts";
import { countKeys, keepNumbers, scanJson } from "../runtime/json.ts";
import { foreignBytes } from "../runtime/text/foreign_bytes.ts";

/** A longer record is no transaction. */
export const MAX_RECORD_BYTES = 65_536;

/** Deeper nesting is no transaction either. */
export const MAX_DEPTH = 64;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What may be an escaped NUL or half of a surrogate pair. */
const ODD_ESCAPE = /\\u(?:0000|[dD][89a-fA-F])/;
const ESCAPES = /\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u(?:0000|[dD][89a-fA-F]..)|\\./g;

/** The JSON object of a record; numbers are as `parseJson` has them. */
export interface JsonRecord {
  fields: Readonly<Record<string, unknown>>;
  /** The same to be written: NUL and half surrogate pairs, which no database reads, are U+FFFD. */
  source: Readonly<Record<string, unknown>>;
}

/**
 * Reads the JSON object of a record.
 *
 * Stricter than `JSON.parse` in two ways: the bytes are valid UTF-8 without a byte order mark, and no object in them,
 * at any depth, names a key twice.
 *
 * @param bytes Value of the record, or null.
 * @throws TransactionError with the reason.
 */
export function decodeJsonObject(bytes: Uint8Array | null): JsonRecord {
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
    throw new TransactionError("not-utf8", `Cannot read the record as it must be UTF-8: ${whatIs(bytes)}`, {
      cause,
    });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    const found = foreignBytes(bytes);
    const problem = found !== undefined
      ? `it is ${found.what}; ${found.todo}`
      : text.startsWith("\ufeff")
      ? "it begins with a byte order mark; send it without"
      : (cause as Error).message;
    const message = `Cannot read the record as it must be JSON: ${problem}`;
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
  const { keys, depth, isExact } = scanJson(text);
  if (depth > MAX_DEPTH) {
    throw new TransactionError(
      "too-large",
      `Cannot read the record as it must be nested at most ${MAX_DEPTH} deep: it is deeper`,
    );
  }
  const clean = ODD_ESCAPE.test(text)
    ? text.replace(ESCAPES, (found) => found.length === 6 ? "\ufffd" : found)
    : text;
  const cleaned: object = clean === text ? parsed : JSON.parse(clean);
  if (countKeys(cleaned) !== keys) {
    throw new TransactionError(
      "duplicate-key",
      "Cannot read the record as each key must be named once: one is repeated",
    );
  }
  if (isExact) return { fields: parsed, source: cleaned } as JsonRecord;
  const fields = keepNumbers(text);
  return { fields, source: clean === text ? fields : keepNumbers(clean) } as JsonRecord;
}

/**
 * The error of a field that is missing or not what it must be.
 *
 * @param what What is read, "transaction" or "label".
 */
export function wrongField(
  what: string,
  { field, must, value, hint = "" }: { field: string; must: string; value: unknown; hint?: string },
): TransactionError {
  if (value === undefined) {
    return new TransactionError(
      "missing-field",
      `Cannot read the ${what} as it must have ${field}: it has none`,
    );
  }
  const shown = JSON.stringify(typeof value === "string" ? value.slice(0, 80) : value).slice(0, 80);
  return new TransactionError(
    "wrong-field",
    `Cannot read the ${what} as ${field} must be ${must}: current value is ${shown}${hint}`,
  );
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

function whatIs(bytes: Uint8Array): string {
  const found = foreignBytes(bytes);
  if (found !== undefined) return `it is ${found.what}; ${found.todo}`;
  // Text has no control characters but line ends and tabs.
  return bytes.some((byte) => byte < 9 || (byte > 13 && byte < 32))
    ? "it is binary data, such as Avro, Protobuf or MessagePack; send JSON text"
    : "it is not; was it written in Windows-1252 or another code page?";
}
