/**
 * Snapshots of feature state as the ledger keeps them.
 *
 * @module
 */
import { crc32 } from "node:zlib";

/** What a snapshot says of the state in it. */
export interface SnapshotHeader {
  stateId: string;
  /** How far each partition of the label topic was read. */
  labelOffsets: number[];
  /** By the clock, milliseconds since 1970; absent in snapshots of earlier versions. */
  takenAtMs?: number;
  /** Committed records that it should know and does not, and the event time from which on that hardly matters. */
  partial?: { missing: number; warmAtMs: number | null };
}

/**
 * What stands before the state in a snapshot: length of the header (u32), the header as JSON with its own checksum, padded with
 * spaces so that the state starts at a multiple of 4. The state has a checksum of its own.
 */
export function encodeSnapshotHeader(header: SnapshotHeader): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify({ ...header, checksum: checksumOf(header) }));
  const bytes = new Uint8Array(4 + Math.ceil(json.length / 4) * 4).fill(SPACE, 4);
  new DataView(bytes.buffer).setUint32(0, bytes.length - 4, true);
  bytes.set(json, 4);
  return bytes;
}

const SPACE = 32;

/**
 * Header and state of a snapshot; `restore` checks the state.
 *
 * @throws RangeError where the header is damaged.
 */
export function unpackSnapshot(bytes: Uint8Array): [SnapshotHeader, Uint8Array] {
  try {
    const length = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(0, true);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
    // Snapshots of older versions have none.
    if (header.checksum === undefined || header.checksum === checksumOf(header)) {
      return [header, bytes.subarray(4 + length)];
    }
  } catch (cause) {
    throw new RangeError("Cannot read the snapshot: its header is damaged", { cause });
  }
  throw new RangeError("Cannot read the snapshot: its header does not have its checksum");
}

function checksumOf({ stateId, labelOffsets, takenAtMs, partial }: SnapshotHeader): number {
  const times = takenAtMs === undefined ? [] : [takenAtMs, partial];
  return crc32(JSON.stringify([stateId, labelOffsets, ...times]));
}
