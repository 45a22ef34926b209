/**
 * Ledger against the topic of alerts: each alert that the ledger counts as sent arrived.
 *
 * @module
 */
import { ALERT_TOPIC, topicChannel } from "../alerts/topic.ts";
import { allFlagged } from "../ledger/all_flagged.ts";
import type { Problems } from "./problems.ts";
import type { VerifyParts } from "./verify.ts";

/** What came into the topic of alerts. */
export interface AlertCounts {
  /** Flagged transactions with an alert in the topic. */
  alerts: number;
  /** Alerts that came again with the same id: a receiver drops them by it. */
  alertsRepeated: number;
  /** Alerts that retention or compaction has removed from the topic since. */
  alertsTrimmed: number;
}

/** Looks for the alert of each flagged transaction. */
export async function verifyAlerts(
  { broker, ledger, topic }: VerifyParts,
  problems: Problems,
): Promise<AlertCounts> {
  const { arrived, repeated, isTrimmed, holes } = await readArrived(broker, topic);
  const counts: AlertCounts = { alerts: 0, alertsRepeated: repeated, alertsTrimmed: 0 };
  for (const { topic: known, partition } of await ledger.partitions()) {
    if (known !== topic) continue;
    const there = arrived.get(String(partition)) ?? new Set();
    const sent = await ledger.position(topicChannel.name, topic, partition);
    let mayBeTrimmed = isTrimmed;
    for await (const { offset } of allFlagged(ledger, topic, partition)) {
      const place = `${topic}/${partition} offset ${offset}`;
      if (there.has(offset)) {
        counts.alerts++;
        // A partition's alerts are sent in order, so what is missing before the first one went with the oldest.
        mayBeTrimmed = false;
      } else if (offset > sent) {
        problems.add(
          "alert-not-sent",
          `${place} is flagged, and its alert is not sent to ${ALERT_TOPIC} yet`,
        );
      } else if (mayBeTrimmed || counts.alertsTrimmed < holes) counts.alertsTrimmed++;
      else {
        problems.add("alert-missing", `the alert of ${place} counts as sent and is not in ${ALERT_TOPIC}`);
      }
    }
  }
  return counts;
}

/** The alerts about a topic that are there: offsets by partition. */
async function readArrived(broker: VerifyParts["broker"], topic: string) {
  const arrived = new Map<string, Set<number>>();
  let [repeated, holes] = [0, 0];
  let isTrimmed = false;
  const partitions = await broker.partitions(ALERT_TOPIC);
  for (const { partition, startOffset } of partitions === 0 ? [] : await broker.offsets(ALERT_TOPIC)) {
    isTrimmed ||= broker.prunes && startOffset > 0;
    let next = startOffset;
    for await (const batch of broker.read(ALERT_TOPIC, partition, { fromOffset: startOffset })) {
      if (broker.prunes) holes += batch.nextOffset - next - batch.count;
      next = batch.nextOffset;
      for (let i = 0; i < batch.count; i++) {
        const [, of, place, offset] = /^(.*)\/(\d+)\/(\d+)$/.exec(batch.headers(i).alert_id ?? "") ?? [];
        if (of !== topic) continue;
        let offsets = arrived.get(place);
        if (offsets === undefined) arrived.set(place, offsets = new Set());
        if (offsets.has(Number(offset))) repeated++;
        offsets.add(Number(offset));
      }
    }
  }
  // With several partitions the oldest alerts of one partition may lie behind newer ones that went.
  return { arrived, repeated, isTrimmed, holes: isTrimmed && partitions > 1 ? Infinity : holes };
}
