/**
 * What a run of the pipeline left in ledger and topics, in a form that two runs can be compared by.
 *
 * @module
 */
import { ALERT_TOPIC } from "../../src/alerts/topic.ts";
import type { Broker } from "../../src/broker/broker.ts";
import { allFlagged } from "../../src/ledger/all_flagged.ts";
import type { Ledger } from "../../src/ledger/ledger.ts";

/** One flagged transaction: place, and the score's 64 bits in hexadecimal. */
export type FlaggedLine = string;

/** Ids of alerts, each once, and the number that came. */
export interface AlertsReceived {
  ids: Set<string>;
  received: number;
}

/** The flagged transactions of a topic in the ledger, ordered. */
export async function flaggedLines(
  { broker, ledger }: { broker: Broker; ledger: Ledger },
  topic: string,
): Promise<FlaggedLine[]> {
  const lines: FlaggedLine[] = [];
  for (let partition = 0; partition < await broker.partitions(topic); partition++) {
    for await (const { offset, anomalyScore } of allFlagged(ledger, topic, partition)) {
      lines.push(`${topic}/${partition}/${offset} ${bitsOf(anomalyScore)}`);
    }
  }
  return lines;
}

/** The alerts about a topic, from these offsets of the alert topic's partitions on (default: the start). */
export async function alertsReceived(
  broker: Broker,
  topic: string,
  from: ReadonlyMap<number, number> = new Map(),
): Promise<AlertsReceived> {
  const ids = new Set<string>();
  let received = 0;
  for (let partition = 0; partition < await broker.partitions(ALERT_TOPIC); partition++) {
    const fromOffset = from.get(partition) ?? 0;
    for await (const batch of broker.read(ALERT_TOPIC, partition, { fromOffset })) {
      for (let i = 0; i < batch.count; i++) {
        const id = batch.headers(i).alert_id;
        // Other runs may send to the same topic at the same time.
        if (!id.startsWith(`${topic}/`)) continue;
        ids.add(id);
        received++;
      }
    }
  }
  return { ids, received };
}

function bitsOf(score: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, score);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}
