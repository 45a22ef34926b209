/**
 * One way into npm:kafkajs 2.2.4 for the files of this adapter: its client, its cluster, its errors.
 *
 * The version is pinned: the cluster that kafkajs hands to partition assigners is used to fetch, which its public
 * interface does only inside a group.
 *
 * @module
 */
import process from "node:process";
import { Buffer } from "node:buffer";
import kafkajs from "kafkajs";
import type { KafkaConfig } from "kafkajs";
import { DeliveryError } from "../../delivery_error.ts";
import { compress, compressionNames, decompress } from "./codecs.ts";
import type { KafkaAddress } from "./kafka_url.ts";

/** kafkajs's client: what producers, consumers and admins are made of. */
export type KafkaClient = InstanceType<typeof kafkajs.Kafka>;

/** What kafkajs knows of a partition. */
export interface PartitionMetadata {
  /** Number of the partition. */
  partitionId: number;
  /** Node that takes its requests, or -1. */
  leader: number;
}

/** One node of kafkajs's cluster, as far as it is used here. */
export interface KafkaNode {
  /** Versions of each request that the node takes, by API key. */
  versions: Record<number, { minVersion: number; maxVersion: number }>;
  /** Its connections: each call goes over one that fits. */
  connectionPool: {
    send<T>(call: {
      request: {
        apiKey: number;
        apiVersion: number;
        apiName: string;
        encode(): Promise<{ buf: Buffer; buffer: Buffer }>;
      };
      response: { decode(payload: Buffer): Promise<T>; parse(decoded: T): Promise<T> };
      requestTimeout: number;
    }): Promise<T>;
  };
}

/** kafkajs's cluster, as far as it is used here. */
export interface KafkaCluster {
  /** Connects to the first broker that answers. */
  connect(): Promise<void>;
  /** Ends all connections, after what is under way. */
  disconnect(): Promise<void>;
  /** Asks anew which nodes there are and what they lead. */
  refreshMetadata(): Promise<void>;
  /** Does so where what is known is old. */
  refreshMetadataIfNecessary(): Promise<void>;
  /** Has the topic among those that are asked about. */
  addTargetTopic(topic: string): Promise<void>;
  /** The partitions as they were last known; empty for an unknown topic. */
  findTopicPartitionMetadata(topic: string): PartitionMetadata[];
  /** A node, connected. */
  findBroker(node: { nodeId: number }): Promise<KafkaNode>;
  /** First offsets, or the offsets after the last committed record. */
  fetchTopicsOffset(
    topics: { topic: string; partitions: { partition: number }[]; fromBeginning: boolean }[],
  ): Promise<{ topic: string; partitions: { partition: number; offset: string }[] }[]>;
}

/** Bounds in time, in milliseconds, and in tries. */
const CONNECTION_TIMEOUT_MS = 5000;
const REQUEST_TIMEOUT_MS = 15_000;
const RETRY = { retries: 4, initialRetryTime: 100, maxRetryTime: 1000, multiplier: 2 };

/** Errors that no retry mends. */
const FINAL_NAMES = new Set([
  "KafkaJSSASLAuthenticationError",
  "KafkaJSServerDoesNotSupportApiKey",
  "KafkaJSNotImplemented",
  "RangeError",
]);
const FINAL_TYPES =
  /AUTHORIZATION_FAILED|^INVALID_(?!PRODUCER_EPOCH)|^UNSUPPORTED_|MESSAGE_TOO_LARGE|RECORD_LIST_TOO_LARGE|^POLICY_VIOLATION|SASL_AUTHENTICATION/;

/**
 * Makes kafkajs's client; nothing connects yet.
 *
 * It is silent: what goes wrong is thrown. The first call drops Node's `TimeoutNegativeWarning`, which kafkajs causes
 * and which means nothing (tulios/kafkajs#1751), and teaches kafkajs the codecs.
 *
 * @throws Error where the authority's file cannot be read.
 */
export async function createKafkaClient(address: KafkaAddress): Promise<KafkaClient> {
  dropTimeoutNegativeWarning();
  registerCodecs();
  return new kafkajs.Kafka({
    brokers: address.brokers,
    clientId: address.clientId,
    connectionTimeout: CONNECTION_TIMEOUT_MS,
    authenticationTimeout: CONNECTION_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    retry: RETRY,
    logLevel: kafkajs.logLevel.NOTHING,
    ssl: address.tls ? { ca: await readAuthority(address.caFile) } : false,
    // kafkajs keeps its authenticator on this object: each client has its own.
    ...(address.sasl === undefined ? {} : { sasl: { ...address.sasl } as KafkaConfig["sasl"] }),
  });
}

/**
 * A cluster of kafkajs that is in no group; the caller connects and disconnects it.
 *
 * kafkajs hands its cluster to the assigners of a consumer; the consumer itself is never run.
 */
export function createCluster(kafka: KafkaClient): KafkaCluster {
  let cluster: KafkaCluster | undefined;
  kafka.consumer({
    groupId: "none",
    allowAutoTopicCreation: false,
    partitionAssigners: [(context) => {
      cluster = context.cluster as unknown as KafkaCluster;
      return kafkajs.PartitionAssigners.roundRobin(context);
    }],
  });
  if (cluster === undefined) {
    throw new Error(
      "Cannot reach Kafka as kafkajs must hand its cluster to assigners: it did not (2.2.4 does)",
    );
  }
  return cluster;
}

/** Whether the same call may succeed later: connections, elections and time-outs yes; refusals and broken bytes no. */
export function isRetriable(error: unknown): boolean {
  for (let at = error as KafkaFailure | undefined, depth = 0; at && depth < 8; at = at.cause, depth++) {
    if (at instanceof DeliveryError) return at.retriable;
    if (FINAL_NAMES.has(at.name ?? "") || FINAL_TYPES.test(at.type ?? "")) return false;
  }
  return true;
}

/** Wraps what kafkajs threw; `action` reads like "produce to transactions". */
export function deliveryError(action: string, must: string, cause: unknown): DeliveryError {
  const { message, type } = cause as KafkaFailure;
  return new DeliveryError(
    `Cannot ${action} as ${must}: current value is ${type === undefined ? "" : `${type}, `}${message}`,
    { cause, retriable: isRetriable(cause) },
  );
}

/** An error of kafkajs: `type` is Kafka's own name of it. */
interface KafkaFailure extends Error {
  type?: string;
  cause?: KafkaFailure;
}

async function readAuthority(caFile: string | undefined): Promise<string[] | undefined> {
  if (caFile === undefined) return undefined;
  try {
    return [await Deno.readTextFile(caFile)];
  } catch (cause) {
    throw new Error(
      `Cannot trust the authority of ca as ${caFile} must be a readable PEM file: current value is "${
        (cause as Error).message
      }"`,
      { cause },
    );
  }
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

/** kafkajs has gzip alone; the others would stop its consumers and producers. */
function registerCodecs() {
  compressionNames.forEach((_, codec) => {
    if (codec < 2) return;
    kafkajs.CompressionCodecs[codec as 2 | 3 | 4] = () => ({
      compress: ({ buffer }: { buffer: Buffer }) => Promise.resolve(Buffer.from(compress(codec, buffer))),
      decompress: (bytes: Buffer) => Promise.resolve(Buffer.from(decompress(codec, bytes))),
    });
  });
}
