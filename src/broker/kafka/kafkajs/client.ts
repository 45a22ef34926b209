import type { Socket } from "node:net";
import process from "node:process";
import kafkajs from "kafkajs";
import type { Admin, Kafka, KafkaConfig } from "kafkajs";
import { type Failure, isFinalType } from "../failure.ts";
import type { GroupMember, GroupMemberOptions, KafkaClient, KnownTopic, TopicConnection } from "../client.ts";
import { type KafkaAddress, readAuthority } from "../url.ts";
import { KafkajsConnection, KafkajsLookup } from "./connection.ts";
import { FrameSocket, LargeAnswers } from "./frame_socket.ts";
import { KafkajsMember } from "./member.ts";

/** Errors that no retry helps. */
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
  #connected: Promise<Connected> | undefined;

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
    return (await this.#ask(({ admin }) => admin.describeCluster())).clusterId;
  }

  async createTopic(topic: string, numPartitions: number): Promise<void> {
    const topics = [{ topic, numPartitions, replicationFactor: -1 }];
    await this.#ask(({ admin }) => admin.createTopics({ topics, waitForLeaders: false }));
  }

  topic(topic: string): Promise<KnownTopic> {
    return this.#ask(async ({ admin, lookup }) => {
      const known = await lookup.topic(topic);
      if (known !== undefined) return known;
      try {
        const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
        const found = topics.find(({ name }) => name === topic);
        return { id: undefined, leaders: found?.partitions.map(({ leader }) => leader) ?? [] };
      } catch (error) {
        if ((error as KafkajsError).type === "UNKNOWN_TOPIC_OR_PARTITION") {
          return { id: undefined, leaders: [] };
        }
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
    const connected = this.#connected;
    this.#connected = undefined;
    await disconnect(await connected);
  }

  /** Asks once more over a new connection if the first one fails. */
  async #ask<T>(question: (connected: Connected) => Promise<T>): Promise<T> {
    const isFresh = this.#connected === undefined;
    try {
      return await question(await this.#connect());
    } catch (error) {
      // Kafka itself answered, or no other connection would do better.
      const isAnswered = (error as KafkajsError).type !== undefined;
      if (isFresh || isAnswered || this.explain(error).isFinal) throw error;
      this.#connected?.then(disconnect).catch(() => {}); // it is broken
      this.#connected = undefined;
      return await question(await this.#connect());
    }
  }

  #connect(): Promise<Connected> {
    if (this.#connected !== undefined) return this.#connected;
    const connected: Connected = { admin: this.#kafka.admin(), lookup: new KafkajsLookup(this.#kafka) };
    const connecting = Promise.all([connected.admin.connect(), connected.lookup.connect()])
      .then(() => connected);
    connecting.catch(() => {
      if (this.#connected === connecting) this.#connected = undefined;
      disconnect(connected).catch(() => {});
    });
    return this.#connected = connecting;
  }
}

/** Connections for questions: kafkajs's own, and one below its public interface for what it does not ask. */
interface Connected {
  admin: Admin;
  lookup: KafkajsLookup;
}

async function disconnect(connected: Connected | undefined): Promise<void> {
  await Promise.all([connected?.admin.disconnect(), connected?.lookup.disconnect()]);
}

const CONNECTION_TIMEOUT_MS = 5000;
const REQUEST_TIMEOUT_MS = 15_000;
const RETRY = { retries: 4, initialRetryTime: 100, maxRetryTime: 1000, multiplier: 2 };

/**
 * Makes kafkajs's client; nothing connects yet.
 *
 * It is silent: what goes wrong is thrown. The first call drops Node's `TimeoutNegativeWarning`, which kafkajs causes
 * and which means nothing (tulios/kafkajs#1751).
 */
async function createKafka(address: KafkaAddress, answers: LargeAnswers): Promise<Kafka> {
  dropTimeoutNegativeWarning();
  const tls = address.tls ? { authorities: await readAuthority(address) } : undefined;
  // The one that failed last comes last: each connection of kafkajs's begins with the first, and would wait for it anew.
  let order = address.brokers;
  const moveBack = (failed: string) => order = [...order.filter((each) => each !== failed), failed];
  return new kafkajs.Kafka({
    brokers: () => order.slice(0, 1),
    clientId: address.clientId,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    authenticationTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: RETRY,
    logLevel: kafkajs.logLevel.NOTHING,
    socketFactory({ host, port, onConnect }) {
      const socket = new FrameSocket({ host, port, tls, onConnect }, answers);
      const address = `${host}:${port}`;
      socket.on("error", () => order.includes(address) && moveBack(address));
      return socket as unknown as Socket;
    },
    ssl: address.tls,
    // kafkajs keeps its authenticator on this object: each client has its own.
    ...(address.sasl === undefined ? {} : { sasl: { ...address.sasl } as KafkaConfig["sasl"] }),
  });
}

let isDropping = false;

function dropTimeoutNegativeWarning() {
  if (isDropping) return;
  isDropping = true;
  const emit = process.emit as (this: unknown, name: string, ...rest: unknown[]) => boolean;
  process.emit = ((name: string, ...rest: unknown[]) => {
    const isDropped = name === "warning" && (rest[0] as Error | undefined)?.name === "TimeoutNegativeWarning";
    return isDropped ? false : emit.call(process, name, ...rest);
  }) as typeof process.emit;
}
