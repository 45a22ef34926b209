/**
 * What carries an owned partition's committed rows out of the ledger.
 *
 * @module
 */
import type { RetryOptions } from "../runtime/retry.ts";
import type { Outcome } from "../ledger/ledger.ts";
import { type AlertHooks, alertStep } from "../relay/alerts.ts";
import { deadLetterStep } from "../relay/dead_letters.ts";
import { type FlushOptions, objectStep } from "../relay/objects.ts";
import type { Semaphore } from "../runtime/semaphore.ts";
import { Relay, type RelayStep } from "../relay/relay.ts";
import type { ConsumerParts } from "./consumer_options.ts";

/** Whose rows go where. */
export interface PartitionRelayParts
  extends
    Pick<ConsumerParts, "broker" | "ledger" | "store" | "encoder" | "listeners" | "topic" | "telemetry"> {
  /** Partition of the topic, from 0. */
  partition: number;
  /** The epoch of its claim. */
  epoch: number;
  /** Room for the verdicts of cuts in hand, bytes, shared by all partitions. */
  cutMemory: Semaphore;
}

/** How the relays of a partition run. */
export interface PartitionRelayOptions {
  flush: FlushOptions;
  /** How steps with `what` are repeated. */
  retry(what: string): RetryOptions;
  /** Told of an error that ends a relay. */
  onFailure(error: unknown): void;
}

/** Longest wait between two attempts at a listener that may be down for hours. */
const MOST_ALERT_DELAY_MS = 60_000;

/** The relays of one owned partition: dead letters, objects, and alerts to each listener. */
export class PartitionRelays {
  readonly #deadLetters: Relay;
  readonly #flagged: readonly Relay[];

  /** Starts all of them; each begins with what an earlier owner left. */
  constructor(parts: PartitionRelayParts, options: PartitionRelayOptions) {
    const { broker, ledger, topic, partition, epoch, store, listeners } = parts;
    const start = (what: string, step: RelayStep, maxDelayMs?: number) =>
      new Relay(step, { retry: { ...options.retry(what), maxDelayMs }, onFailure: options.onFailure });
    this.#deadLetters = start(
      `dead letters to ${broker.name}`,
      deadLetterStep(broker, ledger, topic, partition),
    );
    this.#flagged = [
      start(`objects to ${store.name}`, objectStep(parts, options.flush)),
      ...listeners.map((listener) =>
        start(
          `alerts to ${listener.name}`,
          alertStep(listener, { ledger, topic, partition, epoch }, alertHooks(parts, listener.name)),
          listener.grouping && MOST_ALERT_DELAY_MS,
        )
      ),
    ];
  }

  /** Says what was committed: those that have nothing of it to carry sleep on, and ask the ledger nothing. */
  kick({ deadLetters, flagged }: Pick<Outcome, "deadLetters" | "flagged">): void {
    if (deadLetters.length > 0) this.#deadLetters.kick();
    if (flagged.length > 0) this.#flagged.forEach((relay) => relay.kick());
  }

  /** Delivers all that is committed, due or not, and goes on. */
  flush(): void {
    for (const relay of this.#all()) relay.flush();
  }

  /** Delivers all that is committed, and ends. */
  async finish(): Promise<void> {
    await Promise.all(this.#all().map((relay) => relay.finish()));
  }

  /** Ends after the steps in hand. */
  async stop(): Promise<void> {
    await Promise.all(this.#all().map((relay) => relay.stop()));
  }

  #all(): Relay[] {
    return [this.#deadLetters, ...this.#flagged];
  }
}

function alertHooks({ telemetry }: PartitionRelayParts, listener: string): AlertHooks {
  // A counter that is there from the start can be seen to rise.
  for (const name of ["alerts_delivered", "alerts_given_up"]) telemetry.count(`${name} ${listener}`, 0);
  return {
    onDelivered: () => telemetry.count(`alerts_delivered ${listener}`),
    onGivenUp(alert, { message }) {
      telemetry.count(`alerts_given_up ${listener}`);
      telemetry.log(
        "error",
        `alerts to ${listener}: gave up ${alert.id}, which the ledger holds: ${message}`,
      );
    },
  };
}
