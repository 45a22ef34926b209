import { grown } from "../runtime/grown.ts";
import type { ProducedRecord } from "./broker.ts";

/** Header of a record that belongs to a run: the run's id, a slash, and the record's number in it from 0. */
export const RUN_HEADER = "produce_run";
const FIRST_BYTES = 1 << 16;
const FIRST_RECORDS = 1024;
const encoder = new TextEncoder();

/**
 * Records to produce, in one buffer of bytes, so that none of them is an object.
 *
 * Each value starts where the record before ends, and its key follows. None is null, and the only header is that of a
 * run. A broker may take the bytes as they lie; iterated, they are ordinary records: views of the buffer, valid until
 * `clear`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { PackedRecords } from "./packed_records.ts";
 *
 * const records = new PackedRecords();
 * records.add("c1", "{}");
 * const [{ key, value }] = records;
 * const text = (bytes: unknown) => new TextDecoder().decode(bytes as Uint8Array);
 * assertEquals([records.length, text(key), text(value)], [1, "c1", "{}"]);
 * ```
 */
export class PackedRecords implements Iterable<ProducedRecord> {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(FIRST_BYTES);
  valueEnd: Int32Array = new Int32Array(FIRST_RECORDS);
  /** Where each key ends, and with it the record. */
  keyEnd: Int32Array = new Int32Array(FIRST_RECORDS);
  length = 0;
  /** Record time of all of them, milliseconds since 1970; undefined: when they are produced. */
  timestampMs: number | undefined;
  /** Where the next record starts. */
  end = 0;
  readonly #run: string | undefined;
  #cleared = 0;

  /** @param run Id of the run that each record is marked with, by {@link RUN_HEADER} (default: no mark). */
  constructor(run?: string) {
    this.#run = run;
  }

  /** The headers of a record. */
  headers(index: number): Record<string, string> | undefined {
    if (this.#run !== undefined) return { [RUN_HEADER]: `${this.#run}/${this.#cleared + index}` };
  }

  start(index: number): number {
    return index === 0 ? 0 : this.keyEnd[index - 1];
  }

  /** Makes room for this many bytes behind `end`, keeping what is written there; `bytes` may be another buffer after it. */
  reserve(room: number): void {
    if (this.end + room <= this.bytes.length) return;
    // Keeps all bytes: a record may be half written.
    this.bytes = grown(this.bytes, Math.max(2 * this.bytes.length, this.end + room));
  }

  /** Adds the record that was written behind `end`: its value up to `valueEnd`, its key up to `keyEnd`. */
  push(valueEnd: number, keyEnd: number): void {
    if (this.length === this.valueEnd.length) {
      this.valueEnd = grown(this.valueEnd, 2 * this.length);
      this.keyEnd = grown(this.keyEnd, 2 * this.length);
    }
    this.valueEnd[this.length] = valueEnd;
    this.keyEnd[this.length++] = keyEnd;
    this.end = keyEnd;
  }

  /** Adds a record of texts, in UTF-8. */
  add(key: string, value: string): void {
    this.reserve(3 * (key.length + value.length));
    const valueEnd = this.end + encoder.encodeInto(value, this.bytes.subarray(this.end)).written;
    this.push(valueEnd, valueEnd + encoder.encodeInto(key, this.bytes.subarray(valueEnd)).written);
  }

  /** Removes every record and keeps the buffers; the numbers of a run go on. */
  clear(): void {
    this.#cleared += this.length;
    this.length = this.end = 0;
  }

  *[Symbol.iterator](): Generator<ProducedRecord, void, undefined> {
    for (let i = 0; i < this.length; i++) {
      const valueEnd = this.valueEnd[i];
      yield {
        key: this.bytes.subarray(valueEnd, this.keyEnd[i]),
        value: this.bytes.subarray(this.start(i), valueEnd),
        headers: this.headers(i),
        timestampMs: this.timestampMs,
      };
    }
  }
}
