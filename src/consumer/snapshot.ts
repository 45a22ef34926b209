/**
 * Snapshots of feature state as the ledger keeps them.
 *
 * @module
 */

/** What a snapshot says of the state in it. */
export interface SnapshotHeader {
  /** Names definitions and layout of the state. */
  stateId: string;
  /** How far each partition of the label topic was read. */
  labelOffsets: number[];
}

/** Packs a snapshot: length of the header (u32), the header as JSON, the state. */
export function packSnapshot(header: SnapshotHeader, state: Uint8Array): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(4 + json.length + state.length);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 4);
  bytes.set(state, 4 + json.length);
  return bytes;
}

/** Header and state of a snapshot that `packSnapshot` made. */
export function unpackSnapshot(bytes: Uint8Array): [SnapshotHeader, Uint8Array] {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  return [header, bytes.slice(4 + length)];
}
