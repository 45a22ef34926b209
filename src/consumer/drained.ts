/**
 * Whether the partitions of a topic have nothing left to do, whoever owns them.
 *
 * @module
 */
import type { Broker } from "../broker/broker.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { isSettled } from "../relay/grouping/alert_plan.ts";
import { DEAD_LETTER_LISTENER } from "../relay/dead_letters.ts";

/** What is looked at. */
export interface DrainedParts {
  broker: Broker;
  /** The ledger that follows it. */
  ledger: Ledger;
  topic: string;
  /** Names of the listeners that must have been told. */
  listeners: readonly string[];
  /** Ends the wait for a stream that does not answer. */
  signal?: AbortSignal;
}

/**
 * Says whether every record of these partitions is committed and relayed.
 *
 * A member that was killed keeps its partitions until its session runs out: until then they are nobody's work, and
 * still not done.
 *
 * @param isLookedAt Which partitions to look at.
 */
export async function isDrained(
  parts: DrainedParts,
  isLookedAt: (partition: number) => boolean = () => true,
): Promise<boolean> {
  const { ledger, topic } = parts;
  const committed = new Map(
    (await ledger.partitions()).filter((known) => known.topic === topic)
      .map(({ partition, nextOffset }) => [partition, nextOffset]),
  );
  for (const { partition, startOffset, endOffset } of await parts.broker.offsets(topic)) {
    if (!isLookedAt(partition)) continue;
    const fromOffset = Math.max(committed.get(partition) ?? 0, startOffset);
    if (fromOffset < endOffset && await hasRecord(parts, partition, fromOffset)) return false;
    if (!await isRelayed(parts, partition)) return false;
  }
  return true;
}

/** Offsets may end with some that hold no record. */
async function hasRecord(
  { broker, topic, signal }: DrainedParts,
  partition: number,
  fromOffset: number,
): Promise<boolean> {
  for await (const batch of broker.read(topic, partition, { fromOffset, maxBatchRecords: 1, signal })) {
    if (batch.count > 0) return true;
  }
  return false;
}

async function isRelayed({ ledger, topic, listeners }: DrainedParts, partition: number): Promise<boolean> {
  if ((await ledger.pendingCuts(topic, partition, 1)).length > 0) return false;
  const cutOffset = await ledger.lastCutOffset(topic, partition);
  if ((await ledger.flaggedAfter(topic, partition, cutOffset, 1)).length > 0) return false;
  const buriedOffset = await ledger.position(DEAD_LETTER_LISTENER, topic, partition);
  if ((await ledger.deadLettersAfter(topic, partition, buriedOffset, 1)).length > 0) return false;
  for (const listener of listeners) {
    const toldOffset = await ledger.position(listener, topic, partition);
    if ((await ledger.flaggedAfter(topic, partition, toldOffset, 1)).length > 0) return false;
    if (!isSettled(await ledger.alertStates.read({ listener, topic, partition }))) return false;
  }
  return true;
}
