/**
 * The running consumer: partitions come and go, batches are processed, what is committed is relayed.
 *
 * @module
 */
import { setImmediate } from "node:timers/promises";
import { ArrayPool } from "../runtime/array_pool.ts";
import type { Subscription } from "../broker/broker.ts";
import type { Outcome } from "../ledger/ledger.ts";
import { deadLetterTopic } from "../relay/dead_letters.ts";
import { Semaphore } from "../runtime/semaphore.ts";
import { pause, retry, type RetryOptions } from "../runtime/retry.ts";
import { isDrained } from "./drained.ts";
import { GroupOffsets } from "./group_offsets.ts";
import type { ConsumerOptions, ConsumerParts } from "./consumer_options.ts";
import { LabelTopic } from "./label_topic.ts";
import { oneSidedLabels } from "./one_sided_labels.ts";
import { PartitionRelays } from "./partition_relays.ts";
import { OwnedPartition, type PartitionParts } from "./partition.ts";
import { type ConsumerStatus, StatusKeeper } from "./status.ts";

/** While other members have work left, the time between two looks whether they still do. */
const LOOK_FOR_END_MS = 200;
/** At the end, the time to wait for the broker to take the group's offsets. */
const TELL_WITHIN_MS = 1000;
/** After a partition was lost without a word from the broker, the time to wait before it is claimed again. */
const RECLAIM_AFTER_MS = 3000;
/** Bytes of verdicts in the cuts that are in memory at one time, over all partitions; a cut of more goes by itself. */
const CUT_ROOM_BYTES = 4 * 2 ** 20;

/**
 * Consumes the topic until it is empty, the signal aborts, or something fails for good.
 *
 * @throws What failed for good: another stream's ledger, a store that refuses its credentials, features nobody knows.
 */
export async function runConsumer(parts: ConsumerParts, options: ConsumerOptions = {}): Promise<void> {
  const { broker, topic } = parts;
  await retry(() => broker.ensureTopic(topic, { partitions: parts.partitions }), {
    signal: options.signal,
  });
  await retry(() => broker.ensureTopic(deadLetterTopic(topic)), { signal: options.signal });
  // What failed for good ends the run from wherever it happened.
  const failing = new AbortController();
  const ending = AbortSignal.any([failing.signal, ...(options.signal ? [options.signal] : [])]);
  const drained = new AbortController();
  const { maxBatchRecords, sessionTimeoutMs } = options;
  await using subscription = await broker.subscribe(topic, parts.group, {
    signal: AbortSignal.any([ending, drained.signal]),
    maxBatchRecords,
    sessionTimeoutMs,
  });
  const { model, decoder } = parts.judge;
  const onRead = oneSidedLabels(model.manifest, (message) => parts.telemetry.log("warn", message));
  const giveUp = new AbortController();
  await using labels = new LabelTopic({ ...parts, decoder, onRead, signal: giveUp.signal });
  await new Consumer({ ...parts, labels }, options, subscription, {
    failing,
    ending,
    drained,
    giveUp,
  }).run();
}

/** What ends a run: a failure, the caller or a failure, or that there is nothing left to do. */
interface Ends {
  failing: AbortController;
  ending: AbortSignal;
  drained: AbortController;
  /** Aborted when there is no more time to end in. */
  giveUp: AbortController;
}

interface Owned {
  partition: OwnedPartition;
  relays: PartitionRelays;
}

class Consumer {
  readonly #parts: ConsumerParts & Pick<PartitionParts, "labels">;
  readonly #options: ConsumerOptions;
  readonly #subscription: Subscription;
  readonly #ends: Ends;
  readonly #owned = new Map<number, Owned>();
  readonly #reclaims = new Set<ReturnType<typeof setTimeout>>();
  readonly #owner = crypto.randomUUID();
  readonly #status = new StatusKeeper();
  readonly #groupOffsets: GroupOffsets;
  readonly #pool = new ArrayPool();
  readonly #cutMemory = new Semaphore(CUT_ROOM_BYTES);
  #isWaiting = false;

