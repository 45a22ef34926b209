import { assertEquals } from "../../testing/assert.ts";
import { RecordPool } from "./records.ts";
import { SnapshotReader, SnapshotWriter } from "./snapshot.ts";

Deno.test("RecordPool gives out what was given back, all zero, and no record twice", () => {
  const pool = new RecordPool(3, 1000);
  const numbers = Array.from({ length: 200 }, (_, i) => pool.addCopy(Uint32Array.of(i, i, i)));
  assertEquals(new Set(numbers).size, 200);
  pool.remove(numbers[7]);
  pool.remove(numbers[9]);
  const again = [pool.add(), pool.add()];
  assertEquals(new Set(again), new Set([numbers[7], numbers[9]]));
  assertEquals([...pool.record(again[0]), ...pool.record(again[1])], [0, 0, 0, 0, 0, 0]);
  assertEquals([...pool.record(numbers[8])], [8, 8, 8]);
  assertEquals(numbers.includes(pool.add()), false);
});

Deno.test("RecordPool.saved() gives each record by its number", () => {
  const pool = new RecordPool(2, 10);
  pool.addCopy(Uint32Array.of(1, 2));
  pool.addCopy(Uint32Array.of(3, 4));
  const out = new SnapshotWriter();
  pool.save(out);
  const from = new SnapshotReader(out.finish([0, 0]), [0, 0]);
  const saved = RecordPool.saved(from, 2);
  from.end();
  assertEquals([[...saved(1)], [...saved(2)]], [[1, 2], [3, 4]]);
});
