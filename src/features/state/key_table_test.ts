import { assert, assertEquals } from "../../testing/assert.ts";
import { KeyTable } from "./key_table.ts";
import { SnapshotReader, SnapshotWriter } from "./snapshot.ts";

/** A plain model of the table: a Map keeps the order of use. */
class ModelTable {
  readonly counts = new Map<number, number>();
  evicted = 0;

  add(key: number, maxKeys: number): number {
    const count = (this.counts.get(key) ?? 0) + 1;
    if (!this.counts.delete(key) && this.counts.size === maxKeys) {
      this.counts.delete(this.counts.keys().next().value as number);
      this.evicted++;
    }
    this.counts.set(key, count);
    return count;
  }
}

function copyOf(table: KeyTable, payloadWords: number, maxKeys: number): KeyTable {
  const out = new SnapshotWriter();
  table.save(out);
  const copy = new KeyTable(payloadWords, maxKeys);
  copy.load(new SnapshotReader(out.finish([1, 2]), [1, 2]));
  return copy;
}

for (
  const [what, high] of [["hashed keys", (key: number) => Math.imul(key, 0x9e3779b1) >>> 0], [
    "keys alike in one word",
    () => 7,
  ]] as [string, (key: number) => number][]
) {
  Deno.test(`KeyTable forgets the least recently used as a model does, with ${what}`, () => {
    for (const maxKeys of [1, 2, 50, 3000]) {
      let table = new KeyTable(2, maxKeys);
      const model = new ModelTable();
      let word = maxKeys;
      for (let i = 0; i < 30_000; i++) {
        word = Math.imul(word, 1664525) + 1013904223 | 0;
        const key = (word >>> 8) % (maxKeys * 3);
        const at = table.touch(key, high(key));
        table.words[at + 1]++;
        assertEquals(table.words[at + 1], model.add(key, maxKeys));
        if (i % 7001 === 0) table = copyOf(table, 2, maxKeys);
      }
      assertEquals([table.size, table.evicted], [model.counts.size, model.evicted]);
      for (let key = 0; key < maxKeys * 3; key++) {
        assertEquals(table.find(key, high(key)) >= 0, model.counts.has(key));
      }
    }
  });
}

Deno.test("KeyTable takes the numbers of use past 2^32 in order", () => {
  const table = new KeyTable(1, 2);
  const out = new SnapshotWriter();
  // Two entries of four words, last used at 2^32 - 1 and 2^32 - 2.
  out.numbers([4, 2, 0, 2 ** 32 - 1]);
  out.words(Uint32Array.of(1, 1, 0xffffffff, 0, 2, 2, 0xfffffffe, 0));
  table.load(new SnapshotReader(out.finish([0, 0]), [0, 0]));
  table.touch(2, 2);
  table.touch(3, 3);
  assertEquals([table.find(1, 1), table.find(2, 2) >= 0, table.find(3, 3) >= 0], [-1, true, true]);
});

Deno.test("KeyTable.find() and a lookup that fails leave the order of use as it is", () => {
  const table = new KeyTable(1, 2);
  table.touch(1, 0);
  table.touch(2, 0);
  table.find(1, 0);
  assertEquals(table.use(9, 0), -1);
  table.touch(3, 0);
  assertEquals(table.find(1, 0), -1);
  assert(table.find(2, 0) >= 0);
});

Deno.test("KeyTable.touch() takes an expected position where the key is still there, and no other key's", () => {
  const table = new KeyTable(1, 2);
  const first = table.touch(1, 0);
  table.words[first] = 10;
  assertEquals(table.touch(1, 0, first), first);
  assertEquals(table.touch(1, 0, -1), first);
  table.words[table.touch(2, 0, first)] = 20;
  assertEquals(table.words[first], 10);
  const third = table.touch(3, 0, table.find(3, 0));
  assertEquals(third, first); // key 1 is forgotten
  table.words[third] = 30;
  assertEquals(table.use(1, 0, first), -1);
  assertEquals(table.words[table.touch(2, 0, first)], 20);
});
