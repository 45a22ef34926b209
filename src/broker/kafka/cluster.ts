import { DeliveryError } from "../../runtime/delivery_error.ts";
import type { KafkaClient, KnownTopic } from "./client.ts";
import { type Failure, isFinalType, isRetriable } from "./failure.ts";
import { AnsweredError } from "./wire/produce_protocol.ts";
import { Waiting } from "../../runtime/waiting.ts";
import { withDeadline } from "./with_deadline.ts";

/** Bounds of a Kafka broker; all times in milliseconds. */
export interface KafkaBrokerOptions {
  /** How long opening, and each question to the cluster, may take (default 15,000). */
  requestTimeoutMs?: number;
  /** How long `produce` tries (default 120,000). */
  deliveryTimeoutMs?: number;
  /** How long reading and group membership may fail before they are given up (default 300,000). */
  giveUpMs?: number;
  /** How long a subscriber may work on one event before others get its partitions (default 300,000). */
  maxEventMs?: number;
  /** How often a subscriber looks for new partitions (default 60,000). */
  metadataMaxAgeMs?: number;
  /** Takes a line about an outage; standard error by default. */
  onTrouble?(line: string): void;
}

/** One Kafka cluster as each part of the broker knows it: a client, a name for people, and bounds. */
export class Cluster {
  readonly client: KafkaClient;
  /** Its URL without secrets. */
  readonly name: string;
  readonly limits: Required<Omit<KafkaBrokerOptions, "onTrouble">>;
  readonly waiting: Waiting;
  /** Id of each topic that is read, from when that began; one that is only produced to may be made anew. */
  readonly #topicIds = new Map<string, string>();

  /** Connects to nothing. */
  constructor(client: KafkaClient, name: string, options: KafkaBrokerOptions = {}) {
    this.client = client;
    this.name = name;
    const say = options.onTrouble ?? ((line) => console.warn(line));
    this.waiting = new Waiting(`Kafka at ${name.slice("kafka://".length)}`, say);
    this.limits = {
      requestTimeoutMs: options.requestTimeoutMs ?? 15_000,
      deliveryTimeoutMs: options.deliveryTimeoutMs ?? 120_000,
      giveUpMs: options.giveUpMs ?? 300_000,
      maxEventMs: options.maxEventMs ?? 300_000,
      metadataMaxAgeMs: options.metadataMaxAgeMs ?? 60_000,
    };
  }

  /** Asks the cluster within `requestTimeoutMs`; throws `DeliveryError`. */
  async ask<T>(action: string, question: () => Promise<T>): Promise<T> {
    try {
      const { requestTimeoutMs } = this.limits;
      const call = () => withDeadline(question(), requestTimeoutMs, "answer");
      return await this.waiting.during(requestTimeoutMs, call, true);
    } catch (error) {
      throw this.error(action, error);
    }
  }

  /**
   * Looks at a topic.
   *
   * @param isRead Whether it is read from now on.
   * @throws DeliveryError, also if the topic is read and was deleted and made anew since: its offsets are of other records.
   */
  async topic(topic: string, isRead: boolean): Promise<KnownTopic> {
    const known = await this.ask(`look for topic ${topic}`, () => this.client.topic(topic));
    if (known.id === undefined) return known;
    const first = this.#topicIds.get(topic) ?? known.id;
    if (isRead) this.#topicIds.set(topic, first);
    if (first === known.id) return known;
    throw new DeliveryError(
      `Cannot go on with topic ${topic} of ${this.name}: it was deleted and made anew (id ${first} before, ` +
        `${known.id} now), so its offsets are of other records`,
      { retriable: false },
    );
  }

  /** The node that leads each partition, -1 while there is none; empty if the topic is absent. */
  async leaders(topic: string): Promise<number[]> {
    return (await this.topic(topic, false)).leaders;
  }

  /** Whether the same call may succeed later. */
  isRetriable(error: unknown): boolean {
    return isRetriable(error, (error) => this.#explain(error));
  }

  /** Wraps what the client threw; `action` reads like "produce to transactions". */
  error(action: string, cause: unknown): DeliveryError {
    const { message, type } = this.#explain(cause);
    return new DeliveryError(
      `Cannot ${action} at ${this.name}: ${type === undefined ? "" : `${type}, `}${message}`,
      { cause, retriable: this.isRetriable(cause) },
    );
  }

  #explain(error: unknown): Failure {
    if (!(error instanceof AnsweredError)) return this.client.explain(error);
    return { type: error.type, isFinal: isFinalType(error.type), message: error.message };
  }
}
