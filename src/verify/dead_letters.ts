/**
 * Ledger against the dead letter topic: every dead letter arrived, with its original bytes.
 *
 * @module
 */
import type { RecordBatch } from "../broker/broker.ts";
import { keyOf, valueOf } from "../broker/record_batch.ts";
import { deadLetterTopic } from "../relay/dead_letters.ts";
import type { Problems } from "./problems.ts";
import type { VerifyParts } from "./verify.ts";

/** Records that are read for nothing rather than asking the broker once more. */
const NEIGHBOUR_RECORDS = 5000;

/** Compares the ledger's dead letters with their topic, and the bytes there with those in the stream. */
export async function verifyDeadLetters(parts: VerifyParts, problems: Problems): Promise<void> {
  const { broker, ledger, topic } = parts;
  const arrived = await readArrived(parts);
  const startOffsets = new Map(
    (await broker.offsets(topic)).map((each) => [each.partition, each.startOffset]),
  );
  for (const { topic: known, partition } of await ledger.partitions()) {
    if (known !== topic) continue;
    const startOffset = startOffsets.get(partition) ?? 0;
    let after = -1;
    for (;;) {
      const letters = await ledger.deadLettersAfter(topic, partition, after, 1000);
      if (letters.length === 0) break;
      const offsets = letters.map(({ offset }) => offset);
      const originals = await readOriginals(parts, partition, offsets.filter((each) => each >= startOffset));
      for (const offset of offsets) {
        const bytes = arrived.get(`${partition}/${offset}`);
        if (bytes === undefined) {
          problems.add(
            "dead-letter-missing",
            `the dead letter of ${topic}/${partition} offset ${offset} is not in ${deadLetterTopic(topic)}`,
          );
        } else if (offset >= startOffset && bytes !== originals.get(offset)) {
          problems.add(
            "dead-letter-altered",
            `the dead letter of ${topic}/${partition} offset ${offset} does not have its original bytes`,
          );
        }
      }
      after = offsets[offsets.length - 1];
    }
  }
}

/** A fingerprint of the key and value that each dead letter arrived with, by `partition/offset`. */
async function readArrived({ broker, topic }: VerifyParts): Promise<Map<string, string>> {
  const arrived = new Map<string, string>();
  const letters = deadLetterTopic(topic);
  for (let partition = 0; partition < await broker.partitions(letters); partition++) {
    const { startOffset } = (await broker.offsets(letters)).find((each) => each.partition === partition)!;
    for await (const batch of broker.read(letters, partition, { fromOffset: startOffset })) {
      for (let i = 0; i < batch.count; i++) {
        const headers = batch.headers(i);
        if (headers.topic === topic) {
          arrived.set(`${headers.partition}/${headers.offset}`, await fingerprint(batch, i));
        }
      }
    }
  }
  return arrived;
}

/** Fingerprints of the records at these offsets, which ascend; neighbours are read in one go. */
async function readOriginals(
  { broker, topic }: VerifyParts,
  partition: number,
  offsets: readonly number[],
): Promise<Map<number, string>> {
  const found = new Map<number, string>();
  for (let first = 0, last = 0; first < offsets.length; first = ++last) {
    while (offsets[last + 1] - offsets[last] <= NEIGHBOUR_RECORDS) last++;
    const wanted = new Set(offsets.slice(first, last + 1));
    const range = { fromOffset: offsets[first], toOffset: offsets[last] + 1 };
    for await (const batch of broker.read(topic, partition, range)) {
      for (let i = 0; i < batch.count; i++) {
        if (wanted.has(batch.offsets[i])) found.set(batch.offsets[i], await fingerprint(batch, i));
      }
    }
  }
  return found;
}

/** SHA-256 of key and value, told apart from null and from each other by their lengths. */
async function fingerprint(batch: RecordBatch, index: number): Promise<string> {
  const [key, value] = [keyOf(batch, index), valueOf(batch, index)];
  const head = new TextEncoder().encode(`${key?.length} ${value?.length} `);
  const bytes = new Uint8Array(head.length + (key?.length ?? 0) + (value?.length ?? 0));
  bytes.set(head);
  bytes.set(key ?? [], head.length);
  bytes.set(value ?? [], head.length + (key?.length ?? 0));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toBase64();
}
