import { decode } from "@msgpack/msgpack";
import { TransactionError } from "../../domain/transaction.ts";
import { MAX_RECORD_BYTES } from "../json.ts";
import type { RecordFormat } from "./format.ts";

/** What keeps a record that claims to be large from taking memory. */
const LIMITS = {
  maxStrLength: MAX_RECORD_BYTES,
  maxBinLength: MAX_RECORD_BYTES,
  maxArrayLength: MAX_RECORD_BYTES,
  maxMapLength: MAX_RECORD_BYTES,
  maxExtLength: MAX_RECORD_BYTES,
};

/** MessagePack; whole numbers beyond 2^53 keep their digits, timestamps are `Date`. */
export const msgpackFormat: RecordFormat = {
  read(bytes) {
    if (bytes === null || bytes.length === 0) {
      throw new TransactionError("empty", "Cannot read the record as it must have a value: it is empty");
    }
    try {
      return plain(decode(bytes, { useBigInt64: true, ...LIMITS }));
    } catch (cause) {
      const message = `Cannot read the record as it must be MessagePack: ${(cause as Error).message}`;
      throw new TransactionError("wrong-format", message, { cause });
    }
  },
};

/** 64-bit numbers as numbers where they are exact. */
function plain(value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (typeof value !== "object" || value === null || value instanceof Date || value instanceof Uint8Array) {
    return value;
  }
  if (Array.isArray(value)) return value.map(plain);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}
