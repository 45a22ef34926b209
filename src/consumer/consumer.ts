/** The running consumer: partitions come and go, batches are processed, what is committed is relayed. */
import { setImmediate } from "node:timers/promises";
import { ArrayPool } from "../runtime/array_pool.ts";
import type { Subscription } from "../broker/broker.ts";
import { FencedError, type Outcome } from "../ledger/ledger.ts";
import { type Loss, lostOffsets } from "../ledger/losses.ts";
import { deadLetterTopic } from "../relay/dead_letters.ts";
import { StuckError } from "../relay/stuck_error.ts";
import { FaultGuard } from "../pipeline/fault_guard.ts";
import { Semaphore } from "../runtime/semaphore.ts";
import { pause, retry, type RetryOptions } from "../runtime/retry.ts";
import type { Telemetry } from "../runtime/telemetry.ts";
import { isDrained } from "./drained.ts";
import { GroupOffsets } from "./group_offsets.ts";
import type { ConsumerOptions, ConsumerParts } from "./consumer_options.ts";
import { LabelTopic } from "./label_topic.ts";
import { type Member, settingsOf } from "./member.ts";
import { oneSidedLabels } from "./one_sided_labels.ts";
import { PartitionRelays } from "./partition_relays.ts";
import { OwnedPartition } from "./partition.ts";
import { type ConsumerStatus, StatusKeeper } from "./status.ts";

/** How often a drained member looks whether other members still have work. */
const LOOK_FOR_END_MS = 200;
/** At the end, the longest wait for the broker to take the group's offsets. */
const OFFSETS_WITHIN_MS = 1000;
/** After another member claimed a partition, and the broker did not say so, the time until it is claimed again. */
const RECLAIM_AFTER_MS = 3000;
/** How often it is looked for snapshots that are due without a batch. */
const LOOK_FOR_SNAPSHOTS_MS = 30_000;
/** Bytes of verdicts of cuts in memory at once, over all partitions; a larger cut goes alone. */
const CUT_MEMORY_BYTES = 4 * 2 ** 20;

/** Share of faults among ten thousand records beyond which they are taken for wrongly described. */
const DEFAULT_TOLERATED = 0.5;

/** What ends a run. */
interface Ends {
  /** Aborted by what failed for good, wherever it happened. */
  failing: AbortController;
  /** The caller's signal or a failure. */
  ending: AbortSignal;
  /** Aborted when nothing is left to do. */
  drained: AbortController;
  /** Aborted when the time to end in is over. */
  giveUp: AbortController;
}

/**
 * Consumes the topic until it is empty, the signal aborts, or something fails for good.
 *
 * @throws What failed for good: another stream's ledger, a store that refuses its credentials, an unknown feature.
 */
export async function runConsumer(parts: ConsumerParts, options: ConsumerOptions = {}): Promise<void> {
  const { broker, judge, telemetry } = parts;
  const settings = settingsOf(options);
  const { topic, labelTopic, signal, partitions, maxBatchRecords, sessionTimeoutMs } = settings;
  if (await retry(() => broker.partitions(topic), { signal }) === 0) {
    telemetry.log(
      "info",
      `${broker.name} has no topic ${topic} yet: it is made, and waits for its first record`,
    );
  }
  await retry(() => broker.ensureTopic(topic, { partitions }), { signal });
  await retry(() => broker.ensureTopic(deadLetterTopic(topic)), { signal });
  const guard = await retry(async () => {
    return await FaultGuard.open(topic, options.tolerateFaults ?? DEFAULT_TOLERATED, parts);
  }, { signal });
  const [failing, drained, giveUp] = [new AbortController(), new AbortController(), new AbortController()];
  const ending = AbortSignal.any([failing.signal, ...(signal ? [signal] : [])]);
  await using subscription = await broker.subscribe(topic, settings.group, {
    signal: AbortSignal.any([ending, drained.signal]),
    maxBatchRecords,
    sessionTimeoutMs,
  });
  const retryOf = (what: string) => retryReported(what, telemetry, giveUp.signal);
  await using labels = new LabelTopic({
    broker,
    decoder: judge.decoder,
    labelTopic,
    retry: retryOf(`stream ${broker.name}`),
    onRead: oneSidedLabels(judge.model.manifest, (message) => telemetry.log("warn", message)),
    onLost(partition, firstOffset, nextOffset) {
      const count = telemetry.count("labels_lost", nextOffset - firstOffset);
      telemetry.log(
        "error",
        `${labelTopic}/${partition}: offsets ${firstOffset} to ${
          nextOffset - 1
        } were deleted from the stream before they ` +
          `were read, or replayed; scores do without these labels (${count} offsets so far)`,
      );
    },
    onRefused({ reason, message }) {
      telemetry.count(`labels_refused ${reason}`);
      const refused = telemetry.count("labels_refused");
      telemetry.trouble(
        labelTopic,
        `${refused} records are no labels and are left out, at last: ${message}`,
        true,
      );
    },
  });
  const member: Member = {
    ...parts,
    settings,
    owner: crypto.randomUUID(),
    labels,
    pool: new ArrayPool(),
    cutMemory: new Semaphore(CUT_MEMORY_BYTES),
    retry: retryOf,
  };
  await new Consumer(member, subscription, { failing, ending, drained, giveUp }, guard).run();
}

