import lz4 from "lz4js";

/** Block size by its number in the frame's descriptor. */
const BLOCK_BYTES: Record<number, number> = { 4: 1 << 16, 5: 1 << 18, 6: 1 << 20, 7: 1 << 22 };
const FRAME_MAGIC = 0x184d2204;
const FLAG = {
  version: 0xc0,
  blockChecksum: 0x10,
  contentSize: 0x08,
  contentChecksum: 0x04,
  dictionary: 0x01,
};
const STORED = 0x80000000;

/**
 * Unfolds an LZ4 frame, as Kafka's record batches hold it.
 *
 * The blocks are decompressed by npm:lz4js; the walk over them is here, since that package takes a cut-off frame for a
 * whole one and misreads frames with block checksums. Checksums are skipped, not compared. Format: LZ4 Frame Format 1.6.
 *
 * @throws RangeError where the frame is cut off, of another version or format, or unfolds to more than `maxBytes`.
 *
 * @example
 * ```ts
 * import lz4 from "lz4js";
 * import { assertEquals } from "../../testing/assert.ts";
 * import { decompressLz4Frame } from "./lz4_frame.ts";
 *
 * const frame = lz4.compress(new Uint8Array(1000).fill(7));
 * assertEquals(decompressLz4Frame(frame, 1000).length, 1000);
 * ```
 */
export function decompressLz4Frame(frame: Uint8Array, maxBytes: number): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  const need = (at: number) => {
    if (at > frame.length) throw new RangeError(`a frame cut off at ${frame.length} of at least ${at} bytes`);
  };
  need(7);
  const flags = frame[4];
  if (view.getUint32(0, true) !== FRAME_MAGIC || (flags & FLAG.version) !== 0x40) {
    throw new RangeError("no LZ4 frame of version 1");
  }
  if ((flags & FLAG.dictionary) !== 0) throw new RangeError("a frame with a dictionary");
  const blockBytes = BLOCK_BYTES[(frame[5] >> 4) & 7];
  if (blockBytes === undefined) throw new RangeError(`a block size number ${frame[5] >> 4}`);
  let at = 7 + ((flags & FLAG.contentSize) !== 0 ? 8 : 0);
  const blocks: { start: number; size: number; stored: boolean }[] = [];
  let room = 0;
  for (;;) {
    need(at + 4);
    const word = view.getUint32(at, true);
    at += 4;
    if (word === 0) break;
    const stored = word >= STORED;
    const size = stored ? word - STORED : word;
    need(at + size);
    blocks.push({ start: at, size, stored });
    room += stored ? size : blockBytes;
    at += size + ((flags & FLAG.blockChecksum) !== 0 ? 4 : 0);
  }
  if (room > maxBytes + blockBytes) throw new RangeError(`blocks for ${room} bytes, more than ${maxBytes}`);
  // Filled from the left: blocks may refer to those before them.
  const unfolded = new Uint8Array(room);
  let end = 0;
  for (const { start, size, stored } of blocks) {
    if (stored) {
      unfolded.set(frame.subarray(start, start + size), end);
      end += size;
    } else {
      const limit = end + blockBytes;
      end = lz4.decompressBlock(frame, unfolded, start, size, end);
      if (end > limit) throw new RangeError(`a block of more than ${blockBytes} bytes`);
    }
  }
  return unfolded.subarray(0, end);
}