  constructor(
    parts: ConsumerParts & Pick<PartitionParts, "labels">,
    options: ConsumerOptions,
    subscription: Subscription,
    ends: Ends,
  ) {
    this.#parts = parts;
    this.#options = options;
    this.#subscription = subscription;
    this.#ends = ends;
    this.#groupOffsets = new GroupOffsets(
      subscription,
      (partition, error) =>
        parts.telemetry.log(
          "debug",
          `the group's offset of partition ${partition} was not told: ${error.message}`,
        ),
    );
  }

  async run(): Promise<void> {
    const timeUp = () => {
      const done = pause(this.#options.stopWithinMs ?? 10_000, this.#ends.giveUp.signal);
      done.then(() => this.#ends.giveUp.abort());
    };
    if (this.#ends.ending.aborted) timeUp();
    else this.#ends.ending.addEventListener("abort", timeUp, { once: true });
    const { onStatus, statusIntervalMs = 5000 } = this.#options;
    const looking = onStatus && setInterval(() => this.#look(onStatus), statusIntervalMs);
    try {
      await this.#follow();
      await this.#finish();
    } finally {
      clearInterval(looking);
      this.#ends.ending.removeEventListener("abort", timeUp);
      this.#ends.giveUp.abort();
      for (const timer of this.#reclaims) clearTimeout(timer);
      this.#groupOffsets.stop();
      await Promise.all([...this.#owned.keys()].map((partition) => this.#release(partition)));
    }
    if (this.#ends.failing.signal.aborted) throw this.#ends.failing.signal.reason;
  }

  async #follow(): Promise<void> {
    for await (const event of this.#subscription) {
      if (event.type === "assigned") {
        for (const partition of event.partitions) await this.#claim(partition);
      } else if (event.type === "revoked") {
        await Promise.all(event.partitions.map((partition) => this.#release(partition)));
      } else if (event.type === "batch") {
        const owned = this.#owned.get(event.batch.partition);
        if (owned === undefined) await this.#claim(event.batch.partition);
        else await owned.partition.process(event.batch);
        await this.#loseTaken();
        // Timers and signals have their turn between batches.
        await (this.#options.giveWay ?? setImmediate)();
      } else {
        for (const { partition } of this.#owned.values()) await partition.settle();
        await this.#loseTaken();
        if (this.#options.untilEmpty && await this.#isDone()) return;
      }
    }
  }

  /** Whether nothing is left to do for any member; where there is, looks again and again until there is not. */
  async #isDone(): Promise<boolean> {
    const drained = (isLookedAt?: (partition: number) => boolean) => {
      const listeners = this.#parts.listeners.map(({ name }) => name);
      return retry(
        () => isDrained({ ...this.#parts, listeners, signal: this.#ends.giveUp.signal }, isLookedAt),
        this.#retry("end of the topic"),
      );
    };
    // What is owned stands at its end, and is relayed while the run ends.
    if (await drained((partition) => !this.#owned.has(partition))) return true;
    // Another member may wait for what is owned here.
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

  async #claim(partition: number): Promise<void> {
    const { telemetry } = this.#parts;
    await this.#release(partition);
    const claimed = await OwnedPartition.claim({
      ...this.#parts,
      owner: this.#owner,
      retry: this.#retry(`ledger ${this.#parts.ledger.name}`),
      retryReads: this.#retry(`stream ${this.#parts.broker.name}`),
      onReplay: (which, records) =>
        telemetry.log("info", `partition ${which}: making its state anew from ${records} committed records`),
      onCommit: (outcome, batchMs) => this.#committed(outcome, batchMs),
      pool: this.#pool,
      onScored: this.#options.onScored,
    }, partition);
    this.#subscription.seek(partition, claimed.nextOffset);
    const of = { ...this.#parts, partition, epoch: claimed.epoch, cutMemory: this.#cutMemory };
    const relays = new PartitionRelays(of, {
      flush: this.#options,
      retry: (what) => this.#retry(what),
      onFailure: (error) => this.#ends.failing.abort(error),
    });
    this.#owned.set(partition, { partition: claimed, relays });
    this.#options.onOwned?.(partition, claimed.stage);
  }

  #look(onStatus: (status: ConsumerStatus) => void) {
    const { telemetry, broker } = this.#parts;
    // Not the key of its reads: those may fail while this works.
    const what = `lag of stream ${broker.name}`;
    this.#subscription.lag().then(
      (lag) => {
        telemetry.recovered(what);
        onStatus(this.#status.look(lag, telemetry.counters().get("retries") ?? 0));
      },
      ({ message }: Error) => {
        if (!this.#ends.giveUp.signal.aborted) telemetry.trouble(what, `it is not known: ${message}`);
      },
    );
  }

  #committed(outcome: Outcome, batchMs: number) {
    const { telemetry } = this.#parts;
    this.#status.committed(outcome.scored + outcome.deadLetters.length, batchMs);
    telemetry.count("records", outcome.scored + outcome.deadLetters.length);
    telemetry.count("flagged", outcome.flagged.length);
    telemetry.count("dead_letters", outcome.deadLetters.length);
    this.#owned.get(outcome.partition)?.relays.kick(outcome);
    this.#groupOffsets.committed(outcome.partition, outcome.nextOffset);
    this.#options.onCommit?.(outcome, batchMs);
  }

  #retry(what: string): RetryOptions {
    const { telemetry } = this.#parts;
    return {
      signal: this.#ends.giveUp.signal,
      onRetry: (error) => {
        telemetry.count("retries");
        telemetry.trouble(what, error.message);
      },
      onRecovered: () => telemetry.recovered(what),
    };
  }

  /**
   * Lets go of partitions that another owner has, though the broker has not said so. Where it does not say so for a while
   * either, what is not committed is read again, whether or not more records come, and the partition is claimed anew.
   */
  async #loseTaken(): Promise<void> {
    for (const [number, { partition }] of [...this.#owned]) {
      if (!partition.isLost) continue;
      this.#parts.telemetry.log(
        "warn",
        `partition ${number}: another consumer has claimed it in ${this.#parts.ledger.name}`,
      );
      await this.#release(number);
      this.#subscription.seek(number, partition.committedOffset);
      this.#subscription.pause([number]);
      const timer = setTimeout(() => {
        this.#reclaims.delete(timer);
        this.#subscription.resume([number]);
      }, RECLAIM_AFTER_MS);
      this.#reclaims.add(timer);
    }
  }

  async #release(partition: number): Promise<void> {
    const owned = this.#owned.get(partition);
    if (owned === undefined) return;
    this.#owned.delete(partition);
    this.#options.onOwned?.(partition, undefined);
    await owned.partition.settle();
    this.#groupOffsets.forget(partition);
    await owned.relays.stop();
  }

  /** Commits and relays what is in hand, within the time there is to end in. */
  async #finish(): Promise<void> {
    for (const { partition } of this.#owned.values()) await partition.settle();
    const told = this.#groupOffsets.flush();
    await Promise.all([...this.#owned.values()].map(({ relays }) => relays.finish()));
    await Promise.race([told, pause(TELL_WITHIN_MS, this.#ends.giveUp.signal)]);
  }
}
