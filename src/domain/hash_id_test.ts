import { assertEquals } from "../testing/assert.ts";
import { hashId } from "./hash_id.ts";

const encoder = new TextEncoder();

function keyOf(id: string, seedless = false): number[] {
  const bytes = encoder.encode(`..${id}..`);
  const out = new Uint32Array(2);
  hashId(bytes, 2, bytes.length - 2, out, 0);
  return seedless ? [out[0]] : [...out];
}

Deno.test("hashId() is MurmurHash3 x86_32 with seeds 0 and 0x9747b28c", () => {
  // Published test vectors of the algorithm.
  assertEquals(keyOf("", true), [0]);
  assertEquals(keyOf("test", true), [0xba6bd213]);
  assertEquals(keyOf("Hello, world!", true), [0xc0363e43]);
  assertEquals(keyOf("test")[1], 0x704b81dc);
  assertEquals(keyOf("Hello, world!")[1], 0x24884cba);
});

Deno.test("hashId() tells 200,000 similar ids apart", () => {
  const seen = new Set<string>();
  for (let i = 0; i < 200_000; i++) seen.add(keyOf(`c${i}`).join());
  assertEquals(seen.size, 200_000);
});
