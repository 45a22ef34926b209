/**
 * Objects: from the ledger's flagged transactions to files that hold one event hour each.
 *
 * A cut takes the flagged transactions after the last cut, splits them by event hour, and is recorded with the hash of
 * each object before one is written. Key and bytes of an object follow from the rows alone, so a writer that is killed
 * anywhere is repeated without a trace, and a flush by time costs nothing of exactly-once.
 *
 * @module
 */
import { DeliveryError } from "../delivery_error.ts";
import type { FlaggedTransaction, Ledger, ObjectCut } from "../ledger/ledger.ts";
import type { ObjectStore } from "../objects/objects.ts";
import { sha256Hex } from "../sha256.ts";
import { type ObjectEncoder, objectEncoders } from "./object_encoders.ts";
import { objectKey } from "./object_key.ts";
import type { RelayStep } from "./relay.ts";
import type { SharedRoom } from "./shared_room.ts";

/** When to cut. */
export interface FlushOptions {
  /** Cuts at this many flagged transactions (default 10,000). */
  flushRows?: number;
  /** Cuts at the row that reaches this many bytes of verdicts (default 16 MiB). */
  flushBytes?: number;
  /** Cuts when the oldest flagged transaction has waited this long (default 60,000). */
  flushIntervalMs?: number;
}

const HOUR_MS = 3_600_000;
/** Flagged transactions that are read at one time. */
const PAGE_ROWS = 1000;
/** Objects that are written at one time. */
const CONCURRENT_PUTS = 8;

/** What the object relay of one partition works with. */
export interface ObjectRelayParts {
  /** Where flagged transactions are read and cuts recorded. */
  ledger: Ledger;
  /** Takes the objects. */
  store: ObjectStore;
  /** Writes flagged transactions as the bytes of an object. */
  encoder: ObjectEncoder;
  /** Topic of the transactions. */
  topic: string;
  /** Partition of it, from 0. */
  partition: number;
  /** The epoch of the partition's claim. */
  epoch: number;
  /** Room for the verdicts of cuts in hand, bytes, shared by the partitions of a process; as much as wanted unless given. */
  cutRoom?: SharedRoom;
}

/**
 * Makes the step that cuts and stores a partition's objects.
 */
export function objectStep(parts: ObjectRelayParts, options: FlushOptions = {}): RelayStep {
  const { ledger, topic, partition, cutRoom } = parts;
  const { flushRows = 10_000, flushBytes = 16 * 1024 * 1024, flushIntervalMs = 60_000 } = options;
  /** How much is read and not cut yet; the rows are read again for their cut, so that those that wait take no memory. */
  let waiting = { rows: 0, bytes: 0, firstOffset: 0, since: 0 };
  let readThrough: number | undefined;

  /** Whether there may be cuts that are recorded and not stored: an earlier owner's, or of a step that failed. */
  let hasPending = true;
  /** Bytes of verdicts of what is recorded and not stored, as far as they are known. */
  let pendingBytes = 0;

  const hold = (bytes: number, work: () => Promise<void>, signal?: AbortSignal) =>
    cutRoom === undefined ? work() : cutRoom.hold(bytes, work, signal);
  const cut = async () => {
    const rows = await ledger.flaggedAfter(topic, partition, waiting.firstOffset - 1, waiting.rows);
    // Where an attempt whose answer was lost recorded the cut, rows that came since are not in it.
    readThrough = await recordOnce(rows, parts);
    pendingBytes = waiting.bytes;
    waiting.rows = waiting.bytes = 0;
    hasPending = true;
    await storePending(parts, rows);
    hasPending = false;
  };

  return async (finish, signal) => {
    if (hasPending) {
      await hold(pendingBytes, () => storePending(parts), signal);
      hasPending = false;
    }
    readThrough ??= await ledger.lastCutOffset(topic, partition);
    const isFull = () => waiting.rows >= flushRows || waiting.bytes >= flushBytes;
    const most = Math.min(PAGE_ROWS, flushRows - waiting.rows);
    const found = most <= 0 ? [] : await ledger.flaggedAfter(topic, partition, readThrough, most);
    for (const { offset, verdict } of found) {
      if (isFull()) break;
      if (waiting.rows === 0) {
        waiting = { rows: 0, bytes: 0, firstOffset: offset, since: performance.now() };
      }
      waiting.rows++;
      waiting.bytes += verdict.length;
      readThrough = offset;
    }
    if (waiting.rows === 0) return Infinity;
    if (!isFull() && found.length === most) return "more";
    const leftMs = waiting.since + flushIntervalMs - performance.now();
    if (!isFull() && !finish && leftMs > 0) return leftMs;
    await hold(waiting.bytes, cut, signal);
    return "more";
  };
}

