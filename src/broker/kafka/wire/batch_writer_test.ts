import { assertEquals } from "../../../testing/assert.ts";
import type { ProducedRecord } from "../../broker.ts";
import { keyOf, valueOf } from "../../record_batch.ts";
import { BatchWriter, stampBatch } from "./batch_writer.ts";
import { compressionNames } from "./codecs.ts";
import { crc32c } from "./crc32c.ts";
import { RecordSet } from "./record_set.ts";

const NOW = 1_767_225_600_000;
const RECORDS: ProducedRecord[] = [
  { key: "c1", value: "{}", headers: { reason: "größer", empty: "" } },
  { key: null, value: null },
  { key: new Uint8Array([0, 255]), value: "é€😀", timestampMs: NOW - 2 ** 33 },
  { key: "", value: "", timestampMs: NOW + 2 ** 40 },
  { key: "k".repeat(300), value: "v".repeat(100_000) },
  ...Array.from({ length: 200 }, (_, i) => ({ key: `k${i}`, value: new Uint8Array(i) })),
];

const bytesOf = (content: string | Uint8Array | null) =>
  content === null ? null : [...typeof content === "string" ? new TextEncoder().encode(content) : content];

for (const [codec, name] of compressionNames.entries()) {
  Deno.test(`BatchWriter.add() writes what RecordSet reads, compressed by ${name}`, () => {
    const writer = new BatchWriter();
    for (const record of RECORDS) writer.add(record, record.timestampMs ?? NOW);
    const bytes = writer.toBatch(codec);
    stampBatch(bytes, { producerId: 4711n, epoch: 3, sequence: 2 ** 31 - 1 });
    assertEquals(bytes.readUInt32BE(17), crc32c(bytes.subarray(21)));
    const batch = new RecordSet(bytes, { topic: "t", partition: 0, fromOffset: 0 }).next(1000)!;
    assertEquals(batch.count, RECORDS.length);
    for (const [i, { key, value, headers = {}, timestampMs = NOW }] of RECORDS.entries()) {
      assertEquals(batch.offsets[i], i);
      assertEquals(batch.timestampMs[i], timestampMs);
      assertEquals([keyOf(batch, i), valueOf(batch, i)].map((each) => each && [...each]), [
        bytesOf(key),
        bytesOf(value),
      ]);
      assertEquals(batch.headers(i), headers);
    }
  });
}

Deno.test("crc32c() gives the known sums, at every length modulo eight", () => {
  const text = new TextEncoder().encode("123456789");
  assertEquals(crc32c(text), 0xe3069283);
  assertEquals(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assertEquals(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
  assertEquals(crc32c(text.subarray(0, 0)), 0);
  assertEquals(crc32c(text.subarray(0, 1)), 0x90f599e3);
});