/** Repeats attempts until the signal aborts, and reports their failures. */
function retryReported(what: string, telemetry: Telemetry, signal: AbortSignal): RetryOptions {
  const who = Symbol(what);
  return {
    signal,
    onRetry: (error) => {
      telemetry.count("retries");
      telemetry.trouble(what, error.message, false, who);
    },
    onRecovered: () => telemetry.recovered(what, who),
    onGivenUp: () => telemetry.recovered(what, who, true),
  };
}

interface Owned {
  partition: OwnedPartition;
  relays: PartitionRelays;
}

/** A partition that is being claimed. */
interface Claiming {
  ending: AbortController;
  /** Absent before its turn. */
  done: Promise<void> | undefined;
  replayed: number;
  /** To replay. */
  records: number;
}

class Consumer {
  readonly #member: Member;
  readonly #subscription: Subscription;
  readonly #ends: Ends;
  readonly #owned = new Map<number, Owned>();
  readonly #claiming = new Map<number, Claiming>();
  /** One after another. */
  #claims: Promise<void> = Promise.resolve();
  readonly #reclaims = new Set<ReturnType<typeof setTimeout>>();
  readonly #status = new StatusKeeper();
  readonly #guard: FaultGuard;
  readonly #groupOffsets: GroupOffsets;
  /** Offsets that are lost, by the ledger, and accepted by nobody. */
  #unaccepted = 0;
  #looking: Promise<void> | undefined;
  #isWaiting = false;

