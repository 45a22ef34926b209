/**
 * Carries committed rows out of the ledger: a loop that works while there is work, and waits to be woken.
 *
 * @module
 */
import { FencedError } from "../ledger/ledger.ts";
import { DeliveryError } from "../runtime/delivery_error.ts";
import { pause, retry, type RetryOptions } from "../runtime/retry.ts";
import { StuckError } from "./stuck_error.ts";

/** One step of a relay. */
export interface RelayStep {
  /**
   * Delivers some of what is due; idempotent, since it may be cut off anywhere and repeated.
   *
   * @param finish Deliver all that is committed, whether or not it is due.
   * @param signal Aborts when the relay ends; what takes long should break off then.
   * @returns "more" where more is due now, else the time after which to look again, in milliseconds.
   */
  (finish: boolean, signal?: AbortSignal): Promise<"more" | number>;
}

/** How a relay runs. */
export interface RelayOptions {
  /** How failed steps are repeated; its signal ends the relay. */
  retry: RetryOptions;
  /** Told of an error that ends the relay. */
  onFailure(error: unknown): void;
}

/**
 * Runs the steps of one relay one after another.
 *
 * A step that throws a retriable `DeliveryError` is repeated until the signal aborts; a `StuckError` only while the relay
 * is not to end. A `FencedError` ends the relay in
 * silence: the partition's new owner goes on. Anything else ends it and is reported.
 */
export class Relay {
  readonly #step: RelayStep;
  readonly #options: RelayOptions;
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;
  #wake = new AbortController();
  readonly #finishing = new AbortController();
  #flushing = false;

  /** Starts the loop. */
  constructor(step: RelayStep, options: RelayOptions) {
    this.#step = step;
    this.#options = options;
    this.#running = this.#run();
  }

  /** Says that something was committed. */
  kick(): void {
    this.#wake.abort();
  }

  /** Delivers all that is committed, due or not, and goes on. */
  flush(): void {
    this.#flushing = true;
    this.kick();
  }

  /** Delivers all that is committed, and ends. */
  async finish(): Promise<void> {
    this.#finishing.abort();
    this.kick();
    await this.#running;
  }

  /** Ends after the step in hand; what is left is delivered by the next owner. */
  async stop(): Promise<void> {
    this.#ending.abort();
    this.kick();
    await this.#running;
  }

  async #run(): Promise<void> {
    const signals = [this.#ending.signal, this.#options.retry.signal].filter((each) => each !== undefined);
    const signal = AbortSignal.any(signals);
    try {
      while (!signal.aborted) {
        this.#wake = new AbortController();
        const finishing = this.#finishing.signal.aborted;
        const flushing = this.#flushing;
        this.#flushing = false;
        const next = await retry(() => this.#step(finishing || flushing, signal), {
          ...this.#options.retry,
          signal,
          wake: this.#finishing.signal,
          retriable: (error) =>
            error instanceof DeliveryError && error.retriable &&
            !(error instanceof StuckError && this.#finishing.signal.aborted),
        });
        if (next === "more") {
          this.#flushing ||= flushing;
          continue;
        }
        if (finishing) return;
        await pause(Math.min(next, MAX_WAIT_MS), AbortSignal.any([signal, this.#wake.signal]));
      }
    } catch (error) {
      if (!(error instanceof FencedError) && !signal.aborted) this.#options.onFailure(error);
    }
  }
}

const MAX_WAIT_MS = 60_000;
