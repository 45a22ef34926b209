import type { Assigner, Consumer, Kafka } from "kafkajs";
import kafkajs from "kafkajs";
import { DeliveryError } from "../../delivery_error.ts";
import { deliveryError, isRetriable } from "./kafka_client.ts";
import { withDeadline } from "./with_deadline.ts";

/** Which group to join, and whom to tell. */
export interface GroupMembershipOptions {
  /** Topic whose partitions are shared. */
  topic: string;
  /** Id of the group. */
  group: string;
  /** Silence after which the group gives the partitions to others, in milliseconds. */
  sessionTimeoutMs: number;
  /** How long joining may fail before it is given up, in milliseconds. */
  giveUpMs: number;
  /**
   * These partitions are this member's from now on.
   *
   * `isContinuous` says that nobody else can have had those that it held before.
   */
  onAssigned(partitions: number[], isContinuous: boolean): void;
  /** The member holds nothing any more. */
  onLost(): void;
  /** A sign of life of the coordinator came. */
  onChange(): void;
  /** The group cannot be joined. */
  onFailure(error: unknown): void;
}

const TICK_MS = 100;
const CLOSE_DEADLINE_MS = 5000;
const COMMIT_DEADLINE_MS = 10_000;
const LAST_WAIT_MS = 5000;
/** Silence of the coordinator after which a member that says it runs is made anew. */
const SILENCE_MS = 60_000;
const METADATA_MAX_AGE_MS = 60_000;

/**
 * A member of a consumer group: kafkajs joins, sends heartbeats and rejoins; a crashed consumer is replaced.
 *
 * The consumer is kept paused, so it fetches nothing: {@link ReadAhead} does.
 */
export class GroupMembership {
  readonly #kafka: Kafka;
  readonly #options: GroupMembershipOptions;
  #consumer: Consumer | undefined;
  #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #memberId = "";
  /** Joins begun since the last one that was completed. */
  #joins = 0;
  #isJoined = false;
  #heardAt = 0;

  /** Does nothing before {@link start}. */
  constructor(kafka: Kafka, options: GroupMembershipOptions) {
    this.#kafka = kafka;
    this.#options = options;
  }

  /** Whether the member holds its partitions now, as far as it can know: not while the group is rebalancing. */
  get isSettled(): boolean {
    return this.#isJoined && performance.now() - this.#heardAt < this.#options.sessionTimeoutMs;
  }

  /** Joins the group, in the background. */
  start(): void {
    const { signal } = this.#stopping = new AbortController();
    this.#running = (this.#running ?? Promise.resolve()).then(() => this.#run(signal));
  }

  /** Leaves the group. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Commits an offset in the group. */
  async commit(partition: number, nextOffset: number): Promise<void> {
    const { topic, group } = this.#options;
    try {
      if (this.#consumer === undefined) {
        throw new DeliveryError("no member of the group", { retriable: true });
      }
      const offsets = [{ topic, partition, offset: String(nextOffset) }];
      await withDeadline(this.#consumer.commitOffsets(offsets), COMMIT_DEADLINE_MS, "answer to the commit");
    } catch (error) {
      throw deliveryError(
        `commit offset ${nextOffset} of ${topic}/${partition}`,
        `group ${group} must take it`,
        error,
      );
    }
  }

  async #run(stopping: AbortSignal): Promise<void> {
    const { topic, group, giveUpMs } = this.#options;
    let failingSince: number | undefined;
    let waitMs = TICK_MS;
    while (!stopping.aborted) {
      const startedAt = performance.now();
      const error = await this.#runConsumer(stopping);
      this.#isJoined = false;
      this.#options.onLost();
      if (stopping.aborted) return;
      if (this.#heardAt > startedAt) {
        failingSince = undefined;
        waitMs = TICK_MS;
      }
      failingSince ??= performance.now();
      if (!isRetriable(error) || performance.now() - failingSince > giveUpMs) {
        const must = `the coordinator must take it within ${giveUpMs} ms`;
        return this.#options.onFailure(deliveryError(`join group ${group} on ${topic}`, must, error));
      }
      await sleep(waitMs, stopping);
      waitMs = Math.min(waitMs * 2, LAST_WAIT_MS);
    }
  }

  /** Runs a consumer until it crashes, falls silent or is stopped; returns why it ended. */
  async #runConsumer(stopping: AbortSignal): Promise<unknown> {
    const { topic } = this.#options;
    const consumer = this.#createConsumer();
    const crashed = new Promise<unknown>((resolve) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => resolve(payload.error));
    });
    const running = async () => {
      await consumer.connect();
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      if (stopping.aborted) return;
      this.#consumer = consumer;
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        eachBatch: () => Promise.resolve(), // never: the topic is paused
      });
      return await Promise.race([crashed, this.#silence(stopping)]);
    };
    try {
      return await running();
    } catch (error) {
      return error;
    } finally {
      this.#consumer = undefined;
      // It leaves the group; where the coordinator is away the session time-out does.
      await withDeadline(consumer.disconnect(), CLOSE_DEADLINE_MS, "end of the connection").catch(() => {});
    }
  }

  #createConsumer(): Consumer {
    const { topic, group, sessionTimeoutMs } = this.#options;
    const consumer = this.#kafka.consumer({
      groupId: group,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: Math.max(sessionTimeoutMs, 10_000),
      heartbeatInterval: Math.min(3000, Math.ceil(sessionTimeoutMs / 10)),
      maxWaitTimeInMs: TICK_MS,
      metadataMaxAge: METADATA_MAX_AGE_MS,
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
    consumer.on(REBALANCING, () => void (this.#isJoined = false));
    consumer.on(HEARTBEAT, () => this.#hear());
    consumer.on(GROUP_JOIN, ({ payload: { memberId, memberAssignment } }) => {
      // Before its first fetch: kafkajs calls listeners at once.
      consumer.pause([{ topic }]);
      const isContinuous = this.#joins === 1 && memberId === this.#memberId;
      this.#joins = 0;
      this.#memberId = memberId;
      this.#isJoined = true;
      this.#options.onAssigned(
        (memberAssignment[topic] ?? []).map(Number).sort((a, b) => a - b),
        isContinuous,
      );
      this.#hear();
    });
    return consumer;
  }

  /** An assigner is asked for its protocol once in each join, also in those that come to nothing. */
  #countJoins(assigner: Assigner): Assigner {
    return {
      ...assigner,
      protocol: (topics) => {
        this.#joins++;
        return assigner.protocol(topics);
      },
    };
  }

  #hear() {
    this.#heardAt = performance.now();
    this.#options.onChange();
  }

  /** Resolves when the coordinator has been silent for too long, or on stop. */
  async #silence(stopping: AbortSignal): Promise<unknown> {
    const since = performance.now();
    const limitMs = Math.max(SILENCE_MS, 3 * this.#options.sessionTimeoutMs);
    while (!stopping.aborted && performance.now() - Math.max(since, this.#heardAt) < limitMs) {
      await sleep(1000, stopping);
    }
    return new DeliveryError(`the coordinator has been silent for ${limitMs} ms`, { retriable: true });
  }
}

function sleep(ms: number, stopping: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stopping.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    stopping.addEventListener("abort", done);
    if (stopping.aborted) done();
  });
}
