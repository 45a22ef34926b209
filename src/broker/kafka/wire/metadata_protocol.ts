/**
 * Kafka's metadata request for one topic, and its answer: the topic's id, and who leads its partitions.
 *
 * kafkajs asks in version 6, where topics have no id. Format: Apache Kafka, Metadata, version 10, which Kafka 2.8 and newer
 * take. It is a flexible version: the tagged fields that end the request's header stand before the body here.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { KnownTopic } from "../client.ts";

/** Number of the request in Kafka's protocol. */
export const METADATA_KEY = 3;
/** Version of the request: the first in which topics have ids. */
export const METADATA_VERSION = 10;

/** Refusals by the code of a topic, in Kafka's own names. */
const REFUSALS: Readonly<Record<number, string>> = {
  17: "INVALID_TOPIC_EXCEPTION",
  29: "TOPIC_AUTHORIZATION_FAILED",
};
const UNKNOWN_TOPIC = 3;
/** A topic's error that passes once its partitions have leaders. */
const NO_LEADER_YET = 5;
const UUID_BYTES = 16;
const NO_ID = "0".repeat(2 * UUID_BYTES);

/** The end of the request's header and the request; the topic is not made if it is absent. */
export function encodeMetadataRequest(topic: string): Buffer {
  const name = Buffer.from(topic);
  return Buffer.concat([
    Buffer.from([0, 2]), // tagged fields; one topic
    Buffer.alloc(UUID_BYTES), // by its name
    unsigned(name.length + 1),
    name,
    Buffer.alloc(5), // tagged fields of the topic; make none; list no operations, of cluster or topic; tagged fields
  ]);
}

/**
 * Reads the answer.
 *
 * @param payload The answer after the number of its request.
 * @throws Error with Kafka's error code if the topic cannot be looked at.
 */
export function decodeMetadataResponse(payload: Buffer): KnownTopic {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0;; shift += 7) {
      const byte = payload[at++];
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const int16 = () => payload.readInt16BE((at += 2) - 2);
  const int32 = () => payload.readInt32BE((at += 4) - 4);
  const skip = (bytes: number) => at += Math.max(0, bytes);
  const skipText = () => skip(varint() - 1);
  const skipTags = () => {
    for (let left = varint(); left > 0; left--) {
      varint();
      skip(varint());
    }
  };
  skipTags();
  int32(); // throttle time: the broker waits by itself
  for (let left = varint() - 1; left > 0; left--) {
    int32(); // node
    skipText(); // host
    int32(); // port
    skipText(); // rack
    skipTags();
  }
  skipText(); // cluster
  int32(); // controller
  varint(); // one topic
  const errorCode = int16();
  if (errorCode === UNKNOWN_TOPIC) return { id: undefined, leaders: [] };
  if (errorCode !== 0 && errorCode !== NO_LEADER_YET) {
    const type = REFUSALS[errorCode];
    throw Object.assign(
      new Error(`Cannot look at the topic: Kafka answered with error code ${errorCode}`),
      type && { type },
    );
  }
  skipText(); // name
  const id = payload.toString("hex", at, at + UUID_BYTES);
  skip(UUID_BYTES + 1); // id; internal
  const leaders: number[] = [];
  for (let left = varint() - 1; left > 0; left--) {
    int16(); // error code: without a leader the leader is -1
    const partition = int32();
    leaders[partition] = int32();
    int32(); // leader epoch
    for (let list = 0; list < 3; list++) skip(4 * (varint() - 1)); // replicas
    skipTags();
  }
  return { id: id === NO_ID ? undefined : id, leaders };
}

function unsigned(value: number): Buffer {
  const bytes: number[] = [];
  for (; value >= 0x80; value >>>= 7) bytes.push(value & 0x7f | 0x80);
  return Buffer.from([...bytes, value]);
}
