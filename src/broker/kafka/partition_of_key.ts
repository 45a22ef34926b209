const encoder = new TextEncoder();
const shortKey = new Uint8Array(64);
const MULTIPLIER = 0x5bd1e995;
const SEED = 0x9747b28c;

/**
 * The partition in which Kafka's clients put a key: 32-bit MurmurHash2 of its bytes, without the sign, modulo the number
 * of partitions.
 *
 * Java's client and kafkajs do the same, so records of one key meet whoever produced them. Source: A. Appleby,
 * MurmurHash2; seed and sign as in Apache Kafka's default partitioner.
 */
export function partitionOfKey(key: string | Uint8Array, partitions: number): number {
  const isShort = typeof key === "string" && isShortAscii(key);
  const bytes = isShort ? shortKey : typeof key === "string" ? encoder.encode(key) : key;
  const length = isShort ? key.length : bytes.length;
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

/** Writes a short ASCII key to `shortKey`, so that no buffer is allocated; returns whether it did. */
function isShortAscii(key: string): boolean {
  const { length } = key;
  if (length > shortKey.length) return false;
  for (let i = 0; i < length; i++) {
    const code = key.charCodeAt(i);
    if (code > 127) return false;
    shortKey[i] = code;
  }
  return true;
}
