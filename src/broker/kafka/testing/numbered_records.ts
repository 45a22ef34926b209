/**
 * Records with numbers as values, to see in tests of the Kafka broker which came, how often and in which order.
 *
 * @module
 */
import type { Broker, BrokerEvent, ProducedRecord, RecordBatch, Subscription } from "../../broker.ts";
import { valueOf } from "../../record_batch.ts";

const decoder = new TextDecoder();
let topics = 0;

/** A topic's name that was never used. */
export const newTopic = (): string => `kafka-${Date.now().toString(36)}-${topics++}`;

/** Whole numbers from one up to, not including, another. */
export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);

/** Records with these numbers as keys and values. */
export const numbered = (from: number, to: number): { key: string; value: string }[] =>
  range(from, to).map((i) => ({ key: `k${i}`, value: `${i}` })) satisfies ProducedRecord[];

/** The numbers in a batch, in order. */
export const numbersOf = (batch: RecordBatch): number[] =>
  range(0, batch.count).map((i) => Number(decoder.decode(valueOf(batch, i)!)));

/** Every number that is in the topic, partition by partition. */
export async function readAll(broker: Broker, topic: string): Promise<number[]> {
  const numbers: number[] = [];
  for (const { partition } of await broker.offsets(topic)) {
    for await (const batch of broker.read(topic, partition, { fromOffset: 0 })) {
      numbers.push(...numbersOf(batch));
    }
  }
  return numbers;
}

/** Follows a subscription in the background until it is stopped; `stop` throws what the iteration threw. */
export function follow(
  subscription: Subscription,
  ending: AbortController,
  onEvent: (event: BrokerEvent) => unknown,
): { stop(): Promise<void> } {
  const done = (async () => {
    for await (const event of subscription) await onEvent(event);
    await subscription[Symbol.asyncDispose]();
  })();
  done.catch(() => {}); // thrown by stop
  return { stop: () => (ending.abort(), done) };
}
