import { type BaseOptions, Consumer, type ConsumerGroupJoinPayload } from "@platformatic/kafka";
import { pause } from "../../../runtime/retry.ts";
import type { GroupMember, GroupMemberOptions } from "../client.ts";
import { withListeners } from "./with_listeners.ts";

/** kafkajs's name of its assignor, so that members of both clients may be in one group. */
const PROTOCOL = { name: "RoundRobinAssigner", version: 0 };
/** Enough to outlive a short outage as the same member; then the member is made anew. */
const RETRIES = 9;
/** How long an answer may take beyond the time that the group may take to join. */
const REQUEST_TIMEOUT_MS = 15_000;

/** The package's consumer as a member of a group; nothing is consumed, so it fetches nothing. */
export class PlatformaticMember implements GroupMember {
  readonly #options: GroupMemberOptions;
  readonly #consumer: Consumer;
  #memberId = "";
  #generation = -1;
  #isLeader = false;
  /** How many partitions were assigned, as far as the leader knows. */
  #partitions = 0;
  readonly #failed = Promise.withResolvers<unknown>();

  constructor(base: BaseOptions, options: GroupMemberOptions) {
    this.#options = options;
    const consumer = this.#consumer = withListeners(
      new Consumer({
        ...base,
        groupId: options.group,
        sessionTimeout: options.sessionTimeoutMs,
        rebalanceTimeout: options.rebalanceTimeoutMs,
        heartbeatInterval: options.heartbeatIntervalMs,
        protocols: [PROTOCOL],
        retries: RETRIES,
        requestTimeout: options.rebalanceTimeoutMs + REQUEST_TIMEOUT_MS,
      }),
    );
    consumer.topics.track(options.topic);
    consumer.on("consumer:group:rebalance", () => options.onRebalancing());
    consumer.on("consumer:heartbeat:end", () => options.onHeard());
    consumer.on("consumer:group:join", (joined) => this.#join(joined));
    // It does not join anew by itself after this.
    consumer.on("error", (error) => this.#failed.resolve(error));
  }

  async run(stopping: AbortSignal): Promise<unknown> {
    await this.#consumer.joinGroup({});
    return await Promise.race([this.#failed.promise, this.#followPartitions(stopping)]);
  }

  async commit(partition: number, nextOffset: number): Promise<void> {
    const { topic } = this.#options;
    const offsets = [{ topic, partition, offset: BigInt(nextOffset), leaderEpoch: -1 }];
    await this.#consumer.commit({ offsets });
  }

  async leave(): Promise<void> {
    await this.#consumer.close(true);
  }

  #join({ memberId, generationId = -1, isLeader = false, assignments }: ConsumerGroupJoinPayload) {
    // Between consecutive generations nobody else can have held the partitions.
    const isContinuous = memberId === this.#memberId && generationId === this.#generation + 1;
    this.#memberId = memberId ?? "";
    this.#generation = generationId;
    this.#isLeader = isLeader;
    this.#partitions = this.#countPartitions();
    const own = assignments?.find(({ topic }) => topic === this.#options.topic);
    this.#options.onJoined(own?.partitions ?? [], isContinuous);
  }

  /** The leader looks for new partitions and joins anew if there are any, so that the group shares them. */
  async #followPartitions(stopping: AbortSignal): Promise<unknown> {
    const { topic, metadataMaxAgeMs } = this.#options;
    while (!stopping.aborted) {
      await pause(metadataMaxAgeMs, stopping);
      if (!this.#isLeader || stopping.aborted) continue;
      const shared = this.#partitions;
      // A failure is retried at the next turn; a lasting one shows in the heartbeats.
      await this.#consumer.metadata({ topics: [topic], forceUpdate: true }).catch(() => {});
      if (this.#countPartitions() > shared) await this.#consumer.joinGroup({});
    }
    return undefined;
  }

  #countPartitions(): number {
    return this.#consumer.currentMetadata?.topics.get(this.#options.topic)?.partitionsCount ?? 0;
  }
}
