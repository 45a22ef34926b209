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
}

/**
 * Makes the step that cuts and stores a partition's objects.
 */
export function objectStep(parts: ObjectRelayParts, options: FlushOptions = {}): RelayStep {
  const { ledger, topic, partition } = parts;
  const { flushRows = 10_000, flushBytes = 16 * 1024 * 1024, flushIntervalMs = 60_000 } = options;
  /** Rows read and not cut yet, at most those of one cut. */
  let waiting: FlaggedTransaction[] = [];
  let waitingBytes = 0;
  let waitingSince = 0;
  let readThrough: number | undefined;

  /** Whether there may be cuts that are recorded and not stored: an earlier owner's, or of a step that failed. */
  let hasPending = true;

  return async (finish) => {
    if (hasPending) {
      await storePending(parts);
      hasPending = false;
    }
    readThrough ??= await ledger.lastCutOffset(topic, partition);
    const isFull = () => waiting.length >= flushRows || waitingBytes >= flushBytes;
    const found = await ledger.flaggedAfter(topic, partition, readThrough, flushRows - waiting.length);
    for (const row of found) {
      if (isFull()) break;
      if (waiting.length === 0) waitingSince = performance.now();
      waiting.push(row);
      waitingBytes += row.verdict.length;
      readThrough = row.offset;
    }
    if (waiting.length === 0) return Infinity;
    const leftMs = waitingSince + flushIntervalMs - performance.now();
    if (!isFull() && !finish && leftMs > 0) return leftMs;
    await recordOnce(waiting, parts);
    waiting = [];
    waitingBytes = 0;
    hasPending = true;
    await storePending(parts);
    hasPending = false;
    return "more";
  };
}

/** Records the cut of these rows, unless an attempt whose answer was lost did so. */
async function recordOnce(rows: readonly FlaggedTransaction[], parts: ObjectRelayParts): Promise<void> {
  const { ledger, topic, partition, epoch } = parts;
  if (await ledger.lastCutOffset(topic, partition) >= rows[0].offset) return;
  await ledger.recordCuts(topic, partition, epoch, await cutsOf(rows, parts));
}

function byHour(rows: readonly FlaggedTransaction[]): Map<number, FlaggedTransaction[]> {
  return Map.groupBy(rows, ({ timestampMs }) => Math.floor(timestampMs / HOUR_MS) * HOUR_MS);
}

async function cutsOf(rows: readonly FlaggedTransaction[], parts: ObjectRelayParts): Promise<ObjectCut[]> {
  const { topic, partition, encoder: { format, encode } } = parts;
  return await Promise.all([...byHour(rows)].map(async ([hourMs, group]): Promise<ObjectCut> => {
    const bytes = encode(group);
    return {
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
    };
  }));
}

/** Stores every object that is recorded and not known to be stored. */
async function storePending(parts: ObjectRelayParts): Promise<void> {
  const { ledger, topic, partition } = parts;
  for (;;) {
    const pending = await ledger.pendingCuts(topic, partition, 256);
    if (pending.length === 0) return;
    for (const cuts of Map.groupBy(pending, ({ firstOffset }) => firstOffset).values()) {
      await storeCut(cuts, parts);
    }
  }
}

/** Stores objects of one cut, some at a time. */
async function storeCut(cuts: readonly ObjectCut[], parts: ObjectRelayParts): Promise<void> {
  const { ledger, topic, partition } = parts;
  const { firstOffset, lastOffset } = cuts[0];
  // Offsets have gaps, so the limit is the most rows there can be.
  const limit = lastOffset - firstOffset + 1;
  const rows = (await ledger.flaggedAfter(topic, partition, firstOffset - 1, limit))
    .filter(({ offset }) => offset <= lastOffset);
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
  if (stored.length > 0) await ledger.markStored(stored);
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
