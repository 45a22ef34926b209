import type { ProducedRecord } from "../broker/broker.ts";
import { RUN_HEADER } from "../broker/packed_records.ts";

const BATCH_LINES = 4096;
const NEW_LINE = 10;
const RETURN = 13;

/**
 * The lines of a file as records, each as it stands, with the mark of their run; empty lines are left out.
 *
 * @param chunks Bytes of the file; each is valid until the next is asked for.
 * @param run Id of the run.
 * @param keyOf The key of a line, null for none.
 */
export async function* rawRecords(
  chunks: AsyncIterable<Uint8Array>,
  run: string,
  keyOf: (line: Uint8Array) => string | null,
): AsyncGenerator<ProducedRecord[]> {
  let [records, number]: [ProducedRecord[], number] = [[], 0];
  let rest = new Uint8Array();
  const add = (line: Uint8Array) => {
    const value = line.at(-1) === RETURN ? line.subarray(0, -1) : line;
    if (value.length === 0) return;
    records.push({ key: keyOf(value), value, headers: { [RUN_HEADER]: `${run}/${number++}` } });
  };
  for await (const chunk of chunks) {
    const bytes = new Uint8Array(rest.length + chunk.length);
    bytes.set(rest);
    bytes.set(chunk, rest.length);
    let start = 0;
    for (let end = bytes.indexOf(NEW_LINE, rest.length); end >= 0; end = bytes.indexOf(NEW_LINE, start)) {
      add(bytes.subarray(start, end));
      start = end + 1;
      if (records.length < BATCH_LINES) continue;
      yield records;
      records = [];
    }
    rest = bytes.slice(start);
  }
  add(rest);
  if (records.length > 0) yield records;
}
