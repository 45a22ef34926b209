/**
 * Objects: from the ledger's flagged transactions to files that hold one event hour each.
 *
 * A cut takes the flagged transactions after the last cut, splits them by event hour, and is recorded with the hash of
 * each object before one is written. Key and bytes of an object follow from the rows alone, so a writer that is killed
 * anywhere is repeated without a trace, and a flush by time costs nothing of exactly-once.
 *
 * @module
 */
import type { Ledger, ObjectCut } from "../ledger/ledger.ts";
import type { Place } from "../domain/place.ts";
import type { FlaggedHour } from "../ledger/outbox.ts";
import type { ObjectStore } from "../objects/objects.ts";
import { sha256Hex } from "../runtime/sha256.ts";
import { objectEncoders } from "../objects/formats/encoders.ts";
import { objectKey, placeOfKey } from "../objects/keys.ts";
import { type MovedObject, ownsObjects, putObject, setAside, unknownObjects } from "./own_objects.ts";
import type { RelayStep } from "./relay.ts";
import { StuckError } from "./stuck_error.ts";
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
/** How often to look for objects that are to be written again. */
const LOOK_EVERY_MS = 60_000;
/** How often to look whether somebody made room for objects that cannot be stored. */
const LOOK_AT_STUCK_EVERY_MS = 5_000;
/** Event hours of the first cut in which to look for objects that the ledger does not know. */
const HOURS_LOOKED_AT = 24;

/** What the object relay of one partition works with. */
export interface ObjectRelayParts {
  ledger: Ledger;
  store: ObjectStore;
  format: ObjectCut["format"];
  /** Bounds the bytes of verdicts of cuts in memory, over all partitions of a process; absent: unbounded. */
  cutMemory?: Semaphore;
  /** Called with objects that the ledger did not know, and where they are now. */
  onSetAside?(moved: readonly MovedObject[]): void;
}

interface ObjectRelay extends ObjectRelayParts {
  place: Place;
  /** Whether recorded cuts may not be stored: an earlier owner's, or of a step that failed. */
  hasPending: boolean;
  /** Bytes of verdicts of what is recorded and not stored, as far as known. */
  pendingBytes: number;
  /** Why objects cannot be stored, by key. */
  stuck: Map<string, string>;
  /** Whether the objects in the store are this ledger's; it throws where they vanished since. */
  owns(): Promise<boolean>;
  /** Looks anew whose the objects are. */
  look(): Promise<boolean>;
  /** Sets aside what the ledger does not know; once, since nobody writes such objects any more. */
  sweep(fromOffset: number): Promise<void>;
}

function openRelay(parts: ObjectRelayParts, place: Place): ObjectRelay {
  const { store } = parts;
  const { topic, partition } = place;
  let owned: Promise<boolean> | undefined;
  let hadMark = false;
  let swept: Promise<void> | undefined;
  const sweep = async (fromOffset: number) => {
    const keys = await unknownObjects(parts, { topic, partition, fromOffset });
    await setAside(store, keys, parts.onSetAside);
  };
  const once = <T>(work: Promise<T>, forget: () => void): Promise<T> => {
    work.catch(forget);
    return work;
  };
  return {
    ...parts,
    place,
    hasPending: true,
    pendingBytes: 0,
    stuck: new Map(),
    owns() {
      return owned ??= once(
        ownsObjects(parts, topic, hadMark ? "mark" : "anything").then((owns) => hadMark ||= owns),
        () => owned = undefined,
      );
    },
    look() {
      owned = undefined;
      return this.owns();
    },
    sweep: (fromOffset) => swept ??= once(sweep(fromOffset), () => swept = undefined),
  };
}

/**
 * Makes the step that cuts and stores a partition's objects.
 *
 * It throws `StuckError` where nothing else is left to do and objects cannot be stored before a person acts.
 */
export function objectStep(parts: ObjectRelayParts, place: Place, options: FlushOptions = {}): RelayStep {
  const relay = openRelay(parts, place);
  const cutDue = cutStep(relay, options);
  let lookedAt = 0;

  return async (finish, signal) => {
    const lookAfterMs = relay.stuck.size > 0 ? LOOK_AT_STUCK_EVERY_MS : LOOK_EVERY_MS;
    if (relay.hasPending || performance.now() - lookedAt >= lookAfterMs) {
      using _memory = await parts.cutMemory?.acquire(relay.pendingBytes, signal);
      relay.stuck.clear();
      if (lookedAt > 0) await relay.look();
      await storePending(relay);
      relay.hasPending = false;
      lookedAt = performance.now();
    }
    let next;
    // What is stuck is no failure of the rest, and to go on with the rest is no recovery of it.
    do next = await cutDue(finish, signal); while (
      next === "more" && relay.stuck.size > 0 && !signal?.aborted
    );
    if (relay.stuck.size > 0) throw new StuckError([...relay.stuck.values()]);
    return next;
  };
}

