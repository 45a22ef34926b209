import { assertEquals, assertThrows } from "../../testing/assert.ts";
import { MemoryImage } from "./memory.ts";

Deno.test("MemoryImage gives out addresses that do not overlap and writes what was placed", () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const image = new MemoryImage(100);
  const first = image.place(Float64Array.of(1.5, 2.5));
  const room = image.reserve(200_000);
  const bytes = new Uint8Array(3);
  const last = image.place(bytes);
  bytes.set([7, 8, 9]); // written as they are at the end
  image.writeTo(memory);
  assertEquals([first, room, last], [128, 192, 200_192]);
  assertEquals(new Float64Array(memory.buffer, first, 2), Float64Array.of(1.5, 2.5));
  assertEquals(new Uint8Array(memory.buffer, last, 3), Uint8Array.of(7, 8, 9));
});

Deno.test("MemoryImage refuses more than a module can address", () => {
  const image = new MemoryImage(0);
  image.reserve(2 ** 33);
  const memory = new WebAssembly.Memory({ initial: 1 });
  assertThrows(() => image.writeTo(memory), RangeError, "4 GiB");
});