/** Records the cut of these rows, unless an attempt whose answer was lost did so; returns the last offset of what is recorded. */
async function recordOnce(rows: readonly FlaggedTransaction[], parts: ObjectRelayParts): Promise<number> {
  const { ledger, topic, partition, epoch } = parts;
  const recorded = await ledger.lastCutOffset(topic, partition);
  if (recorded >= rows[0].offset) return recorded;
  await ledger.recordCuts(topic, partition, epoch, await cutsOf(rows, parts));
  return rows[rows.length - 1].offset;
}

function byHour(rows: readonly FlaggedTransaction[]): Map<number, FlaggedTransaction[]> {
  return Map.groupBy(rows, ({ timestampMs }) => Math.floor(timestampMs / HOUR_MS) * HOUR_MS);
}

async function cutsOf(rows: readonly FlaggedTransaction[], parts: ObjectRelayParts): Promise<ObjectCut[]> {
  const { topic, partition, encoder: { format, encode } } = parts;
  const cuts: ObjectCut[] = [];
  // One after another, so that the bytes of one object are in memory and not of all.
  for (const [hourMs, group] of byHour(rows)) {
    const bytes = encode(group);
    cuts.push({
      key: objectKey({ topic, partition, firstOffset: group[0].offset, hourMs, format }),
      topic,
      partition,
      firstOffset: rows[0].offset,
      lastOffset: rows[rows.length - 1].offset,
      hourMs,
      format,
      rows: group.length,
      byteLength: bytes.length,
      sha256: await sha256Hex(bytes),
    });
  }
  return cuts;
}

/**
 * Stores every object that is recorded and not known to be stored.
 *
 * @param cut Flagged transactions that are in hand: the cut of just these is not read again.
 */
async function storePending(parts: ObjectRelayParts, cut: readonly FlaggedTransaction[] = []): Promise<void> {
  const { ledger, topic, partition } = parts;
  for (;;) {
    const pending = await ledger.pendingCuts(topic, partition, 256);
    if (pending.length === 0) return;
    for (const cuts of Map.groupBy(pending, ({ firstOffset }) => firstOffset).values()) {
      const { firstOffset, lastOffset } = cuts[0];
      const isInHand = cut[0]?.offset === firstOffset && cut.at(-1)?.offset === lastOffset;
      await storeCut(cuts, isInHand ? cut : await rowsOf(cuts[0], parts), parts);
    }
  }
}

/** The flagged transactions of a cut. */
async function rowsOf(
  { firstOffset, lastOffset }: ObjectCut,
  { ledger, topic, partition }: ObjectRelayParts,
): Promise<FlaggedTransaction[]> {
  // Offsets have gaps, so the limit is the most rows there can be.
  const limit = lastOffset - firstOffset + 1;
  return (await ledger.flaggedAfter(topic, partition, firstOffset - 1, limit))
    .filter(({ offset }) => offset <= lastOffset);
}

/** Stores objects of one cut, some at a time. */
async function storeCut(
  cuts: readonly ObjectCut[],
  rows: readonly FlaggedTransaction[],
  parts: ObjectRelayParts,
): Promise<void> {
  const hours = byHour(rows);
  const left = cuts.values();
  const stored: string[] = [];
  const workers = Array.from({ length: CONCURRENT_PUTS }, async () => {
    for (const cut of left) {
      await storeObject(cut, hours.get(cut.hourMs) ?? [], parts);
      stored.push(cut.key);
    }
  });
  const results = await Promise.allSettled(workers);
  if (stored.length > 0) await parts.ledger.markStored(stored);
  const failed = results.find((result) => result.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}

async function storeObject(
  cut: ObjectCut,
  rows: FlaggedTransaction[],
  parts: ObjectRelayParts,
): Promise<void> {
  const { store } = parts;
  // A cut of before a change of format keeps its own.
  const bytes = objectEncoders[cut.format].encode(rows);
  if (
    await sha256Hex(bytes) === cut.sha256 &&
    await store.put(cut.key, bytes, { sha256: cut.sha256 }) === "created"
  ) {
    return;
  }
  const existing = await store.get(cut.key);
  if (existing !== undefined && await sha256Hex(existing) === cut.sha256) return;
  throw new DeliveryError(
    `Cannot store ${cut.key} in ${store.name} as its bytes must have the recorded SHA-256 ${cut.sha256}: ` +
      (existing === undefined ? "the rows give others now" : "another object is there; move it away"),
    { retriable: existing !== undefined },
  );
}
