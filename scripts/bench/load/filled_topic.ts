import { openBroker } from "../../../src/adapters.ts";
import type { LabelMode } from "../../../src/simulate/events/event.ts";
import { fillStream, type Topics } from "./fill_stream.ts";

export interface FilledTopicOptions {
  records: number;
  partitions: number;
  /** Size that shorter records are padded to, bytes. */
  recordBytes: number;
  customers: number;
  labels: LabelMode;
}

/**
 * Fills a topic with simulated transactions, and another with their labels, unless an earlier run has left them there.
 *
 * @param stream URL of the stream.
 * @returns The topics' names.
 */
export async function filledTopic(stream: string, options: FilledTopicOptions): Promise<Topics> {
  const { records, partitions, recordBytes, customers, labels } = options;
  await using broker = await openBroker(stream, { kafkaClient: "platformatic" });
  for (let attempt = 1;; attempt++) {
    const topic = `bench-${records}x${recordBytes}-${partitions}-${customers}-${labels}-${attempt}`;
    const topics = { topic, labelTopic: `${topic}.labels` };
    const known = await broker.partitions(topic) === 0 ? [] : await broker.offsets(topic);
    const count = known.reduce((sum, { startOffset, endOffset }) => sum + endOffset - startOffset, 0);
    if (known.length > 0 && count === records) return topics;
    // A topic that was begun and not finished is passed over.
    if (known.length > 0) continue;
    console.error(`filling ${topic}`);
    await fillStream(broker, topics, options);
    return topics;
  }
}
