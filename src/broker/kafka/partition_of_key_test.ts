import kafkajs from "kafkajs";
import { assert, assertEquals } from "../../testing/assert.ts";
import { partitionOfKey } from "./partition_of_key.ts";

Deno.test("partitionOfKey() puts a key where kafkajs and Java's client put it", () => {
  const partitions = 12;
  const partitionMetadata = Array.from(
    { length: partitions },
    (_, partitionId) => ({ partitionId, leader: 0 }),
  );
  const partitioner = kafkajs.Partitioners.DefaultPartitioner();
  const used = new Set<number>();
  const keys = [
    ..."",
    "a",
    "ab",
    "abc",
    "abcd",
    "ß€😀",
    ...[63, 64, 65, 200].map((length) => "k".repeat(length)),
    ...Array.from({ length: 2000 }, (_, i) => `customer-${i * 7919}`),
  ];
  for (const key of keys) {
    const partition = partitionOfKey(key, partitions);
    const theirs = partitioner({ topic: "t", partitionMetadata, message: { key, value: "" } } as never);
    assertEquals(partition, theirs, key);
    used.add(partition);
  }
  assertEquals(used.size, partitions);
  // Known from Java's own test of murmur2: "21" gives -973932308.
  assertEquals(partitionOfKey("21", 1000), (-973_932_308 & 0x7fffffff) % 1000);
  assert(partitionOfKey(new Uint8Array([0xff, 0xfe, 0xfd]), 7) < 7);
});
