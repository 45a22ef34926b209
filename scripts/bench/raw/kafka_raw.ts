import kafkajs from "kafkajs";
import { Consumer, Producer, stringSerializers } from "@platformatic/kafka";
import type { ProducedRecord } from "../../../src/broker/broker.ts";

/** Callbacks of one reading. */
export interface Reader {
  /** The partitions are assigned: fetching begins. */
  onAssigned(): void;
  onRecords(count: number): void;
  /** Settles when all have come. */
  done: Promise<void>;
}

/** A client as a careful user drives it, without the broker port. */
export interface RawClient {
  /**
   * Reads the topic from its start in a group of its own, until `reader.done`.
   *
   * @param fetchBytes Most bytes of a partition in one answer; the client's own default where undefined.
   */
  consume(topic: string, reader: Reader, fetchBytes?: number): Promise<void>;
  /** Produces idempotently, one call after another. */
  produce(topic: string, calls: readonly (readonly ProducedRecord[])[]): Promise<void>;
}

/** Bytes of a partition in one answer at which both clients read fastest. */
export const FETCH_BYTES: number = 4 * 1024 * 1024;
const ACKNOWLEDGED_BY_ALL = -1;

/** Both clients at a broker, by the names of `KAFKA_CLIENT`. */
export function rawClients(address: string): Record<string, RawClient> {
  return { kafkajs: rawKafkajs(address), platformatic: rawPlatformatic(address) };
}

function rawKafkajs(address: string): RawClient {
  return {
    async consume(topic, { onAssigned, onRecords, done }, fetchBytes) {
      const consumer = kafka(address).consumer({
        groupId: crypto.randomUUID(),
        ...fetchBytes !== undefined && { maxBytesPerPartition: fetchBytes },
      });
      consumer.on(consumer.events.GROUP_JOIN, onAssigned);
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        eachBatch: ({ batch }) => Promise.resolve(onRecords(batch.messages.length)),
      });
      await done;
      await consumer.disconnect();
    },
    async produce(topic, calls) {
      const producer = kafka(address).producer({
        idempotent: true,
        maxInFlightRequests: 1,
        createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
      });
      await producer.connect();
      for (const records of calls) {
        const messages = records.map(({ key, value }) => ({ key: key as string, value: value as string }));
        await producer.send({ topic, messages, acks: ACKNOWLEDGED_BY_ALL });
      }
      await producer.disconnect();
    },
  };
}

function rawPlatformatic(address: string): RawClient {
  return {
    async consume(topic, { onAssigned, onRecords, done }, fetchBytes) {
      const consumer = new Consumer({
        clientId: "bench",
        groupId: crypto.randomUUID(),
        bootstrapBrokers: [address],
      });
      consumer.on("consumer:group:join", onAssigned);
      const stream = await consumer.consume({
        topics: [topic],
        mode: "earliest",
        autocommit: false,
        maxWaitTime: 250,
        ...fetchBytes !== undefined && { maxBytes: 4 * fetchBytes },
      });
      stream.on("data", () => onRecords(1));
      await done;
      await stream.close();
      await consumer.close(true);
    },
    async produce(topic, calls) {
      const producer = new Producer({
        clientId: "bench",
        bootstrapBrokers: [address],
        idempotent: true,
        serializers: stringSerializers,
      });
      for (const records of calls) {
        const messages = records.map(({ key, value }) => ({
          topic,
          key: key as string,
          value: value as string,
        }));
        await producer.send({ messages, acks: ACKNOWLEDGED_BY_ALL });
      }
      await producer.close(true);
    },
  };
}

function kafka(address: string) {
  return new kafkajs.Kafka({ clientId: "bench", brokers: [address], logLevel: kafkajs.logLevel.NOTHING });
}
