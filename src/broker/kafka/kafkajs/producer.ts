import { Buffer } from "node:buffer";
import kafkajs from "kafkajs";
import type { Kafka, Message, Producer } from "kafkajs";
import { pause } from "../../../runtime/retry.ts";
import type { ProducedRecord } from "../../broker.ts";
import { type Compression, compressionNames } from "../wire/codecs.ts";
import { type Explain, isRetriable } from "../failure.ts";
import type { ProducerConnection } from "../client.ts";
import { withDeadline } from "../with_deadline.ts";

const ACKNOWLEDGED_BY_ALL = -1;
const CLOSE_DEADLINE_MS = 2000;
const FIRST_WAIT_MS = 100;
const LAST_WAIT_MS = 2000;
/** The broker has forgotten this producer, or never knew its last batches: these records were not kept. */
const FORGOTTEN = /OUT_OF_ORDER_SEQUENCE|UNKNOWN_PRODUCER_ID|INVALID_PRODUCER_EPOCH|PRODUCER_FENCED/;

/**
 * kafkajs's idempotent producer.
 *
 * After a failure that leaves open what was kept, the next call has a new producer: sequence numbers of the old one
 * could make records vanish.
 */
export class KafkajsProducer implements ProducerConnection {
  readonly #kafka: Kafka;
  readonly #compression: number;
  readonly #explain: Explain;
  #producer: Promise<Producer> | undefined;

  /** Connects when first used. */
  constructor(kafka: Kafka, options: { compression: Compression; explain: Explain }) {
    this.#kafka = kafka;
    this.#compression = compressionNames.indexOf(options.compression);
    this.#explain = options.explain;
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
    for (let waitMs = FIRST_WAIT_MS;; waitMs = Math.min(waitMs * 2, LAST_WAIT_MS)) {
      try {
        const producer = await this.#connected();
        // The same messages again mean the same sequence numbers again, so the broker keeps them once.
        await producer.send(asked);
        return;
      } catch (error) {
        const isForgotten = FORGOTTEN.test(this.#explain(error).type ?? "");
        const isFinal = !isForgotten && !isRetriable(error, this.#explain) ||
          performance.now() + waitMs > deadline;
        if (isForgotten || isFinal) await this.close();
        if (isFinal) throw error;
        await pause(waitMs, undefined);
      }
    }
  }

  async close(): Promise<void> {
    const dropped = this.#producer;
    this.#producer = undefined;
    // Its connections may be broken: how it ends does not matter any more.
    if (dropped === undefined) return;
    const closing = dropped.then((producer) => producer.disconnect());
    await withDeadline(closing, CLOSE_DEADLINE_MS, "end of the connection").catch(() => {});
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