function cutStep(relay: ObjectRelay, options: FlushOptions): RelayStep {
  const { ledger, cutMemory, place: { topic, partition } } = relay;
  const { flushRows = 5_000, flushBytes = 16 * 1024 * 1024, flushIntervalMs = 60_000 } = options;
  /** What waits for its cut. Only sizes are counted: verdicts are read for the cut, so waiting ones take no memory. */
  let waiting = { rows: 0, bytes: 0, firstOffset: 0, since: 0 };
  let readThrough: number | undefined;
  let isFirstCut = true;

  const cut = async () => {
    const recorded = await recordOnce(waiting, readThrough!, relay);
    // Undefined where the ledger went back: what it lost is committed again, and read then.
    readThrough = recorded?.lastOffset;
    relay.pendingBytes = waiting.bytes;
    waiting.rows = waiting.bytes = 0;
    if (recorded === undefined) return;
    relay.hasPending = true;
    const { objects } = recorded;
    if (objects === undefined) await storePending(relay);
    else {
      if (isFirstCut) await setStraysAside(objects.map(({ cut }) => cut), relay);
      await storeInHand(objects, relay);
    }
    isFirstCut = relay.hasPending = false;
  };

  return async (finish, signal) => {
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

/**
 * Records the cut from one offset through another, unless an earlier attempt, whose reply was lost, did.
 *
 * @returns Undefined where the ledger no longer has all of the rows that were counted.
 */
async function recordOnce(
  { firstOffset, rows }: { firstOffset: number; rows: number },
  lastOffset: number,
  relay: ObjectRelay,
): Promise<RecordedCut | undefined> {
  const { ledger, place: { topic, partition, epoch } } = relay;
  const recorded = await ledger.lastCutOffset(topic, partition);
  if (recorded >= firstOffset) return { lastOffset: recorded, objects: undefined };
  const hours = await ledger.outbox.byHour(topic, partition, firstOffset, lastOffset);
  if (hours.reduce((sum, hour) => sum + hour.rows, 0) !== rows) return undefined;
  const objects = await encodedObjects(hours, { firstOffset, lastOffset }, relay);
  await ledger.recordCuts(topic, partition, epoch, objects.map(({ cut }) => cut));
  return { lastOffset, objects };
}

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

/** Stores every object that is recorded and not known to be stored, but for those that are stuck. */
async function storePending(relay: ObjectRelay): Promise<void> {
  const { ledger, stuck, place: { topic, partition } } = relay;
  let hours = new Map<number, Uint8Array>();
  let hoursOf = -1;
  for (;;) {
    const pending = (await ledger.pendingCuts(topic, partition, PAGE_CUTS + stuck.size))
      .filter(({ key }) => !stuck.has(key));
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
  // The mark is there before an object is.
  await relay.owns();
  const left = cuts.values();
  const stored: string[] = [];
  const mark = async () => await relay.ledger.markStored(stored.splice(0));
  const workers = Array.from({ length: relay.store.concurrentPuts }, async () => {
    for (const cut of left) {
      const trouble = await storeObject(cut, await bytesOf(cut), relay);
      if (trouble !== undefined) relay.stuck.set(cut.key, trouble);
      else if (stored.push(cut.key) >= PAGE_CUTS) await mark();
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
  relay: ObjectRelay,
): Promise<string | undefined> {
  const { key, sha256 } = cut;
  const { store } = relay;
  if (bytes !== undefined && await putObject(relay, key, bytes, sha256) === "created") return;
  const existing = await store.get(key);
  if (existing !== undefined && await sha256Hex(existing) === sha256) return;
  const cannot =
    `Cannot store ${key} in ${store.name} as its bytes must have the recorded SHA-256 ${sha256}: `;
  if (bytes === undefined) {
    return `${cannot}the rows give others now; restore the ledger's rows, or the object, from a backup`;
  }
  if (!await relay.owns()) {
    return `${cannot}another object is there, of another ledger; move it away, or give this ledger a bucket or folder of its own`;
  }
  await relay.sweep(cut.firstOffset);
  await setAside(store, [key], relay.onSetAside);
  if (await putObject(relay, key, bytes, sha256) === "created") return;
  return `${cannot}another object is there; move it away`;
}

/** Looks in the event hours of a cut for objects of rows that the ledger forgot: their rows are in the cut again. */
async function setStraysAside(cuts: readonly ObjectCut[], relay: ObjectRelay): Promise<void> {
  if (!await relay.owns()) return;
  const own = new Set(cuts.map(({ key }) => key));
  for (const { key, firstOffset } of cuts.slice(0, HOURS_LOOKED_AT)) {
    for await (const found of relay.store.list(key.slice(0, key.lastIndexOf("-") + 1))) {
      if (!own.has(found) && placeOfKey(found)!.firstOffset >= firstOffset) {
        return await relay.sweep(firstOffset);
      }
    }
  }
}
