import lz4 from "lz4js";

/** Magic, version 1 with independent blocks (Kafka takes no others), blocks of 64 KiB, and the checksum of these two. */
const HEADER = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82];
const WRITTEN_BLOCK_BYTES = 1 << 16;
const HASHES = 1 << 16;
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
 * Decompresses an LZ4 frame, as Kafka's record batches hold it.
 *
 * The blocks are decompressed by npm:lz4js; the walk over them is here, since that package accepts a cut-off
 * frame and misreads frames with block checksums. Checksums are skipped, not compared. Format: LZ4 Frame Format 1.6.
 *
 * @throws RangeError if the frame is cut off, of another version or format, or larger than `maxBytes` when decompressed.
 *
 * @example
 * ```ts
 * import lz4 from "lz4js";
 * import { assertEquals } from "../../../testing/assert.ts";
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
  const out = new Uint8Array(room);
  let end = 0;
  for (const { start, size, stored } of blocks) {
    if (stored) {
      out.set(frame.subarray(start, start + size), end);
      end += size;
    } else {
      const limit = end + blockBytes;
      end = lz4.decompressBlock(frame, out, start, size, end);
      if (end > limit) throw new RangeError(`a block of more than ${blockBytes} bytes`);
    }
  }
  return out.subarray(0, end);
}

/** Compresses bytes to an LZ4 frame as Kafka takes it: npm:lz4js makes blocks that refer to each other, which Kafka refuses. */
export function compressLz4Frame(bytes: Uint8Array): Uint8Array {
  const blocks = Math.ceil(bytes.length / WRITTEN_BLOCK_BYTES);
  const frame = new Uint8Array(HEADER.length + bytes.length + blocks * 4 + 4);
  const view = new DataView(frame.buffer);
  frame.set(HEADER);
  let end = HEADER.length;
  const packed = new Uint8Array(WRITTEN_BLOCK_BYTES);
  for (let from = 0; from < bytes.length; from += WRITTEN_BLOCK_BYTES) {
    const block = bytes.subarray(from, from + WRITTEN_BLOCK_BYTES);
    // Positions count from the start of the block; a new table keeps blocks independent.
    const size = lz4.compressBlock(block, packed, 0, block.length, new Uint32Array(HASHES));
    const isStored = size === 0 || size >= block.length;
    view.setUint32(end, isStored ? STORED + block.length : size, true);
    frame.set(isStored ? block : packed.subarray(0, size), end + 4);
    end += 4 + (isStored ? block.length : size);
  }
  return frame.subarray(0, end + 4); // the end mark is a block of size 0
}
