import { DeliveryError } from "../../runtime/delivery_error.ts";
import { pause } from "../../runtime/retry.ts";
import type { GroupMember, GroupOptions } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { closed, withDeadline } from "./with_deadline.ts";

/** Who listens to a membership. */
export interface MembershipListener {
  /** These partitions are this member's now; `isContinuous`: nobody else can have had those that it held before. */
  onAssigned(partitions: number[], isContinuous: boolean): void;
  /** The member holds nothing any more. */
  onLost(): void;
  /** The coordinator answered. */
  onChange(): void;
  /** The group cannot be joined. */
  onFailure(error: unknown): void;
}

const FIRST_WAIT_MS = 100;
const LAST_WAIT_MS = 5000;
const CLOSE_DEADLINE_MS = 5000;
const COMMIT_DEADLINE_MS = 10_000;
/** Silence of the coordinator after which a member that claims to run is made anew. */
const SILENCE_MS = 60_000;

/**
 * A member of a consumer group: the client joins, sends heartbeats and rejoins; a member that cannot go on is replaced.
 *
 * The client's member fetches nothing: `ReadAhead` does.
 */
export class GroupMembership {
  readonly #cluster: Cluster;
  readonly #options: GroupOptions;
  readonly #listener: MembershipListener;
  #member: GroupMember | undefined;
  #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #isJoined = false;
  #heardAt = 0;

  /** Does nothing before {@link start}. */
  constructor(cluster: Cluster, options: GroupOptions, listener: MembershipListener) {
    this.#cluster = cluster;
    this.#options = options;
    this.#listener = listener;
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

  /** Commits an offset in the group; throws `DeliveryError`. */
  async commit(partition: number, nextOffset: number): Promise<void> {
    const { topic, group } = this.#options;
    try {
      if (this.#member === undefined || !this.#isJoined) {
        throw new DeliveryError("no member of the group", { retriable: true });
      }
      const committing = this.#member.commit(partition, nextOffset);
      await withDeadline(committing, COMMIT_DEADLINE_MS, "answer to the commit");
    } catch (error) {
      const action = `commit offset ${nextOffset} of ${topic}/${partition} for group ${group}`;
      throw this.#cluster.error(action, error);
    }
  }

  async #run(stopping: AbortSignal): Promise<void> {
    const { topic, group } = this.#options;
    let failingSince: number | undefined;
    let waitMs = FIRST_WAIT_MS;
    while (!stopping.aborted) {
      const startedAt = performance.now();
      const error = await this.#runMember(stopping);
      this.#isJoined = false;
      this.#listener.onLost();
      if (stopping.aborted) return;
      if (this.#heardAt > startedAt) {
        failingSince = undefined;
        waitMs = FIRST_WAIT_MS;
      }
      failingSince ??= performance.now();
      const { giveUpMs } = this.#cluster.limits;
      const isLate = performance.now() - failingSince > giveUpMs;
      if (isLate || !this.#cluster.isRetriable(error)) {
        const action = `join group ${group} on ${topic}${isLate ? ` within ${giveUpMs} ms` : ""}`;
        return this.#listener.onFailure(this.#cluster.error(action, error));
      }
      await pause(waitMs, stopping);
      waitMs = Math.min(waitMs * 2, LAST_WAIT_MS);
    }
  }

  /** Runs a member until it cannot go on, falls silent or is stopped; returns why it ended. */
  async #runMember(stopping: AbortSignal): Promise<unknown> {
    const { sessionTimeoutMs } = this.#options;
    const member: GroupMember = this.#cluster.client.createMember({
      ...this.#options,
      metadataMaxAgeMs: this.#cluster.limits.metadataMaxAgeMs,
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
        this.#listener.onAssigned(partitions.toSorted((a, b) => a - b), isContinuous);
        this.#hear();
      },
    });
    try {
      this.#member = member;
      const running = member.run(stopping);
      running.catch(() => {}); // if silence comes first, the member is made anew
      return await Promise.race([running, this.#silence(stopping)]);
    } catch (error) {
      return error;
    } finally {
      this.#member = undefined;
      // It leaves the group; if the coordinator is away, the session timeout does it.
      await closed(member.leave(), CLOSE_DEADLINE_MS);
    }
  }

  #hear() {
    this.#heardAt = performance.now();
    this.#listener.onChange();
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
