import { assertEquals } from "../testing/assert.ts";
import { Heap } from "./heap.ts";

Deno.test("Heap gives items in order, however pushing and popping alternate", () => {
  for (let count = 0; count < 40; count++) {
    const heap = new Heap<number>((a, b) => a < b);
    const waiting: number[] = [];
    for (let i = 0; i < count; i++) {
      const item = i * 7919 % 101;
      heap.push(item);
      waiting.push(item);
      if (i % 3 === 2) assertEquals(heap.pop(), waiting.sort((a, b) => a - b).shift());
    }
    assertEquals(heap.items.length, waiting.length);
    for (const item of waiting.sort((a, b) => a - b)) assertEquals(heap.pop(), item);
    assertEquals([heap.first, heap.length], [undefined, 0]);
  }
});
