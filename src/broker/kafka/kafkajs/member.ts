import type { Assigner, Consumer, Kafka } from "kafkajs";
import kafkajs from "kafkajs";
import type { GroupMember, GroupMemberOptions } from "../client.ts";

/** kafkajs's pause between attempts to fetch, of which a heartbeat follows each; it fetches nothing, as all is paused. */
const FETCH_WAIT_MS = 200;

/**
 * kafkajs's consumer as a member of a group; it is kept paused, so it fetches nothing.
 *
 * kafkajs sends a heartbeat when `Date.now()` is an interval past the last one. After the clock is set back it would send
 * none for a while, and the group would give the partitions away. So the interval is -Infinity, and the pause between
 * fetches, which is a timer, sets the pace.
 */
export class KafkajsMember implements GroupMember {
  readonly #options: GroupMemberOptions;
  readonly #consumer: Consumer;
  #memberId = "";
  /** Joins begun since the last one that was completed. */
  #joins = 0;

  constructor(kafka: Kafka, options: GroupMemberOptions) {
    this.#options = options;
    const { topic } = options;
    const consumer = this.#consumer = kafka.consumer({
      groupId: options.group,
      sessionTimeout: options.sessionTimeoutMs,
      rebalanceTimeout: options.rebalanceTimeoutMs,
      heartbeatInterval: -Infinity,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      metadataMaxAge: options.metadataMaxAgeMs,
      allowAutoTopicCreation: false,
      partitionAssigners: [(context) => this.#countJoins(kafkajs.PartitionAssigners.roundRobin(context))],
      retry: {
        retries: 9, // enough to outlive a short outage as the same member; then the consumer is replaced
        initialRetryTime: 100,
        maxRetryTime: 1000,
        restartOnFailure: () => Promise.resolve(false),
      },
    });
    const { GROUP_JOIN, HEARTBEAT, REBALANCING } = consumer.events;
    consumer.on(REBALANCING, () => options.onRebalancing());
    consumer.on(HEARTBEAT, () => options.onHeard());
    consumer.on(GROUP_JOIN, ({ payload: { memberId, memberAssignment } }) => {
      // Before its first fetch: kafkajs calls listeners at once.
      consumer.pause([{ topic }]);
      const isContinuous = this.#joins === 1 && memberId === this.#memberId;
      this.#joins = 0;
      this.#memberId = memberId;
      options.onJoined((memberAssignment[topic] ?? []).map(Number), isContinuous);
    });
  }

  async run(stopping: AbortSignal): Promise<unknown> {
    const consumer = this.#consumer;
    const crashed = new Promise<unknown>((resolve) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload.error));
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [this.#options.topic], fromBeginning: true });
    if (stopping.aborted) return;
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: () => Promise.resolve(), // never: the topic is paused
    });
    return await crashed;
  }

  commit(partition: number, nextOffset: number): Promise<void> {
    const { topic } = this.#options;
    return this.#consumer.commitOffsets([{ topic, partition, offset: String(nextOffset) }]);
  }

  leave(): Promise<void> {
    return this.#consumer.disconnect();
  }

  /** An assigner is asked for its protocol once in each join, failed ones included. */
  #countJoins(assigner: Assigner): Assigner {
    return {
      ...assigner,
      protocol: (topics) => {
        this.#joins++;
        return assigner.protocol(topics);
      },
    };
  }
}
