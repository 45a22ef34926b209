import type { Admin, Kafka } from "kafkajs";
import type { Compression } from "../wire/codecs.ts";
import { type Failure, isFinalType } from "../failure.ts";
import type {
  GroupMember,
  GroupMemberOptions,
  KafkaClient,
  ProducerConnection,
  TopicConnection,
} from "../client.ts";
import type { KafkaAddress } from "../url.ts";
import { KafkajsConnection } from "./connection.ts";
import { LargeAnswers } from "./large_answers.ts";
import { KafkajsMember } from "./member.ts";
import { KafkajsProducer } from "./producer.ts";
import { createKafka } from "./setup.ts";

/** Errors that no retry mends. */
const FINAL_NAMES = new Set([
  "KafkaJSSASLAuthenticationError",
  "KafkaJSServerDoesNotSupportApiKey",
  "KafkaJSNotImplemented",
]);

/** An error of kafkajs: `type` is Kafka's own name of it. */
interface KafkajsError extends Error {
  type?: string;
  cause?: KafkajsError;
}

/** npm:kafkajs 2.2.4 as a client of the broker. */
export class KafkajsClient implements KafkaClient {
  readonly #kafka: Kafka;
  readonly #answers: LargeAnswers;
  #admin: Promise<Admin> | undefined;

  private constructor(kafka: Kafka, answers: LargeAnswers) {
    this.#kafka = kafka;
    this.#answers = answers;
  }

  /** Sets kafkajs up for a cluster; nothing connects yet. */
  static async create(address: KafkaAddress): Promise<KafkajsClient> {
    const answers = new LargeAnswers();
    return new KafkajsClient(await createKafka(address, answers), answers);
  }

  async clusterId(): Promise<string> {
    return (await this.#ask((admin) => admin.describeCluster())).clusterId;
  }

  async createTopic(topic: string, numPartitions: number): Promise<void> {
    const topics = [{ topic, numPartitions, replicationFactor: -1 }];
    await this.#ask((admin) => admin.createTopics({ topics, waitForLeaders: false }));
  }

  leaders(topic: string): Promise<number[]> {
    return this.#ask(async (admin) => {
      try {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        return topics.find(({ name }) => name === topic)?.partitions.map(({ leader }) => leader) ?? [];
      } catch (error) {
        if ((error as KafkajsError).type === "UNKNOWN_TOPIC_OR_PARTITION") return [];
        throw error;
      }
    });
  }

  connect(topic: string): Promise<TopicConnection> {
    return KafkajsConnection.open(this.#kafka, topic, this.#answers);
  }

  createMember(options: GroupMemberOptions): GroupMember {
    return new KafkajsMember(this.#kafka, options);
  }

  createProducer(compression: Compression): ProducerConnection {
    return new KafkajsProducer(this.#kafka, { compression, explain: this.explain });
  }

  readonly explain = (error: unknown): Failure => {
    let type: string | undefined;
    let isFinal = false;
    for (let at = error as KafkajsError | undefined, depth = 0; at && depth < 8; at = at.cause, depth++) {
      type ??= at.type;
      isFinal ||= FINAL_NAMES.has(at.name) || isFinalType(at.type);
    }
    return { type, isFinal, message: (error as Error).message };
  };

  async close(): Promise<void> {
    const admin = this.#admin;
    this.#admin = undefined;
    await (await admin)?.disconnect();
  }

  /** Asks once more over a new connection where the first one fails. */
  async #ask<T>(question: (admin: Admin) => Promise<T>): Promise<T> {
    const isFresh = this.#admin === undefined;
    try {
      return await question(await this.#connectedAdmin());
    } catch (error) {
      // Kafka itself answered, or no other connection would do better.
      const isAnswered = (error as KafkajsError).type !== undefined;
      if (isFresh || isAnswered || this.explain(error).isFinal) throw error;
      this.#admin?.then((admin) => admin.disconnect()).catch(() => {}); // it is broken
      this.#admin = undefined;
      return await question(await this.#connectedAdmin());
    }
  }

  #connectedAdmin(): Promise<Admin> {
    if (this.#admin !== undefined) return this.#admin;
    const admin = this.#kafka.admin();
    const connecting = admin.connect().then(() => admin);
    connecting.catch(() => {
      if (this.#admin === connecting) this.#admin = undefined;
    });
    return this.#admin = connecting;
  }
}