  constructor(member: Member, subscription: Subscription, ends: Ends, guard: FaultGuard) {
    this.#member = member;
    this.#guard = guard;
    this.#subscription = subscription;
    this.#ends = ends;
    this.#groupOffsets = new GroupOffsets(
      subscription,
      (partition, { message }) =>
        member.telemetry.log(
          "debug",
          `the group's offset of partition ${partition} was not told: ${message}`,
        ),
    );
  }

  async run(): Promise<void> {
    const timeUp = () => {
      const done = pause(this.#member.settings.stopWithinMs ?? 10_000, this.#ends.giveUp.signal);
      done.then(() => this.#ends.giveUp.abort());
    };
    if (this.#ends.ending.aborted) timeUp();
    else this.#ends.ending.addEventListener("abort", timeUp, { once: true });
    const { onStatus, statusIntervalMs = 5000 } = this.#member.settings;
    const looking = onStatus && setInterval(() => this.#look(onStatus), statusIntervalMs);
    const { snapshotIntervalMs = Infinity, lookForSnapshotsMs = LOOK_FOR_SNAPSHOTS_MS } =
      this.#member.settings;
    const keeping = setInterval(
      () => this.#keepSnapshots(),
      Math.min(lookForSnapshotsMs, snapshotIntervalMs),
    );
    try {
      await this.#lookAtLosses();
      await this.#follow();
      await this.#finish();
    } finally {
      clearInterval(looking);
      clearInterval(keeping);
      this.#ends.ending.removeEventListener("abort", timeUp);
      this.#ends.giveUp.abort();
      for (const timer of this.#reclaims) clearTimeout(timer);
      this.#groupOffsets.stop();
      const held = [...this.#owned.keys(), ...this.#claiming.keys()];
      await Promise.all(held.map((partition) => this.#release(partition)));
    }
    if (this.#ends.failing.signal.aborted) throw this.#ends.failing.signal.reason;
  }

  async #follow(): Promise<void> {
    for await (const event of this.#subscription) {
      if (event.type === "assigned") {
        for (const partition of event.partitions) await this.#release(partition);
        for (const partition of event.partitions) this.#startClaim(partition);
      } else if (event.type === "revoked") {
        await Promise.all(event.partitions.map((partition) => this.#release(partition)));
      } else if (event.type === "lost") {
        const owned = this.#owned.get(event.partition);
        if (owned === undefined) this.#startClaim(event.partition);
        else await owned.partition.lose(event.nextOffset);
        await this.#loseTaken();
      } else if (event.type === "batch") {
        const owned = this.#owned.get(event.batch.partition);
        if (owned === undefined) this.#startClaim(event.batch.partition);
        else await owned.partition.process(event.batch);
        await this.#loseTaken();
        // Timers and signals get their turn between batches.
        await (this.#member.settings.giveWay ?? setImmediate)();
      } else {
        for (const { partition } of this.#owned.values()) await partition.settle();
        await this.#loseTaken();
        if (this.#member.settings.untilEmpty && await this.#isDone()) return;
      }
    }
  }

  /** Whether no member has anything left to do; if one has, this keeps looking in the background. */
  async #isDone(): Promise<boolean> {
    const drained = (isLookedAt?: (partition: number) => boolean) => {
      const { broker, ledger, listeners, settings } = this.#member;
      const names = listeners.map(({ name }) => name);
      const options = { listeners: names, signal: this.#ends.giveUp.signal, isLookedAt };
      return retry(
        () => isDrained(settings.topic, { broker, ledger }, options),
        this.#member.retry("end of the topic"),
      );
    };
    // What is owned is at its end, and the end of the run relays it.
    if (await drained((partition) => !this.#owned.has(partition))) return true;
    // Another member may be waiting for this one's relays.
    for (const { relays } of this.#owned.values()) relays.flush();
    if (this.#isWaiting) return false;
    this.#isWaiting = true;
    const wait = async () => {
      const ended = AbortSignal.any([this.#ends.ending, this.#ends.giveUp.signal]);
      do await pause(LOOK_FOR_END_MS, ended); while (!ended.aborted && !await drained());
      this.#ends.drained.abort();
    };
    wait().catch((error) => this.#ends.failing.abort(error));
    return false;
  }

  /**
   * Claims a partition and restores its state in the background, one partition after another; nothing of it is handed over
   * meanwhile. The group goes on: heartbeats are sent, other partitions are worked on, and a rebalance ends the replay.
   */
  #startClaim(partition: number) {
    if (this.#claiming.has(partition)) return;
    this.#subscription.pause([partition]);
    const claiming: Claiming = { ending: new AbortController(), done: undefined, replayed: 0, records: 0 };
    this.#claiming.set(partition, claiming);
    this.#claims = this.#claims.then(async () => {
      if (claiming.ending.signal.aborted) return;
      await (claiming.done = this.#claim(partition, claiming));
      if (this.#claiming.get(partition) === claiming) this.#claiming.delete(partition);
    }).catch((error) => {
      const { giveUp, failing } = this.#ends;
      if (!claiming.ending.signal.aborted && !giveUp.signal.aborted) failing.abort(error);
    });
  }

  async #claim(partition: number, claiming: Claiming): Promise<void> {
    const { signal } = claiming.ending;
    const claimed = await OwnedPartition.claim(this.#member, partition, {
      onCommit: (outcome, batchMs) => this.#committed(outcome, batchMs),
      onLost: (loss) => this.#foundLoss(loss),
      onReplay: ({ nextOffset, replayed, records }) => {
        if (replayed === 0 && !signal.aborted) this.#subscription.seek(partition, nextOffset);
        Object.assign(claiming, { replayed, records });
        this.#status.moved();
      },
    }, signal).catch((error) => {
      if (!(error instanceof FencedError)) throw error;
      if (!signal.aborted) this.#reclaimLater(partition);
    });
    if (claimed === undefined || signal.aborted) return;
    this.#subscription.seek(partition, claimed.nextOffset);
    const relays = new PartitionRelays(
      this.#member,
      claimed.place,
      (error) => this.#relayFailed(error),
    );
    this.#owned.set(partition, { partition: claimed, relays });
    this.#member.settings.onOwned?.(partition, claimed);
    this.#subscription.resume([partition]);
  }

  /** Counts and reports a loss; accepts it where the run accepts all of them. */
  async #foundLoss(loss: Loss): Promise<void> {
    const { telemetry } = this.#member;
    const { topic, partition, firstOffset, nextOffset } = loss;
    const count = lostOffsets([loss]);
    telemetry.count("records_lost", count);
    telemetry.log(
      "error",
      `${topic}/${partition}: ${count} offsets, ${firstOffset} to ${
        nextOffset - 1
      }, were deleted from the stream ` +
        "before they were read; they are lost. Keep records longer, or consume faster",
    );
    await this.#lookAtLosses();
  }

  /** Accepts what nobody has accepted, where the run does so, and counts what is left. */
  async #lookAtLosses(): Promise<void> {
    const { ledger: { name, losses }, settings: { topic, acceptGaps }, telemetry } = this.#member;
    await retry(async () => {
      if (acceptGaps !== undefined) {
        const accepted = lostOffsets(await losses.accept(topic, acceptGaps, Date.now()));
        if (accepted > 0) telemetry.log("warn", `${topic}: ${acceptGaps} accepted ${accepted} lost offsets`);
      }
      const unaccepted = (await losses.list(topic)).filter(({ acceptedBy }) => acceptedBy === null);
      this.#unaccepted = lostOffsets(unaccepted);
    }, this.#member.retry(`ledger ${name}`));
  }

  #relayFailed(error: unknown) {
    const { settings: { signal }, telemetry } = this.#member;
    // Asked to end, it leaves to the next owner what waits for a person.
    if (error instanceof StuckError && signal?.aborted) telemetry.log("warn", error.message);
    else this.#ends.failing.abort(error);
  }

  #look(onStatus: (status: ConsumerStatus) => void) {
    const { telemetry, broker } = this.#member;
    // Not the key of its reads, which may fail while this works.
    const what = `lag of stream ${broker.name}`;
    // Other members lose records too, and somebody may accept what was lost.
    this.#looking ??= this.#lookAtLosses()
      .catch(({ message }: Error) => telemetry.log("debug", `losses are not known: ${message}`))
      .finally(() => this.#looking = undefined);
    this.#subscription.lag().then(
      (lag) => {
        telemetry.recovered(what);
        const retries = telemetry.counters().get("retries") ?? 0;
        const restoring = Array.from(
          this.#claiming,
          ([partition, { replayed, records }]) => ({ partition, replayed, records }),
        );
        onStatus({ ...this.#status.look(lag, retries), lost: this.#unaccepted, restoring });
      },
      ({ message }: Error) => {
        if (!this.#ends.giveUp.signal.aborted) telemetry.trouble(what, `it is not known: ${message}`);
      },
    );
  }

  /** Keeps snapshots that are due by their age, or since the stream deletes what a restart would need. */
  async #keepSnapshots(): Promise<void> {
    const { broker, settings: { topic }, telemetry } = this.#member;
    try {
      const starts = new Map((await broker.offsets(topic)).map((each) => [each.partition, each.startOffset]));
      for (const [number, { partition }] of this.#owned) {
        await partition.keepSnapshot(starts.get(number) ?? 0);
      }
    } catch (error) {
      telemetry.log("debug", `snapshots by age: ${(error as Error).message}; looking again later`);
    }
  }

  #committed(outcome: Outcome, batchMs: number) {
    const { telemetry } = this.#member;
    const records = outcome.scored + outcome.deadLetters.length + outcome.passed;
    this.#status.committed(records, batchMs);
    telemetry.count("records", records);
    telemetry.count("passed", outcome.passed);
    telemetry.count("flagged", outcome.flagged.length);
    telemetry.count("dead_letters", outcome.deadLetters.length);
    this.#owned.get(outcome.partition)?.relays.kick(outcome);
    const faulty = this.#guard.committed(outcome);
    if (faulty !== undefined) this.#ends.failing.abort(faulty);
    this.#groupOffsets.committed(outcome.partition, outcome.nextOffset);
    this.#member.settings.onCommit?.(outcome, batchMs);
  }

  /**
   * Releases partitions that another member has claimed in the ledger although the broker has not revoked them here.
   *
   * If the broker does not revoke them soon, this member claims them again and re-reads what is not committed.
   */
  async #loseTaken(): Promise<void> {
    for (const [number, { partition }] of [...this.#owned]) {
      if (!partition.isLost) continue;
      await this.#release(number);
      this.#subscription.seek(number, partition.committedOffset);
      this.#subscription.pause([number]);
      this.#reclaimLater(number);
    }
  }

  /** Claims a paused partition again unless it is revoked soon. */
  #reclaimLater(partition: number) {
    const { telemetry, ledger: { name } } = this.#member;
    telemetry.log("warn", `partition ${partition}: another consumer has claimed it in ${name}`);
    const timer = setTimeout(() => {
      this.#reclaims.delete(timer);
      this.#subscription.resume([partition]);
    }, RECLAIM_AFTER_MS);
    this.#reclaims.add(timer);
  }

  async #release(partition: number): Promise<void> {
    const claiming = this.#claiming.get(partition);
    this.#claiming.delete(partition);
    claiming?.ending.abort();
    // The one who started it reports its failure.
    await claiming?.done?.catch(() => {});
    const owned = this.#owned.get(partition);
    if (owned === undefined) return;
    this.#owned.delete(partition);
    this.#member.settings.onOwned?.(partition, undefined);
    await owned.partition.settle();
    this.#groupOffsets.forget(partition);
    await owned.relays.stop();
  }

  /** Commits and relays what is left and keeps snapshots, within the time to end in. */
  async #finish(): Promise<void> {
    for (const { partition } of this.#owned.values()) await partition.settle();
    if (!this.#ends.failing.signal.aborted) {
      for (const { partition } of this.#owned.values()) await partition.keepSnapshot();
    }
    const told = this.#groupOffsets.flush();
    await Promise.all([...this.#owned.values()].map(({ relays }) => relays.finish()));
    await Promise.race([told, pause(OFFSETS_WITHIN_MS, this.#ends.giveUp.signal)]);
  }
}
