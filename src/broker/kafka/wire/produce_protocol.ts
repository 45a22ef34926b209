/**
 * Kafka's requests of an idempotent producer: its id, and record batches for partitions that one node leads.
 *
 * The clients' own producers are not used: kafkajs's can resolve without having sent a partition whose leader moved, and
 * both begin a new sequence, which doubles records, where only a connection broke. Format: Apache Kafka, InitProducerId,
 * version 1, and Produce, version 7.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { WireRequest } from "../client.ts";

/** The identity under which a broker knows the sequence of a producer's batches. */
export interface ProducerIdentity {
  producerId: bigint;
  epoch: number;
}

/** A batch for a partition. */
export interface SentBatch {
  partition: number;
  bytes: Uint8Array;
}

const ALL_IN_SYNC = -1;
const NO_TEXT = -1;
/** How long a node may wait for the replicas in sync. */
const REPLICAS_TIMEOUT_MS = 5000;
const ANSWER_TIMEOUT_MS = 8000;
const ANY_TRANSACTION_TIMEOUT_MS = 60_000;

/** Asks any node for a new producer id; the answer's error code is thrown as {@link AnsweredError}. */
export function producerIdRequest(): WireRequest<ProducerIdentity> {
  const body = Buffer.alloc(6);
  body.writeInt16BE(NO_TEXT); // no transaction
  body.writeInt32BE(ANY_TRANSACTION_TIMEOUT_MS, 2);
  return {
    apiKey: 22,
    apiVersion: 1,
    apiName: "InitProducerId",
    body,
    timeoutMs: ANSWER_TIMEOUT_MS,
    decode(payload) {
      const errorCode = payload.readInt16BE(4);
      if (errorCode !== 0) throw new AnsweredError(errorCode);
      return { producerId: payload.readBigInt64BE(6), epoch: payload.readInt16BE(14) };
    },
  };
}

/** Sends batches to the node that leads their partitions; the answer is an error code a partition, 0 for none. */
export function produceRequest(
  topic: string,
  batches: readonly SentBatch[],
): WireRequest<Map<number, number>> {
  const name = Buffer.from(topic);
  const head = Buffer.alloc(18 + name.length);
  let at = head.writeInt16BE(NO_TEXT); // no transaction
  at = head.writeInt16BE(ALL_IN_SYNC, at);
  at = head.writeInt32BE(REPLICAS_TIMEOUT_MS, at);
  at = head.writeInt32BE(1, at); // topics
  at = head.writeInt16BE(name.length, at);
  at += name.copy(head, at);
  head.writeInt32BE(batches.length, at);
  const parts: Uint8Array[] = [head];
  for (const { partition, bytes } of batches) {
    const each = Buffer.alloc(8);
    each.writeInt32BE(partition);
    each.writeInt32BE(bytes.length, 4);
    parts.push(each, bytes);
  }
  return {
    apiKey: 0,
    apiVersion: 7,
    apiName: "Produce",
    body: Buffer.concat(parts),
    timeoutMs: ANSWER_TIMEOUT_MS,
    decode: decodeProduceResponse,
  };
}

function decodeProduceResponse(payload: Buffer): Map<number, number> {
  const codes = new Map<number, number>();
  let at = 0;
  const int32 = () => payload.readInt32BE((at += 4) - 4);
  for (let topics = int32(); topics > 0; topics--) {
    at += 2 + payload.readInt16BE(at);
    for (let partitions = int32(); partitions > 0; partitions--) {
      const partition = int32();
      codes.set(partition, payload.readInt16BE(at));
      at += 26; // error code, base offset, append time, start offset
    }
  }
  return codes;
}

/** Kafka's names of the codes that a producer may get. */
const NAMES: Readonly<Record<number, string>> = {
  2: "CORRUPT_MESSAGE",
  3: "UNKNOWN_TOPIC_OR_PARTITION",
  5: "LEADER_NOT_AVAILABLE",
  6: "NOT_LEADER_OR_FOLLOWER",
  7: "REQUEST_TIMED_OUT",
  10: "MESSAGE_TOO_LARGE",
  14: "COORDINATOR_LOAD_IN_PROGRESS",
  15: "COORDINATOR_NOT_AVAILABLE",
  17: "INVALID_TOPIC_EXCEPTION",
  18: "RECORD_LIST_TOO_LARGE",
  19: "NOT_ENOUGH_REPLICAS",
  20: "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
  29: "TOPIC_AUTHORIZATION_FAILED",
  31: "CLUSTER_AUTHORIZATION_FAILED",
  32: "INVALID_TIMESTAMP",
  35: "UNSUPPORTED_VERSION",
  43: "UNSUPPORTED_FOR_MESSAGE_FORMAT",
  44: "POLICY_VIOLATION",
  45: "OUT_OF_ORDER_SEQUENCE_NUMBER",
  47: "INVALID_PRODUCER_EPOCH",
  56: "KAFKA_STORAGE_ERROR",
  59: "UNKNOWN_PRODUCER_ID",
  76: "UNSUPPORTED_COMPRESSION_TYPE",
  87: "INVALID_RECORD",
  90: "PRODUCER_FENCED",
};
/** The batch is kept, or was kept when it came before. */
const KEPT: ReadonlySet<number> = new Set([0, 46]);
/** The broker has forgotten this producer, or never knew its last batches: the batch was not kept. */
const FORGOTTEN: ReadonlySet<number> = new Set([45, 47, 49, 59, 90]);

/** Whether a partition's error code means that it has the batch. */
export function isKept(code: number | undefined): boolean {
  return code !== undefined && KEPT.has(code);
}

/** Whether a partition's error code means that the batch was not kept and needs the sequence of a new producer. */
export function isForgotten(code: number | undefined): boolean {
  return code !== undefined && FORGOTTEN.has(code);
}

/** A node answered with an error code. */
export class AnsweredError extends Error {
  override readonly name = "AnsweredError";
  /** Kafka's name of it. */
  readonly type: string;

  /** @param code Kafka's error code; undefined where the answer left a partition out. */
  constructor(code: number | undefined) {
    const type = code === undefined ? "NOT_ANSWERED" : NAMES[code] ?? `ERROR_${code}`;
    super(code === undefined ? "the answer names another partition" : `the broker answered with ${type}`);
    this.type = type;
  }
}
