import type { Broker } from "../broker/broker.ts";
import type { Partition } from "../domain/place.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { isSettled } from "../relay/grouping/alert_plan.ts";
import { DEAD_LETTER_LISTENER } from "../relay/dead_letters.ts";

/** How a topic is looked at. */
export interface DrainedOptions {
  /** Names of the listeners that must have had every alert (default: none). */
  listeners?: readonly string[];
  /** Which partitions to look at (default: all). */
  isLookedAt?(partition: number): boolean;
  /** Ends the wait for a stream that does not answer. */
  signal?: AbortSignal;
}

/**
 * Says whether every record of the topic is committed and relayed, whoever owns its partition.
 *
 * A member that was killed keeps its partitions until its session times out: until then nobody works on them, and they are
 * not done.
 */
export async function isDrained(
  topic: string,
  { broker, ledger }: { broker: Broker; ledger: Ledger },
  { listeners = [], isLookedAt = () => true, signal }: DrainedOptions = {},
): Promise<boolean> {
  const committed = new Map(
    (await ledger.partitions()).filter((known) => known.topic === topic)
      .map(({ partition, nextOffset }) => [partition, nextOffset]),
  );
  for (const { partition, startOffset, endOffset } of await broker.offsets(topic)) {
    if (!isLookedAt(partition)) continue;
    const fromOffset = Math.max(committed.get(partition) ?? 0, startOffset);
    const of = { topic, partition };
    if (fromOffset < endOffset && await hasRecord(broker, of, fromOffset, signal)) return false;
    if (!await isRelayed(ledger, of, listeners)) return false;
  }
  return true;
}

/** Whether a record follows; the last offsets of a partition may hold none. */
async function hasRecord(
  broker: Broker,
  { topic, partition }: Partition,
  fromOffset: number,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  for await (const batch of broker.read(topic, partition, { fromOffset, maxBatchRecords: 1, signal })) {
    if (batch.count > 0) return true;
  }
  return false;
}

async function isRelayed(
  ledger: Ledger,
  { topic, partition }: Partition,
  listeners: readonly string[],
): Promise<boolean> {
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
