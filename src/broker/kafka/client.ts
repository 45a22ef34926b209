/**
 * The port to a package that speaks Kafka's protocol; each package has an adapter.
 *
 * A client connects, logs in, asks, joins groups and sends. The broker does the rest once for all clients, since a package
 * would make an object of each record, stop after a few failures, or lose and double records when a leader moves:
 * reading record batches, reading ahead, producing, and recovering from an outage.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import type { Failure } from "./failure.ts";
import type { FetchedPartition, FetchRequest } from "./wire/fetch_protocol.ts";

/** A request in Kafka's own bytes, and how its answer is read. */
export interface WireRequest<T> {
  apiKey: number;
  apiVersion: number;
  /** For people. */
  apiName: string;
  /** Without the header. */
  body: Buffer;
  timeoutMs: number;
  /** Reads the answer behind its header. */
  decode(payload: Buffer): T;
}

/** Connections to the leaders of one topic. */
export interface TopicConnection {
  /** The node that leads each partition, -1 while there is none; may be cached. */
  leaders(): Promise<Map<number, number>>;
  /** Asks anew which nodes there are and what they lead. */
  refresh(): Promise<void>;
  /** Fetches from a node, without decoding; errors of single partitions are in the answer. */
  fetch(nodeId: number, wanted: FetchRequest): Promise<FetchedPartition[]>;
  /** The first kept offset, or the offset after the last record that may be read, of each of these partitions. */
  offsets(edge: "start" | "end", partitions: readonly number[]): Promise<Map<number, number>>;
  /** Sends a request to a node and reads its answer. */
  send<T>(nodeId: number, request: WireRequest<T>): Promise<T>;
  close(): Promise<void>;
}

/** How a member takes part in its group; all times in milliseconds. */
export interface GroupMemberOptions extends GroupOptions {
  /** How long the members may take to join anew. */
  rebalanceTimeoutMs: number;
  heartbeatIntervalMs: number;
  /** How often to look for new partitions. */
  metadataMaxAgeMs: number;
  /** The group is rebalancing: until the next `onJoined` the partitions may be another's. */
  onRebalancing(): void;
  /** These partitions are this member's now; `isContinuous`: nobody else can have had those that it held before. */
  onJoined(partitions: number[], isContinuous: boolean): void;
  /** The coordinator took a heartbeat. */
  onHeard(): void;
}

/** Which group to join. */
export interface GroupOptions {
  /** Topic whose partitions are shared. */
  topic: string;
  group: string;
  /** Silence after which the group gives the partitions to others, in milliseconds. */
  sessionTimeoutMs: number;
}

/** A member of a group, from joining to leaving; it joins anew by itself as the group changes. */
export interface GroupMember {
  /** Joins; settles when the member cannot go on, with the reason, or when it was stopped. */
  run(stopping: AbortSignal): Promise<unknown>;
  commit(partition: number, nextOffset: number): Promise<void>;
  /** Leaves the group and ends the connections. */
  leave(): Promise<void>;
}

/** A topic as the cluster knows it. */
export interface KnownTopic {
  /** Another one after the topic was deleted and made anew; undefined if there is no topic, or from Kafka before 2.8. */
  id: string | undefined;
  /** The node that leads each partition, -1 while there is none; empty if the topic is absent. */
  leaders: number[];
}

/** A package that speaks Kafka's protocol, set up for one cluster. */
export interface KafkaClient {
  clusterId(): Promise<string>;
  /** Makes a topic with the cluster's default number of replicas, unless it exists. */
  createTopic(topic: string, partitions: number): Promise<void>;
  /** Looks at a topic; not cached. */
  topic(name: string): Promise<KnownTopic>;
  /** Makes connections of their own for one topic. */
  connect(topic: string): Promise<TopicConnection>;
  /** Makes a member of a group; it joins when it is run. */
  createMember(options: GroupMemberOptions): GroupMember;
  /** Explains an error that one of these methods threw. */
  explain(error: unknown): Failure;
  /** Ends the client's own connections; those of `connect` and members are closed separately. */
  close(): Promise<void>;
}
