import { Buffer } from "node:buffer";
import kafkajs from "kafkajs";
import type { Kafka, Message, Producer } from "kafkajs";
import { retry } from "../../../runtime/retry.ts";
import type { ProducedRecord } from "../../broker.ts";
import { type Compression, compressionNames } from "../wire/codecs.ts";
import { type Explain, isRetriable } from "../failure.ts";
import type { ProducerConnection } from "../client.ts";
import { closed } from "../with_deadline.ts";

const ACKNOWLEDGED_BY_ALL = -1;
const CLOSE_DEADLINE_MS = 2000;
/** The broker has forgotten this producer, or never knew its last batches: these records were not kept. */
const FORGOTTEN = /OUT_OF_ORDER_SEQUENCE|UNKNOWN_PRODUCER_ID|INVALID_PRODUCER_EPOCH|PRODUCER_FENCED/;

/**
 * kafkajs's idempotent producer.
 *
 * After a failure that leaves it open what was kept, the next call makes a new producer: with the sequence numbers of
 * the old one, records could vanish.
 */
export class KafkajsProducer implements ProducerConnection {
  readonly #kafka: Kafka;
  readonly #compression: number;
  readonly #explain: Explain;
  #producer: Promise<Producer> | undefined;

  /** Connects when first used. */
  constructor(kafka: Kafka, compression: Compression, explain: Explain) {
    this.#kafka = kafka;
    this.#compression = compressionNames.indexOf(compression);
    this.#explain = explain;
  }

  messageOf(record: ProducedRecord, _topic: string, partition: number): unknown {
    return {
      partition,
      key: asMessageField(record.key),
      value: asMessageField(record.value),
      headers: record.headers,
      timestamp: record.timestampMs === undefined ? undefined : String(record.timestampMs),
    } satisfies Message;
  }

  async send(topic: string, messages: readonly unknown[], deadline: number): Promise<void> {
    const asked = {
      topic,
      messages: messages as Message[],
      acks: ACKNOWLEDGED_BY_ALL,
      compression: this.#compression,
    };
    const isForgotten = (error: unknown) => FORGOTTEN.test(this.#explain(error).type ?? "");
    try {
      await retry(async () => {
        try {
          const producer = await this.#connected();
          // The same messages again mean the same sequence numbers again, so the broker keeps them once.
          await producer.send(asked);
        } catch (error) {
          if (isForgotten(error)) await this.close();
          throw error;
        }
      }, {
        deadlineMs: deadline - performance.now(),
        baseDelayMs: 100,
        maxDelayMs: 2000,
        retriable: (error) => isForgotten(error) || isRetriable(error, this.#explain),
      });
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const dropped = this.#producer;
    this.#producer = undefined;
    if (dropped !== undefined) {
      await closed(dropped.then((producer) => producer.disconnect()), CLOSE_DEADLINE_MS);
    }
  }

  #connected(): Promise<Producer> {
    if (this.#producer !== undefined) return this.#producer;
    const producer = this.#kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      maxInFlightRequests: 1,
      createPartitioner: kafkajs.Partitioners.DefaultPartitioner,
    });
    const connecting = producer.connect().then(() => producer);
    // A producer that did not connect has sent nothing: the next try makes another.
    connecting.catch(() => {
      if (this.#producer === connecting) this.#producer = undefined;
    });
    return this.#producer = connecting;
  }
}

function asMessageField(content: string | Uint8Array | null): string | Buffer | null {
  if (content === null || typeof content === "string") return content;
  return Buffer.from(content.buffer, content.byteOffset, content.length);
}
