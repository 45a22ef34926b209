/**
 * Kafka's fetch request and its answer: a client sends the one and hands over the bytes of the other.
 *
 * The clients' own decoders are not used. Both make several objects for each record; kafkajs's also overflows the stack
 * on large batches and never gets past a batch that compaction emptied. Format: Apache Kafka, Fetch, version 11.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** An aborted transaction: records of this producer from the offset on, up to its end marker, do not count. */
export interface AbortedTransaction {
  producerId: bigint;
  firstOffset: number;
}

/** What to fetch from one node. */
export interface FetchRequest {
  partitions: { partition: number; offset: number; maxBytes: number }[];
  /** How long the node may wait for a first record, in milliseconds. */
  maxWaitMs: number;
  /** Most bytes of the answer; a first batch that is larger comes whole. */
  maxBytes: number;
}

/** The answer for one partition. */
export interface FetchedPartition {
  partition: number;
  /** Kafka's error code; 0 is none. */
  errorCode: number;
  /** Offset after the last record that may be read: open transactions lie behind it. */
  endOffset: number;
  aborted: AbortedTransaction[];
  /** The record set: Kafka's batches, the last one perhaps cut off. */
  records: Uint8Array;
}

/** Number of the request in Kafka's protocol. */
export const FETCH_KEY = 1;
/** Version of the request: taken from Kafka 2.3 to at least 4.1. */
export const FETCH_VERSION = 11;
/** How long an answer may take beyond the wait of the node itself, in milliseconds. */
export const FETCH_TIMEOUT_MS = 8000;
/** Error code of a partition: the offset was deleted by retention, or lies behind the end. */
export const OFFSET_OUT_OF_RANGE = 1;
const READ_COMMITTED = 1;
const LEADER_MOVED: ReadonlySet<number> = new Set([3, 5, 6, 9, 56, 74, 75, 76, 78, 100, 103]);

/** Whether an error code of a partition means: ask who leads it now, then try again. */
export function isLeaderMoved(errorCode: number): boolean {
  return LEADER_MOVED.has(errorCode);
}

/** Throws if a node does not take fetch requests of {@link FETCH_VERSION}; unknown versions pass. */
export function checkFetchVersions(known: { minVersion: number; maxVersion: number } | undefined): void {
  if (known !== undefined && !(known.minVersion <= FETCH_VERSION && FETCH_VERSION <= known.maxVersion)) {
    throw new Error(
      `Cannot fetch: the Kafka broker takes versions ${known.minVersion} to ${known.maxVersion} of fetch requests, ` +
        `version ${FETCH_VERSION} is needed (Kafka 2.3 and newer)`,
    );
  }
}

/**
 * The body of a fetch request for partitions that one node leads, outside any group.
 *
 * Only records of committed transactions are asked for.
 */
export function encodeFetchRequest(
  topic: string,
  { partitions, maxWaitMs, maxBytes }: FetchRequest,
): Buffer {
  const name = Buffer.from(topic);
  const buffer = Buffer.alloc(43 + name.length + partitions.length * 28);
  let at = 0;
  const int32 = (value: number) => at = buffer.writeInt32BE(value, at);
  const int64 = (value: number) => at = buffer.writeBigInt64BE(BigInt(value), at);
  int32(-1); // no replica
  int32(maxWaitMs);
  int32(1); // least bytes
  int32(maxBytes);
  at = buffer.writeInt8(READ_COMMITTED, at);
  int32(0); // session
  int32(-1); // session epoch: none
  int32(1); // topics
  at = buffer.writeInt16BE(name.length, at);
  at += name.copy(buffer, at);
  int32(partitions.length);
  for (const { partition, offset, maxBytes } of partitions) {
    int32(partition);
    int32(-1); // leader epoch: any
    int64(offset);
    int64(-1); // log start
    int32(maxBytes);
  }
  int32(0); // forgotten topics
  at = buffer.writeInt16BE(0, at); // rack
  return buffer.subarray(0, at);
}

/**
 * Reads the answer to a fetch; records stay as they came, in the bytes of the answer.
 *
 * @param payload The answer after its header.
 * @throws Error if the node answers with an error as a whole.
 */
export function decodeFetchResponse(payload: Buffer): FetchedPartition[] {
  let at = 4; // throttle time: the broker waits by itself
  const int32 = () => payload.readInt32BE((at += 4) - 4);
  const int64 = () => Number(payload.readBigInt64BE((at += 8) - 8));
  const errorCode = payload.readInt16BE(at);
  if (errorCode !== 0) {
    throw new Error(`Cannot fetch: the Kafka broker answered with error code ${errorCode}`);
  }
  at += 6; // error code, session
  const fetched: FetchedPartition[] = [];
  for (let topics = int32(); topics > 0; topics--) {
    at += 2 + payload.readInt16BE(at);
    for (let partitions = int32(); partitions > 0; partitions--) {
      const partition = int32();
      const errorCode = payload.readInt16BE(at);
      at += 10; // error code, high watermark
      const endOffset = int64();
      at += 8; // log start
      const aborted: AbortedTransaction[] = [];
      for (let count = int32(); count > 0; count--) {
        aborted.push({
          producerId: payload.readBigInt64BE(at),
          firstOffset: Number(payload.readBigInt64BE(at + 8)),
        });
        at += 16;
      }
      at += 4; // preferred replica: for racks only
      const size = Math.max(0, int32());
      fetched.push({ partition, errorCode, endOffset, aborted, records: payload.subarray(at, at + size) });
      at += size;
    }
  }
  return fetched;
}
