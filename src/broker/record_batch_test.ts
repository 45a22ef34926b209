import { assertEquals, assertThrows } from "../testing/assert.ts";
import { decodeBody, encodeBody, joinBatches, keyOf, sliceBatch, valueOf } from "./record_batch.ts";
import type { ProducedRecord, RecordBatch } from "./broker.ts";

const text = (bytes: Uint8Array | null) => bytes === null ? null : new TextDecoder().decode(bytes);
const values = (batch: RecordBatch) => Array.from({ length: batch.count }, (_, i) => text(valueOf(batch, i)));

const records: ProducedRecord[] = [
  { key: "a", value: '{"a":1}', headers: { reason: "ü" }, timestampMs: 5 },
  { key: null, value: null },
  { key: new Uint8Array([1, 2]), value: "ß€😀" },
  { key: "", value: "" },
];

Deno.test("decodeBody() reads what encodeBody() wrote", () => {
  const batch = decodeBody("t", 3, 100, encodeBody(records, 7));
  assertEquals(batch.count, 4);
  assertEquals([...batch.offsets], [100, 101, 102, 103]);
  assertEquals(batch.nextOffset, 104);
  assertEquals([...batch.timestampMs], [5, 7, 7, 7]);
  assertEquals(values(batch), ['{"a":1}', null, "ß€😀", ""]);
  assertEquals(text(keyOf(batch, 0)), "a");
  assertEquals(keyOf(batch, 1), null);
  assertEquals([...keyOf(batch, 2)!], [1, 2]);
  assertEquals(batch.headers(0), { reason: "ü" });
  assertEquals(batch.headers(1), {});
});

Deno.test("decodeBody() reads a body that is not aligned, and refuses a cut one", () => {
  const body = encodeBody(records, 7);
  const shifted = new Uint8Array(body.length + 3);
  shifted.set(body, 3);
  assertEquals(values(decodeBody("t", 0, 0, shifted.subarray(3))), ['{"a":1}', null, "ß€😀", ""]);
  assertThrows(() => decodeBody("t", 0, 0, body.subarray(0, body.length - 1)), RangeError, "t/0");
  assertThrows(() => decodeBody("t", 0, 0, new Uint8Array(3)), RangeError);
});

Deno.test("sliceBatch() and joinBatches() keep records, offsets and headers", () => {
  const batch = decodeBody("t", 0, 10, encodeBody(records, 7));
  const parts = [sliceBatch(batch, 0, 1), sliceBatch(batch, 1, 3), sliceBatch(batch, 3)];
  assertEquals(parts.map((part) => part.nextOffset), [11, 13, 14]);
  const joined = joinBatches(parts);
  assertEquals(values(joined), values(batch));
  assertEquals([...joined.offsets], [...batch.offsets]);
  assertEquals(joined.headers(0), { reason: "ü" });
  assertEquals(joined.headers(2), {});
  assertEquals(joined.nextOffset, 14);
});

Deno.test("encodeBody() keeps texts that are not ASCII, bytes, nulls and headers apart, in any mixture", () => {
  const contents = [
    "",
    "plain",
    "ß",
    "\ud83d\ude00",
    "\ud800",
    "x".repeat(300),
    new Uint8Array([0xff, 0]),
    null,
  ];
  const texts = contents.filter((content) => !(content instanceof Uint8Array));
  for (const pool of [contents, texts, ["", "plain", null]]) {
    const records = pool.flatMap((value, i) =>
      pool.map((key, j) => ({
        key,
        value,
        timestampMs: i * 100 + j,
        headers: j === 1 ? { "ü": "ä" } : undefined,
      }))
    );
    const batch = decodeBody("t", 0, 7, encodeBody(records, 5));
    records.forEach(({ key, value, headers = {}, timestampMs }, i) => {
      const bytesOf = (content: string | Uint8Array | null) =>
        typeof content === "string" ? new TextEncoder().encode(content) : content;
      assertEquals([valueOf(batch, i), keyOf(batch, i)], [bytesOf(value), bytesOf(key)]);
      assertEquals([batch.headers(i), batch.timestampMs[i], batch.offsets[i]], [headers, timestampMs, 7 + i]);
    });
  }
});
