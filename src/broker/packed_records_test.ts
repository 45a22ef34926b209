import { assertEquals } from "../testing/assert.ts";
import { PackedRecords } from "./packed_records.ts";
import { decodeBody, encodePackedBody, keyOf, valueOf } from "./record_batch.ts";
import { openSqliteBroker } from "./sqlite/broker.ts";

const decoder = new TextDecoder();
const pairs = Array.from(
  { length: 10_000 },
  (_, i) => [`kü${i % 700}`, i % 9 === 0 ? "" : `{"n":${i},"text":"€${"x".repeat(i % 50)}"}`] as const,
);

function packed(): PackedRecords {
  const records = new PackedRecords();
  records.add("before", "clear");
  records.clear();
  for (const [key, value] of pairs) records.add(key, value);
  return records;
}

Deno.test("PackedRecords gives back the records in order, and encodePackedBody() any of them", () => {
  const records = packed();
  const text = (bytes: unknown) => decoder.decode(bytes as Uint8Array);
  assertEquals(Array.from(records, ({ key, value }) => [text(key), text(value)] as const), pairs);
  const shares = [pairs.map((_, i) => i), [0], [5, 6, 7, 100, 102, 103, 9_999], [], [9_998]];
  for (const which of shares) {
    const batch = decodeBody("t", 2, 50, encodePackedBody(records, Int32Array.from(which), 77));
    const read = Array.from(
      { length: batch.count },
      (_, i) => [text(keyOf(batch, i)), text(valueOf(batch, i))],
    );
    assertEquals(read, which.map((i) => [...pairs[i]]));
    assertEquals([...batch.timestampMs], which.map(() => 77));
    for (let i = 0; i < batch.count; i++) assertEquals(batch.headers(i), {});
  }
});

Deno.test("PackedRecords of a run mark each record with its number, over clear()", () => {
  const records = new PackedRecords("r1");
  for (let n = 0; n < 3; n++) records.add("k", "v");
  records.clear();
  for (let n = 0; n < 5; n++) records.add("kü", `v${n}`);
  const marks = Array.from(records, ({ headers }) => headers!.produce_run);
  assertEquals(marks, ["r1/3", "r1/4", "r1/5", "r1/6", "r1/7"]);
  const batch = decodeBody("t", 0, 0, encodePackedBody(records, Int32Array.of(1, 2, 4), 77));
  const read = [0, 1, 2].map((i) => [batch.headers(i).produce_run, decoder.decode(valueOf(batch, i)!)]);
  assertEquals(read, [["r1/4", "v1"], ["r1/5", "v2"], ["r1/7", "v4"]]);
});

for (const partitions of [1, 4]) {
  Deno.test(`the embedded stream keeps packed records as it keeps others, ${partitions} partitions`, async () => {
    await using broker = openSqliteBroker(`${Deno.makeTempDirSync()}/stream.db`);
    for (const topic of ["packed", "others"]) await broker.ensureTopic(topic, { partitions });
    await broker.produce("packed", packed());
    await broker.produce("packed", new PackedRecords());
    await broker.produce("others", pairs.map(([key, value]) => ({ key, value })));
    const contentOf = async (topic: string) => {
      const content: string[] = [];
      for (let partition = 0; partition < partitions; partition++) {
        for await (const batch of broker.read(topic, partition, { fromOffset: 0 })) {
          for (let i = 0; i < batch.count; i++) {
            content.push(
              `${partition} ${batch.offsets[i]} ${decoder.decode(keyOf(batch, i)!)} ${
                decoder.decode(valueOf(batch, i)!)
              }`,
            );
          }
        }
      }
      return content;
    };
    assertEquals(await contentOf("packed"), await contentOf("others"));
    assertEquals((await contentOf("packed")).length, pairs.length);
  });
}
