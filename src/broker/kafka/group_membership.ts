import { DeliveryError } from "../../runtime/delivery_error.ts";
import { pause } from "../../runtime/retry.ts";
import { deliveryError, isRetriable } from "./failure.ts";
import type { GroupMember, KafkaClient } from "./client.ts";
import { withDeadline } from "./with_deadline.ts";

/** Which group to join, and whom to tell. */
export interface GroupMembershipOptions {
  /** Topic whose partitions are shared. */
  topic: string;
  group: string;
  /** Silence after which the group gives the partitions to others, in milliseconds. */
  sessionTimeoutMs: number;
  /** How often the number of partitions is looked at, in milliseconds. */
  metadataMaxAgeMs: number;
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

const FIRST_WAIT_MS = 100;
const LAST_WAIT_MS = 5000;
const CLOSE_DEADLINE_MS = 5000;
const COMMIT_DEADLINE_MS = 10_000;
/** Silence of the coordinator after which a member that says it runs is made anew. */
const SILENCE_MS = 60_000;

/**
 * A member of a consumer group: the client joins, sends heartbeats and rejoins; a member that cannot go on is replaced.
 *
 * The client's member fetches nothing: {@link ReadAhead} does.
 */
export class GroupMembership {
  readonly #client: KafkaClient;
  readonly #options: GroupMembershipOptions;
  #member: GroupMember | undefined;
  #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #isJoined = false;
  #heardAt = 0;

  /** Does nothing before {@link start}. */
  constructor(client: KafkaClient, options: GroupMembershipOptions) {
    this.#client = client;
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
      if (this.#member === undefined || !this.#isJoined) {
        throw new DeliveryError("no member of the group", { retriable: true });
      }
      const committing = this.#member.commit(partition, nextOffset);
      await withDeadline(committing, COMMIT_DEADLINE_MS, "answer to the commit");
    } catch (error) {
      throw deliveryError(
        `commit offset ${nextOffset} of ${topic}/${partition}`,
        `group ${group} must take it`,
        error,
        this.#client.explain,
      );
    }
  }

  async #run(stopping: AbortSignal): Promise<void> {
    const { topic, group, giveUpMs } = this.#options;
    let failingSince: number | undefined;
    let waitMs = FIRST_WAIT_MS;
    while (!stopping.aborted) {
      const startedAt = performance.now();
      const error = await this.#runMember(stopping);
      this.#isJoined = false;
      this.#options.onLost();
      if (stopping.aborted) return;
      if (this.#heardAt > startedAt) {
        failingSince = undefined;
        waitMs = FIRST_WAIT_MS;
      }
      failingSince ??= performance.now();
      const { explain } = this.#client;
      if (!isRetriable(error, explain) || performance.now() - failingSince > giveUpMs) {
        const must = `the coordinator must take it within ${giveUpMs} ms`;
        return this.#options.onFailure(
          deliveryError(`join group ${group} on ${topic}`, must, error, explain),
        );
      }
      await pause(waitMs, stopping);
      waitMs = Math.min(waitMs * 2, LAST_WAIT_MS);
    }
  }

  /** Runs a member until it cannot go on, falls silent or is stopped; returns why it ended. */
  async #runMember(stopping: AbortSignal): Promise<unknown> {
    const { topic, group, sessionTimeoutMs, metadataMaxAgeMs } = this.#options;
    const member: GroupMember = this.#client.createMember({
      topic,
      group,
      sessionTimeoutMs,
      metadataMaxAgeMs,
      rebalanceTimeoutMs: Math.max(sessionTimeoutMs, 10_000),
      heartbeatIntervalMs: Math.min(3000, Math.ceil(sessionTimeoutMs / 10)),
      onRebalancing: () => {
        if (this.#member === member) this.#isJoined = false;
      },
      onHeard: () => {
        if (this.#member === member) this.#hear();
      },
      onJoined: (partitions, isContinuous) => {
        if (this.#member !== member || stopping.aborted) return;
        this.#isJoined = true;
        this.#options.onAssigned(partitions.toSorted((a, b) => a - b), isContinuous);
        this.#hear();
      },
    });
    try {
      this.#member = member;
      const running = member.run(stopping);
      running.catch(() => {}); // where silence comes first, the member is made anew
      return await Promise.race([running, this.#silence(stopping)]);
    } catch (error) {
      return error;
    } finally {
      this.#member = undefined;
      // It leaves the group; where the coordinator is away the session time-out does.
      await withDeadline(member.leave(), CLOSE_DEADLINE_MS, "end of the connection").catch(() => {});
    }
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
      await pause(1000, stopping);
    }
    return new DeliveryError(`the coordinator has been silent for ${limitMs} ms`, { retriable: true });
  }
}
