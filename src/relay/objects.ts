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
import type { Place } from "../domain/place.ts";
import type { FlaggedHour } from "../ledger/outbox.ts";
import type { ObjectStore } from "../objects/objects.ts";
import { sha256Hex } from "../runtime/sha256.ts";
import { objectEncoders } from "../objects/formats/encoders.ts";
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

/** Flagged transactions that are read at once. */
const PAGE_ROWS = 1000;
/** Cuts that are read as pending, or marked as stored, at once. */
const PAGE_CUTS = 256;

/** What the object relay of one partition works with. */
export interface ObjectRelayParts {
  ledger: Ledger;
  store: ObjectStore;
  format: ObjectCut["format"];
  /** Bounds the bytes of verdicts of cuts in memory, over all partitions of a process; absent: unbounded. */
  cutMemory?: Semaphore;
}

interface ObjectRelay extends ObjectRelayParts {
  place: Place;
}

/** Makes the step that cuts and stores a partition's objects. */
export function objectStep(parts: ObjectRelayParts, place: Place, options: FlushOptions = {}): RelayStep {
  const { ledger, cutMemory } = parts;
  const { topic, partition } = place;
  const relay = { ...parts, place };
  const { flushRows = 5_000, flushBytes = 16 * 1024 * 1024, flushIntervalMs = 60_000 } = options;
  /** What waits for its cut. Only sizes are counted: verdicts are read for the cut, so waiting ones take no memory. */
  let waiting = { rows: 0, bytes: 0, firstOffset: 0, since: 0 };
  let readThrough: number | undefined;

  /** Whether recorded cuts may not be stored: an earlier owner's, or of a step that failed. */
  let hasPending = true;
  /** Bytes of verdicts of what is recorded and not stored, as far as known. */
  let pendingBytes = 0;

  const cut = async () => {
    const recorded = await recordOnce(waiting.firstOffset, readThrough!, relay);
    readThrough = recorded.lastOffset;
    pendingBytes = waiting.bytes;
    waiting.rows = waiting.bytes = 0;
    hasPending = true;
    if (recorded.objects === undefined) await storePending(relay);
    else await storeInHand(recorded.objects, relay);
    hasPending = false;
  };

  return async (finish, signal) => {
    if (hasPending) {
      using _memory = await cutMemory?.acquire(pendingBytes, signal);
      await storePending(relay);
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
  /** The cut's objects; undefined if an earlier attempt, whose reply was lost, recorded it: re-read its rows. */
  objects: EncodedObject[] | undefined;
}

/** Records the cut from one offset through another, unless an earlier attempt, whose reply was lost, did. */
async function recordOnce(
  firstOffset: number,
  lastOffset: number,
  relay: ObjectRelay,
): Promise<RecordedCut> {
  const { ledger, place: { topic, partition, epoch } } = relay;
  const recorded = await ledger.lastCutOffset(topic, partition);
  if (recorded >= firstOffset) return { lastOffset: recorded, objects: undefined };
  const hours = await ledger.outbox.byHour(topic, partition, firstOffset, lastOffset);
  const objects = await encodedObjects(hours, { firstOffset, lastOffset }, relay);
  await ledger.recordCuts(topic, partition, epoch, objects.map(({ cut }) => cut));
  return { lastOffset, objects };
}

/** Encodes the objects of a cut, and empties the array of hours. */
async function encodedObjects(
  hours: FlaggedHour[],
  { firstOffset, lastOffset }: { firstOffset: number; lastOffset: number },
  { place: { topic, partition }, format }: ObjectRelay,
): Promise<EncodedObject[]> {
  const objects: EncodedObject[] = [];
  // Bytes replace lines hour by hour, so that a cut is in memory once.
  for (let hour = hours.shift(); hour !== undefined; hour = hours.shift()) {
    const { hourMs, firstOffset: hourOffset, rows, lines } = hour;
    const bytes = objectEncoders[format].encode(lines);
    const key = objectKey({ topic, partition, firstOffset: hourOffset, hourMs, format });
    const cut = { key, topic, partition, firstOffset, lastOffset, hourMs, format, rows };
    objects.push({ cut: { ...cut, byteLength: bytes.length, sha256: await sha256Hex(bytes) }, bytes });
  }
  return objects;
}

/** Stores the objects of a cut that was just recorded; each is released once it is stored. */
async function storeInHand(objects: EncodedObject[], relay: ObjectRelay): Promise<void> {
  const bytes = new Map(objects.map(({ cut, bytes }) => [cut.key, bytes]));
  const cuts = objects.splice(0).map(({ cut }) => cut);
  await storeObjects(cuts, relay, ({ key }) => {
    const found = bytes.get(key);
    bytes.delete(key);
    return found;
  });
}

/** Stores every object that is recorded and not known to be stored. */
async function storePending(relay: ObjectRelay): Promise<void> {
  const { ledger, place: { topic, partition } } = relay;
  let hours = new Map<number, Uint8Array>();
  let hoursOf = -1;
  for (;;) {
    const pending = await ledger.pendingCuts(topic, partition, PAGE_CUTS);
    if (pending.length === 0) return;
    for (const [firstOffset, cuts] of Map.groupBy(pending, ({ firstOffset }) => firstOffset)) {
      // A cut may span pages: its rows are read once.
      if (firstOffset !== hoursOf) {
        const found = await ledger.outbox.byHour(topic, partition, firstOffset, cuts[0].lastOffset);
        hours = new Map(found.map(({ hourMs, lines }) => [hourMs, lines]));
      }
      hoursOf = firstOffset;
      await storeObjects(cuts, relay, async ({ format, hourMs, sha256 }) => {
        // After a change of format, a recorded cut keeps its own.
        const bytes = objectEncoders[format].encode(hours.get(hourMs) ?? new Uint8Array());
        return await sha256Hex(bytes) === sha256 ? bytes : undefined;
      });
    }
  }
}

/**
 * Stores objects, as many at once as the store does best with.
 *
 * @param bytesOf Gives an object's bytes; undefined if its rows no longer give the recorded bytes.
 */
async function storeObjects(
  cuts: readonly ObjectCut[],
  relay: ObjectRelay,
  bytesOf: (cut: ObjectCut) => Uint8Array | undefined | Promise<Uint8Array | undefined>,
): Promise<void> {
  const left = cuts.values();
  const stored: string[] = [];
  const mark = async () => await relay.ledger.markStored(stored.splice(0));
  const workers = Array.from({ length: relay.store.concurrentPuts }, async () => {
    for (const cut of left) {
      await storeObject(cut, await bytesOf(cut), relay.store);
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
