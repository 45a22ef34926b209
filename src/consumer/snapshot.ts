/**
 * Snapshots of feature state as the ledger keeps them.
 *
 * @module
 */

/** What a snapshot says of the state in it. */
export interface SnapshotHeader {
  stateId: string;
  /** How far each partition of the label topic was read. */
  labelOffsets: number[];
}

/**
 * What stands before the state in a snapshot: length of the header (u32), the header as JSON, padded with spaces so that the
 * state starts at a multiple of 4.
 */
export function encodeSnapshotHeader(header: SnapshotHeader): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(4 + Math.ceil(json.length / 4) * 4).fill(SPACE, 4);
  new DataView(bytes.buffer).setUint32(0, bytes.length - 4, true);
  bytes.set(json, 4);
  return bytes;
}

const SPACE = 32;

/** Header and state of a snapshot. */
export function unpackSnapshot(bytes: Uint8Array): [SnapshotHeader, Uint8Array] {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  return [header, bytes.subarray(4 + length)];
}
