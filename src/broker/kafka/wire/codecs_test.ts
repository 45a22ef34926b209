import { gzipSync } from "node:zlib";
import lz4 from "lz4js";
import snappy from "snappyjs";
import { assert, assertEquals, assertThrows } from "../../../testing/assert.ts";
import { compress, decompress } from "./codecs.ts";
import { compressLz4Frame, decompressLz4Frame } from "./lz4_frame.ts";

const bytes = new TextEncoder().encode("a transaction of a card, ".repeat(9000));

Deno.test("decompress() unfolds what compress() folds, for every codec and size", () => {
  for (let codec = 0; codec <= 4; codec++) {
    for (const size of [0, 1, 15, 1000, bytes.length]) {
      assertEquals(
        Array.from(decompress(codec, compress(codec, bytes.subarray(0, size)))),
        Array.from(bytes.subarray(0, size)),
      );
    }
  }
});

Deno.test("decompress() reads Java's stream of Snappy blocks", () => {
  const header = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1];
  const stream = [...header];
  for (let at = 0; at < bytes.length; at += 32_768) {
    const block = snappy.compress(bytes.subarray(at, at + 32_768));
    stream.push(
      block.length >>> 24,
      block.length >>> 16 & 255,
      block.length >>> 8 & 255,
      block.length & 255,
      ...block,
    );
  }
  assertEquals(decompress(2, new Uint8Array(stream)), bytes);
  assertThrows(
    () => decompress(2, new Uint8Array(stream).subarray(0, stream.length - 5)),
    RangeError,
    "snappy",
  );
});

Deno.test("decompress() refuses unknown codecs, and bytes that unfold beyond all measure before it makes room for them", () => {
  assertThrows(() => decompress(6, bytes), RangeError, "0 to 4");
  const bomb = gzipSync(new Uint8Array(300 * 1024 * 1024));
  assertThrows(() => decompress(1, bomb), RangeError, "gzip");
  assertThrows(
    () => decompress(2, new Uint8Array([0xff, 0xff, 0xff, 0xff, 0x0f, 0])),
    RangeError,
    "more than",
  );
});

Deno.test("decompressLz4Frame() reads block checksums, stored blocks and content sizes, and refuses cut-off frames", () => {
  const frame = lz4.compress(bytes);
  assertEquals(decompressLz4Frame(frame, bytes.length), bytes); // blocks that refer to one another
  for (const size of [3, 7, 100, frame.length - 4]) {
    assertThrows(() => decompressLz4Frame(frame.subarray(0, size), bytes.length), RangeError, "cut off");
  }
  const stored = [0x04, 0x22, 0x4d, 0x18, 0x40 | 0x10 | 0x08, 0x40, ...[3, 0, 0, 0, 0, 0, 0, 0], 0];
  stored.push(3, 0, 0, 0x80, 7, 8, 9, 1, 1, 1, 1, 0, 0, 0, 0);
  assertEquals([...decompressLz4Frame(new Uint8Array(stored), 100)], [7, 8, 9]);
  assertThrows(() => decompressLz4Frame(bytes, 100), RangeError, "no LZ4 frame");
});

Deno.test("compressLz4Frame() makes independent blocks, also of bytes that cannot be folded", () => {
  const noise = new Uint8Array(200_000);
  for (let i = 0, seed = 1; i < noise.length; i++) noise[i] = (seed = Math.imul(seed, 48_271) >>> 0) >>> 13;
  for (const content of [noise, bytes]) {
    const frame = compressLz4Frame(content);
    assertEquals(frame[4] & 0x20, 0x20);
    assert(frame.length < content.length + 100);
    assertEquals(decompressLz4Frame(frame, content.length), content);
    assertEquals(lz4.decompress(frame), content);
    // Each block stands on its own.
    const view = new DataView(frame.buffer, frame.byteOffset);
    for (let at = 7, from = 0; view.getUint32(at, true) > 0;) {
      const size = view.getUint32(at, true) & 0x7fffffff;
      const alone = [...frame.subarray(0, 7), ...frame.subarray(at, at + 4 + size), 0, 0, 0, 0];
      const block = decompressLz4Frame(new Uint8Array(alone), content.length);
      assertEquals(block, content.slice(from, from + block.length));
      from += block.length;
      at += 4 + size;
    }
  }
});
