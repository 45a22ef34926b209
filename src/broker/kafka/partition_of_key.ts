const encoder = new TextEncoder();
const MULTIPLIER = 0x5bd1e995;
const SEED = 0x9747b28c;

/**
 * The partition in which Kafka's clients put a key: 32-bit MurmurHash2 of its bytes, without the sign, modulo the number
 * of partitions.
 *
 * It is the same as with Java's client and with kafkajs, so that records of one key meet whoever produced them. Source:
 * A. Appleby, MurmurHash2; seed and sign as in Apache Kafka's default partitioner.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { partitionOfKey } from "./partition_of_key.ts";
 *
 * assertEquals(partitionOfKey("customer-1", 1), 0);
 * ```
 */
export function partitionOfKey(key: string | Uint8Array, partitions: number): number {
  const bytes = typeof key === "string" ? encoder.encode(key) : key;
  const length = bytes.length;
  let hash = SEED ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    let word = bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 | bytes[at + 3] << 24;
    word = Math.imul(word, MULTIPLIER);
    word ^= word >>> 24;
    hash = Math.imul(hash, MULTIPLIER) ^ Math.imul(word, MULTIPLIER);
  }
  if (at < length) {
    for (let i = length - 1; i >= at; i--) hash ^= bytes[i] << (8 * (i - at));
    hash = Math.imul(hash, MULTIPLIER);
  }
  hash ^= hash >>> 13;
  hash = Math.imul(hash, MULTIPLIER);
  hash ^= hash >>> 15;
  return (hash & 0x7fffffff) % partitions;
}
