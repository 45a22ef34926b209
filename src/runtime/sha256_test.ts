import { createHash } from "node:crypto";
import { sha256Hex } from "./sha256.ts";
import { assertEquals } from "../testing/assert.ts";

Deno.test("sha256Hex() is SHA-256 of few bytes and of many, also of a part of a buffer", async () => {
  const buffer = new Uint8Array(200_000).map((_, i) => i * 31);
  for (const length of [0, 1, 55, 64, 4095, 4096, 4097, 150_000]) {
    const bytes = buffer.subarray(7, 7 + length);
    assertEquals(await sha256Hex(bytes), createHash("sha256").update(bytes).digest("hex"));
  }
  assertEquals(
    await sha256Hex(new TextEncoder().encode("abc")),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});
