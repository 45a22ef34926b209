import { parsePath, valueAt } from "./path.ts";

/** One record of a stream, unwrapped, with what else a field may come from. */
export interface StreamRecord {
  /** The record's whole value. */
  root: unknown;
  /** What `unwrap` names of it. */
  body: unknown;
  key: Uint8Array | null;
  /** Milliseconds since 1970. */
  recordTimeMs: number;
  headers(): Readonly<Record<string, string>>;
}

/** Where a value comes from, as definitions write it. */
export interface Origin {
  path?: string;
  header?: string;
  key?: true;
  record_time?: true;
  /** Stands where the record has no value. */
  default?: string;
}

const decoder = new TextDecoder();

/** Makes the function that reads a value of a record, or its default; undefined or null where there is none. */
export function originReader(origin: string | Origin): (record: StreamRecord) => unknown {
  const { default: fallback } = typeof origin === "string" ? {} as Origin : origin;
  const read = plainReader(typeof origin === "string" ? { path: origin } : origin);
  return fallback === undefined ? read : (record) => read(record) ?? fallback;
}

function plainReader({ path: text, header, key, record_time }: Origin): (record: StreamRecord) => unknown {
  if (text !== undefined) {
    const path = parsePath(text);
    return path.fromRecord ? ({ root }) => valueAt(root, path) : ({ body }) => valueAt(body, path);
  }
  if (header !== undefined) return (record) => record.headers()[header];
  if (key) return (record) => record.key === null ? null : decoder.decode(record.key);
  return record_time ? (record) => new Date(record.recordTimeMs) : () => undefined;
}

/** The origin in words, for messages. */
export function originText(origin: string | Origin): string {
  if (typeof origin === "string") return origin;
  const { path, header, key } = origin;
  return path ?? (header !== undefined ? `header ${header}` : key ? "the key" : "the record's time");
}
