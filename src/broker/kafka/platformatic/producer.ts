import { Buffer } from "node:buffer";
import { type BaseOptions, type MessageToProduce, Producer } from "@platformatic/kafka";
import type { ProducedRecord } from "../../broker.ts";
import type { Compression } from "../wire/codecs.ts";
import type { ProducerConnection } from "../client.ts";
import { closed, withDeadline } from "../with_deadline.ts";
import { withListeners } from "./with_listeners.ts";

/** A message as the package takes it, with its partition chosen. */
type Message = MessageToProduce<Buffer, Buffer, Buffer, Buffer> & { partition: number };

const ACKNOWLEDGED_BY_ALL = -1;
const CLOSE_DEADLINE_MS = 2000;
const LAST_WAIT_MS = 2000;
/** Messages after which a new producer is made: sequence numbers of a partition have 31 bits, and the package never wraps them. */
const MESSAGES_OF_A_PRODUCER = 2 ** 30;
/** The package writes a wrong time for a record that lies this far from the first one in its batch. */
const TIME_SPAN_MS = 2 ** 31;

/**
 * The package's idempotent producer.
 *
 * It repeats a request with the same sequence numbers until the deadline, and forgets them with its first error: nothing
 * is sent again after that. Each partition has a request of its own: if an election splits the partitions of one request,
 * the package keeps sending it to the leader of the first.
 */
export class PlatformaticProducer implements ProducerConnection {
  readonly #options: BaseOptions;
  readonly #compression: Compression;
  #producer: Producer | undefined;
  #sent = 0;
  /** The last time in both forms: making a BigInt of each record's would cost more. */
  #timeMs = 0;
  #time = 0n;

  /** Connects when first used. */
  constructor(options: BaseOptions, compression: Compression) {
    this.#options = options;
    this.#compression = compression;
  }

  messageOf({ key, value, headers, timestampMs }: ProducedRecord, topic: string, partition: number): unknown {
    const timeMs = timestampMs ?? Date.now();
    if (timeMs !== this.#timeMs) [this.#timeMs, this.#time] = [timeMs, BigInt(timeMs)];
    return {
      topic,
      partition,
      key: asBuffer(key),
      value: asBuffer(value),
      headers: headers === undefined ? undefined : headersOf(headers),
      timestamp: this.#time,
    } as Message;
  }

  async send(_topic: string, messages: readonly unknown[], deadline: number): Promise<void> {
    const producer = await this.#current(messages.length);
    const ofPartition = Map.groupBy(messages as readonly Message[], ({ partition }) => partition);
    const sending = Promise.all([...ofPartition.values()].map((messages) => sendBatches(producer, messages)));
    try {
      await withDeadline(sending, Math.max(0, deadline - performance.now()), "answer");
    } catch (error) {
      sending.catch(() => {}); // closing ends what is still tried
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const dropped = this.#producer;
    this.#producer = undefined;
    if (dropped !== undefined) await closed(dropped.close(true), CLOSE_DEADLINE_MS);
  }

  async #current(messages: number): Promise<Producer> {
    if (this.#sent + messages > MESSAGES_OF_A_PRODUCER) await this.close();
    if (this.#producer === undefined) {
      this.#sent = 0;
      this.#producer = withListeners(
        new Producer({
          ...this.#options,
          idempotent: true,
          retries: true, // until the deadline of the call
          retryDelay: (_client, _operation, attempt) => Math.min(100 * 2 ** (attempt - 1), LAST_WAIT_MS),
          compression: this.#compression,
        }),
      );
    }
    this.#sent += messages;
    return this.#producer;
  }
}

/** Sends messages of one partition in their order, those whose times lie too far apart in batches of their own. */
async function sendBatches(producer: Producer, messages: Message[]): Promise<void> {
  for (let from = 0; from < messages.length;) {
    const firstMs = Number(messages[from].timestamp);
    let to = from + 1;
    for (let last = messages[from].timestamp; to < messages.length; to++) {
      const { timestamp } = messages[to];
      // Most are of the same moment as the one before.
      if (timestamp === last) continue;
      if (Math.abs(Number(timestamp) - firstMs) >= TIME_SPAN_MS) break;
      last = timestamp;
    }
    await producer.send({ messages: messages.slice(from, to), acks: ACKNOWLEDGED_BY_ALL });
    from = to;
  }
}

function asBuffer(content: string | Uint8Array | null): Buffer | null {
  if (content === null) return null;
  if (typeof content === "string") return Buffer.from(content);
  return Buffer.from(content.buffer, content.byteOffset, content.length);
}

function headersOf(headers: Record<string, string>): Map<Buffer, Buffer> {
  return new Map(Object.entries(headers).map(([name, value]) => [Buffer.from(name), Buffer.from(value)]));
}
