import type { Broker } from "../../../src/broker/broker.ts";
import { parsePath, valueAt } from "../../../src/decode/definition/path.ts";
import { retry } from "../../../src/runtime/retry.ts";
import { runOf } from "../../../src/simulate/produce.ts";
import { rawRecords } from "../../../src/simulate/raw_lines.ts";
import { openByteSource } from "../../../src/table/byte_source.ts";
import { startProgress } from "../../cli/progress.ts";

/** What `--raw` takes. */
export interface RawOptions {
  topic: string;
  input: string;
  /** Path of the key in each line's JSON; without one records have no key. */
  key?: string;
  run: string;
  signal: AbortSignal;
  quiet?: boolean;
}

/** Produces each line of a file as one record, as it stands; returns how many. */
export async function produceRaw(broker: Broker, options: RawOptions): Promise<number> {
  const { topic, input, key, run, signal, quiet } = options;
  using source = await openByteSource(input);
  const progress = startProgress("produce", { total: source.size, unit: "records", quiet });
  let count = 0;
  try {
    for await (const records of rawRecords(source.chunks, runOf(run, "transactions"), keyReader(key))) {
      await retry(() => broker.produce(topic, records, { persist: signal }), { signal });
      count += records.length;
      progress.update(source.size === undefined ? count : source.bytesRead, count);
      if (signal.aborted) break;
    }
  } finally {
    progress.stop();
  }
  return count;
}

function keyReader(key: string | undefined): (line: Uint8Array) => string | null {
  if (key === undefined) return () => null;
  const path = parsePath(key);
  const decoder = new TextDecoder();
  return (line) => {
    let value: unknown;
    try {
      value = valueAt(JSON.parse(decoder.decode(line)), path);
    } catch {
      // The record is sent as it stands; without JSON it has no key.
      return null;
    }
    return value === undefined || value === null ? null : String(value);
  };
}
