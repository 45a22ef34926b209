/**
 * What the Kafka broker needs of a package that speaks Kafka's protocol; each package has an adapter to it.
 *
 * A client connects, logs in, asks, joins groups and sends. What it does not do, since it would make an object of each
 * record or stop for good after a few failures, is done here once for all clients: reading record batches, reading ahead,
 * splitting what is produced, and going on after an outage.
 *
 * @module
 */
import type { ProducedRecord } from "../broker.ts";
import type { Compression } from "./wire/codecs.ts";
import type { Failure } from "./failure.ts";
import type { FetchedPartition, FetchRequest } from "./wire/fetch_protocol.ts";

/** Connections to the leaders of one topic. */
export interface TopicConnection {
  /** The node that leads each partition, by number of partition, -1 while there is none; asked anew where that is old. */
  leaders(): Promise<Map<number, number>>;
  /** Asks anew which nodes there are and what they lead. */
  refresh(): Promise<void>;
  /** Fetches from a node, without decoding; errors of single partitions are in the answer. */
  fetch(nodeId: number, wanted: FetchRequest): Promise<FetchedPartition[]>;
  /** The first kept offset, or the offset after the last record that may be read, of each of these partitions. */
  offsets(edge: "start" | "end", partitions: readonly number[]): Promise<Map<number, number>>;
  /** Ends the connections. */
  close(): Promise<void>;
}

/** How a member takes part in its group, and whom it tells. */
export interface GroupMemberOptions {
  /** Topic whose partitions are shared. */
  topic: string;
  group: string;
  /** Silence after which the group gives the partitions to others, in milliseconds. */
  sessionTimeoutMs: number;
  /** How long the members may take to join anew, in milliseconds. */
  rebalanceTimeoutMs: number;
  /** Time from one sign of life to the next, in milliseconds. */
  heartbeatIntervalMs: number;
  /** How often the number of partitions is looked at, in milliseconds. */
  metadataMaxAgeMs: number;
  /** The group is sharing out anew: until the next `onJoined` the partitions may be another's. */
  onRebalancing(): void;
  /**
   * These partitions are this member's from now on.
   *
   * `isContinuous` says that nobody else can have had those that it held before.
   */
  onJoined(partitions: number[], isContinuous: boolean): void;
  /** The coordinator took a sign of life. */
  onHeard(): void;
}

/** A member of a group, from joining to leaving; it joins anew by itself as the group changes. */
export interface GroupMember {
  /** Joins; settles when the member cannot go on, with the reason, or when it was stopped. */
  run(stopping: AbortSignal): Promise<unknown>;
  /** Commits an offset in the group. */
  commit(partition: number, nextOffset: number): Promise<void>;
  /** Leaves the group and ends the connections. */
  leave(): Promise<void>;
}

/** A producer whose records are kept once, also when an answer is lost. */
export interface ProducerConnection {
  /** A record as the client takes it, made once however often it is sent. */
  messageOf(record: ProducedRecord, topic: string, partition: number): unknown;
  /**
   * Resolves when all replicas in sync have the messages; tries until the deadline, a time of `performance.now()`.
   *
   * @param messages Of {@link messageOf}: at most one batch of bounded size for each partition, in order.
   * @throws What the client threw last; what was kept is open then, and sequence numbers start anew.
   */
  send(topic: string, messages: readonly unknown[], deadline: number): Promise<void>;
  /** Ends the connections. */
  close(): Promise<void>;
}

/** A package that speaks Kafka's protocol, set up for one cluster. */
export interface KafkaClient {
  /** Id of the cluster. */
  clusterId(): Promise<string>;
  /** Asks for a topic with as many replicas as the cluster's default; one that is there already is no error. */
  createTopic(topic: string, partitions: number): Promise<void>;
  /** The node that leads each partition, -1 while there is none; empty where the topic is absent. Never from memory. */
  leaders(topic: string): Promise<number[]>;
  /** Makes connections of their own for one topic. */
  connect(topic: string): Promise<TopicConnection>;
  /** Makes a member of a group; it joins when it is run. */
  createMember(options: GroupMemberOptions): GroupMember;
  /** Makes a producer; it connects when first used. */
  createProducer(compression: Compression): ProducerConnection;
  /** What an error that one of these threw means. */
  explain(error: unknown): Failure;
  /** Ends the client's own connections; those that it made for others end by themselves. */
  close(): Promise<void>;
}
