/**
 * Ledger against the dead letter topic: every dead letter arrived, with its original bytes.
 *
 * @module
 */
import type { RecordBatch } from "../broker/broker.ts";
import { keyOf, valueOf } from "../broker/record_batch.ts";
import type { DeadLetter } from "../ledger/ledger.ts";
import { deadLetterTopic } from "../relay/dead_letters.ts";
import type { Problems } from "./problems.ts";
import type { VerifyParts } from "./verify.ts";

/** Records that are read for nothing rather than asking the broker once more. */
const NEIGHBOUR_RECORDS = 5000;

/**
 * Compares the ledger's dead letters with their topic, and the bytes there with those in the stream.
 *
 * @returns How many of the oldest ones retention has removed from their topic since.
 */
export async function verifyDeadLetters(parts: VerifyParts, problems: Problems): Promise<number> {
  const { broker, ledger, topic } = parts;
  const { arrived, isTrimmed } = await readArrived(parts);
  const startOffsets = new Map(
    (await broker.offsets(topic)).map((each) => [each.partition, each.startOffset]),
  );
  let trimmed = 0;
  for (const { topic: known, partition } of await ledger.partitions()) {
    if (known !== topic) continue;
    const startOffset = startOffsets.get(partition) ?? 0;
    // Letters arrive in order, so what is missing before the first one went with the oldest.
    let mayBeTrimmed = isTrimmed;
    for await (const letters of deadLetterPages(ledger, topic, partition)) {
      const offsets = letters.map(({ offset }) => offset);
      const originals = await readOriginals(parts, partition, offsets.filter((each) => each >= startOffset));
      for (const offset of offsets) {
        const bytes = arrived.get(`${partition}/${offset}`);
        mayBeTrimmed &&= bytes === undefined;
        if (mayBeTrimmed) trimmed++;
        else if (bytes === undefined) {
          problems.add(
            "dead-letter-missing",
            `the dead letter of ${topic}/${partition} offset ${offset} is not in ${deadLetterTopic(topic)}`,
          );
        } else if (offset >= startOffset && bytes !== (originals.get(offset) ?? (broker.prunes && bytes))) {
          problems.add(
            "dead-letter-altered",
            `the dead letter of ${topic}/${partition} offset ${offset} does not have its original bytes`,
          );
        }
      }
    }
  }
  return trimmed;
}

/** Dead letters of a partition in offset order, page by page. */
export async function* deadLetterPages(
  ledger: VerifyParts["ledger"],
  topic: string,
  partition: number,
): AsyncIterable<DeadLetter[]> {
  for (let after = -1;;) {
    const page = await ledger.deadLettersAfter(topic, partition, after, 1000);
    if (page.length === 0) return;
    yield page;
    after = page[page.length - 1].offset;
  }
}

/** What came into the topic of dead letters. */
interface Arrived {
  /** A fingerprint of the key and value that each dead letter arrived with, by `partition/offset`. */
  arrived: Map<string, string>;
  /** Whether retention has removed the oldest ones. */
  isTrimmed: boolean;
}

async function readArrived({ broker, topic }: VerifyParts): Promise<Arrived> {
  const arrived = new Map<string, string>();
  const letters = deadLetterTopic(topic);
  if (await broker.partitions(letters) === 0) return { arrived, isTrimmed: false };
  const offsets = await broker.offsets(letters);
  for (const { partition, startOffset } of offsets) {
    for await (const batch of broker.read(letters, partition, { fromOffset: startOffset })) {
      for (let i = 0; i < batch.count; i++) {
        const headers = batch.headers(i);
        if (headers.topic === topic) {
          arrived.set(`${headers.partition}/${headers.offset}`, await fingerprint(batch, i));
        }
      }
    }
  }
  return { arrived, isTrimmed: broker.prunes && offsets.some(({ startOffset }) => startOffset > 0) };
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
