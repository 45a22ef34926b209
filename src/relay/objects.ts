/**
 * Objects: from the ledger's flagged transactions to files that hold one event hour each.
 *
 * A cut takes the flagged transactions after the last cut, splits them by event hour, and is recorded with the hash of
 * each object before one is written. Key and bytes of an object follow from the rows alone, so a writer that is killed
 * anywhere is repeated without a trace, and a flush by time costs nothing of exactly-once.
 *
 * @module
 */
import { DeliveryError } from "../runtime/delivery_error.ts";
import type { Ledger, ObjectCut } from "../ledger/ledger.ts";
import type { FlaggedHour } from "../ledger/outbox.ts";
import type { ObjectStore } from "../objects/objects.ts";
import { sha256Hex } from "../runtime/sha256.ts";
import { type ObjectEncoder, objectEncoders } from "../objects/formats/encoders.ts";
import { objectKey } from "../objects/keys.ts";
import type { RelayStep } from "./relay.ts";
import type { Semaphore } from "../runtime/semaphore.ts";

/** When to cut. */
export interface FlushOptions {
  /** Cuts at this many flagged transactions (default 5,000). */
  flushRows?: number;
  /** Cuts at the row that reaches this many bytes of verdicts (default 16 MiB). */
  flushBytes?: number;
  /** Cuts when the oldest flagged transaction has waited this long (default 60,000). */
  flushIntervalMs?: number;
}

/** Flagged transactions that are looked at at one time. */
const PAGE_ROWS = 1000;
/** Objects that are read as pending, or marked as stored, at one time. */
const PAGE_CUTS = 256;

/** What the object relay of one partition works with. */
export interface ObjectRelayParts {
  /** Where flagged transactions are read and cuts recorded. */
  ledger: Ledger;
  store: ObjectStore;
  /** Writes flagged transactions as the bytes of an object. */
  encoder: ObjectEncoder;
  topic: string;
  /** Partition of it, from 0. */
  partition: number;
  /** The epoch of the partition's claim. */
  epoch: number;
  /** Room for the verdicts of cuts in hand, bytes, shared by the partitions of a process; as much as wanted unless given. */
  cutMemory?: Semaphore;
}

/**
 * Makes the step that cuts and stores a partition's objects.
 */
export function objectStep(parts: ObjectRelayParts, options: FlushOptions = {}): RelayStep {
  const { ledger, topic, partition, cutMemory } = parts;
  const { flushRows = 5_000, flushBytes = 16 * 1024 * 1024, flushIntervalMs = 60_000 } = options;
  /** How much is counted and not cut yet; verdicts are read for their cut alone, so that those that wait take no memory. */
  let waiting = { rows: 0, bytes: 0, firstOffset: 0, since: 0 };
  let readThrough: number | undefined;

  /** Whether there may be cuts that are recorded and not stored: an earlier owner's, or of a step that failed. */
  let hasPending = true;
  /** Bytes of verdicts of what is recorded and not stored, as far as they are known. */
  let pendingBytes = 0;

  const cut = async () => {
    const recorded = await recordOnce(waiting.firstOffset, readThrough!, parts);
    readThrough = recorded.lastOffset;
    pendingBytes = waiting.bytes;
    waiting.rows = waiting.bytes = 0;
    hasPending = true;
    if (recorded.objects === undefined) await storePending(parts);
    else await storeInHand(recorded.objects, parts);
    hasPending = false;
  };

  return async (finish, signal) => {
    if (hasPending) {
      using _memory = await cutMemory?.acquire(pendingBytes, signal);
      await storePending(parts);
      hasPending = false;
    }
    readThrough ??= await ledger.lastCutOffset(topic, partition);
    const isFull = () => waiting.rows >= flushRows || waiting.bytes >= flushBytes;
    const most = Math.min(PAGE_ROWS, flushRows - waiting.rows);
    const found = most <= 0 ? [] : await ledger.outbox.sizesAfter(topic, partition, readThrough, most);
    for (const { offset, verdictBytes } of found) {
      if (isFull()) break;
      if (waiting.rows === 0) {
        waiting = { rows: 0, bytes: 0, firstOffset: offset, since: performance.now() };
      }
      waiting.rows++;
      waiting.bytes += verdictBytes;
      readThrough = offset;
    }
    if (waiting.rows === 0) return Infinity;
    if (!isFull() && found.length === most) return "more";
    const leftMs = waiting.since + flushIntervalMs - performance.now();
    if (!isFull() && !finish && leftMs > 0) return leftMs;
    using _memory = await cutMemory?.acquire(waiting.bytes, signal);
    await cut();
    return "more";
  };
}

/** An object of a cut, and its bytes. */
interface EncodedObject {
  cut: ObjectCut;
  bytes: Uint8Array;
}

/** A recorded cut. */
interface RecordedCut {
  /** Offset of its last row. */
  lastOffset: number;
  /** Its objects; undefined where an attempt whose answer was lost recorded it, since rows that came since are not in it. */
  objects: EncodedObject[] | undefined;
}

