import { assertEquals } from "../../../testing/assert.ts";
import { VarintReader } from "./varint.ts";

/** A whole number as a zigzag varint of up to 64 bits. */
function encoded(value: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value) << 1n ^ BigInt(value) >> 63n);
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
}

/** Whole numbers around each length of a varint, and of both signs. */
function* around(bits: number): Iterable<number> {
  for (let bit = 0; bit <= bits; bit++) {
    for (const value of [2 ** bit - 1, 2 ** bit, 2 ** bit + 1]) {
      if (value <= 2 ** bits - 1) yield* [value, -value];
    }
  }
}

Deno.test("VarintReader.next() reads whole numbers of 32 bits one after another", () => {
  const values = [...around(31), -(2 ** 31)];
  const reader = new VarintReader(Uint8Array.from(values.flatMap(encoded)), 0);
  for (const value of values) assertEquals(reader.next() + 0, value + 0);
});

Deno.test("VarintReader.nextLong() reads whole numbers below 2^52 one after another", () => {
  const values = [...around(52)];
  const reader = new VarintReader(Uint8Array.from(values.flatMap(encoded)), 0);
  for (const value of values) assertEquals(reader.nextLong() + 0, value + 0);
});

Deno.test("VarintReader gives zeros behind the end, and ends on bytes that never do", () => {
  const reader = new VarintReader(new Uint8Array(), 0);
  assertEquals([reader.next() + 0, reader.nextLong() + 0], [0, 0]);
  const endless = new VarintReader(new Uint8Array(64).fill(0xff), 0);
  endless.next();
  endless.nextLong();
});
