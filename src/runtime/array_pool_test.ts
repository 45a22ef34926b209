import { ArrayPool, newArrays } from "./array_pool.ts";
import { assert, assertEquals } from "../testing/assert.ts";

Deno.test("ArrayPool gives memory to one taker at a time, and again once it is back", () => {
  const pool = new ArrayPool();
  const [one, other] = [pool.take(), pool.take()];
  const amounts = one.float64("amount", 3);
  assert(amounts.buffer !== other.float64("amount", 3).buffer);
  pool.give(one);
  const again = pool.take().float64("amount", 2);
  assert(again.buffer === amounts.buffer);
  assertEquals(again.length, 2);
});

Deno.test("ArrayPool keeps arrays of different names apart, and makes more room where a longer one is asked for", () => {
  const arrays = new ArrayPool().take();
  const [keys, ids] = [arrays.uint32("keys", 4), arrays.uint8("ids", 4)];
  assert(keys.buffer !== ids.buffer);
  keys.fill(7);
  const longer = arrays.uint32("keys", 1000);
  assertEquals([longer.length, longer.byteOffset], [1000, 0]);
  assertEquals(arrays.float32("empty", 0).length, 0);
});

Deno.test("newArrays gives zeros that nobody else has", () => {
  const [one, other] = [newArrays.int32("a", 2), newArrays.int32("a", 2)];
  one.fill(1);
  assertEquals([...other], [0, 0]);
});