/** Records the cut of what is flagged from one offset through another, unless an attempt whose answer was lost did so. */
async function recordOnce(
  firstOffset: number,
  lastOffset: number,
  parts: ObjectRelayParts,
): Promise<RecordedCut> {
  const { ledger, topic, partition, epoch } = parts;
  const recorded = await ledger.lastCutOffset(topic, partition);
  if (recorded >= firstOffset) return { lastOffset: recorded, objects: undefined };
  const hours = await ledger.outbox.byHour(topic, partition, firstOffset, lastOffset);
  const objects = await encodedObjects(hours, { firstOffset, lastOffset }, parts);
  await ledger.recordCuts(topic, partition, epoch, objects.map(({ cut }) => cut));
  return { lastOffset, objects };
}

/** Takes the hours out of the array. */
async function encodedObjects(
  hours: FlaggedHour[],
  { firstOffset, lastOffset }: { firstOffset: number; lastOffset: number },
  { topic, partition, encoder: { format, encode } }: ObjectRelayParts,
): Promise<EncodedObject[]> {
  const objects: EncodedObject[] = [];
  // The bytes take the place of the lines, so that a cut is in memory once.
  for (let hour = hours.shift(); hour !== undefined; hour = hours.shift()) {
    const { hourMs, firstOffset: hourOffset, rows, lines } = hour;
    const bytes = encode(lines);
    const key = objectKey({ topic, partition, firstOffset: hourOffset, hourMs, format });
    const cut = { key, topic, partition, firstOffset, lastOffset, hourMs, format, rows };
    objects.push({ cut: { ...cut, byteLength: bytes.length, sha256: await sha256Hex(bytes) }, bytes });
  }
  return objects;
}

/** Stores the objects of a cut that was recorded just now; each is let go once it is stored. */
async function storeInHand(objects: EncodedObject[], parts: ObjectRelayParts): Promise<void> {
  const bytes = new Map(objects.map(({ cut, bytes }) => [cut.key, bytes]));
  const cuts = objects.splice(0).map(({ cut }) => cut);
  await storeObjects(cuts, parts, ({ key }) => {
    const found = bytes.get(key);
    bytes.delete(key);
    return found;
  });
}

/** Stores every object that is recorded and not known to be stored. */
async function storePending(parts: ObjectRelayParts): Promise<void> {
  const { ledger, topic, partition } = parts;
  let hours = new Map<number, Uint8Array>();
  let hoursOf = -1;
  for (;;) {
    const pending = await ledger.pendingCuts(topic, partition, PAGE_CUTS);
    if (pending.length === 0) return;
    for (const [firstOffset, cuts] of Map.groupBy(pending, ({ firstOffset }) => firstOffset)) {
      // A cut of more objects than a page is read once.
      if (firstOffset !== hoursOf) {
        const found = await ledger.outbox.byHour(topic, partition, firstOffset, cuts[0].lastOffset);
        hours = new Map(found.map(({ hourMs, lines }) => [hourMs, lines]));
      }
      hoursOf = firstOffset;
      await storeObjects(cuts, parts, async ({ format, hourMs, sha256 }) => {
        // A cut of before a change of format keeps its own.
        const bytes = objectEncoders[format].encode(hours.get(hourMs) ?? new Uint8Array());
        return await sha256Hex(bytes) === sha256 ? bytes : undefined;
      });
    }
  }
}

/**
 * Stores objects, as many at a time as the store does best with.
 *
 * @param bytesOf Gives an object's bytes; undefined where its rows give others than those that were recorded.
 */
async function storeObjects(
  cuts: readonly ObjectCut[],
  parts: ObjectRelayParts,
  bytesOf: (cut: ObjectCut) => Uint8Array | undefined | Promise<Uint8Array | undefined>,
): Promise<void> {
  const left = cuts.values();
  const stored: string[] = [];
  const mark = async () => await parts.ledger.markStored(stored.splice(0));
  const workers = Array.from({ length: parts.store.concurrentPuts }, async () => {
    for (const cut of left) {
      await storeObject(cut, await bytesOf(cut), parts.store);
      if (stored.push(cut.key) >= PAGE_CUTS) await mark();
    }
  });
  const results = await Promise.allSettled(workers);
  if (stored.length > 0) await mark();
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

async function storeObject(
  cut: ObjectCut,
  bytes: Uint8Array | undefined,
  store: ObjectStore,
): Promise<void> {
  const { key, sha256 } = cut;
  if (bytes !== undefined && await store.put(key, bytes, { sha256 }) === "created") return;
  const existing = await store.get(key);
  if (existing !== undefined && await sha256Hex(existing) === sha256) return;
  throw new DeliveryError(
    `Cannot store ${key} in ${store.name} as its bytes must have the recorded SHA-256 ${sha256}: ` +
      (existing === undefined ? "the rows give others now" : "another object is there; move it away"),
    { retriable: existing !== undefined },
  );
}
