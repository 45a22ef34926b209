import type { Alert } from "../../alerts/alerts.ts";
import type { Place } from "../../domain/place.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { DeliveryError } from "../../runtime/delivery_error.ts";
import { AlertPlan, type PlannedAlert } from "./alert_plan.ts";
import type { AlertHooks, GroupedListener } from "../alerts.ts";
import type { RelayStep } from "../relay.ts";

const BATCH_ROWS = 500;

/**
 * Makes the step that sends alerts to people: grouped by customer and window, bounded by the minute, and given up after a
 * while. The ledger records what it will send before it is sent.
 *
 * An alert that the listener refuses for good is skipped.
 */
export function groupedAlertStep(
  listener: GroupedListener,
  ledger: Ledger,
  place: Place,
  hooks: AlertHooks,
): RelayStep {
  const alerts = new GroupedAlerts(listener, ledger, place, hooks);
  return (finish, signal) => alerts.step(finish, signal);
}

class GroupedAlerts {
  readonly #listener: GroupedListener;
  readonly #ledger: Ledger;
  readonly #place: Place;
  readonly #hooks: AlertHooks;
  readonly #nowMs: () => number;
  #plan: AlertPlan | undefined;
  /** Offset of the last flagged transaction that is in the plan. */
  #position = -1;
  #isRecorded = true;
  /** Of the rows read last, by offset. */
  readonly #verdicts = new Map<number, string>();

  constructor(listener: GroupedListener, ledger: Ledger, place: Place, hooks: AlertHooks) {
    this.#listener = listener;
    this.#ledger = ledger;
    this.#place = place;
    this.#hooks = hooks;
    this.#nowMs = listener.grouping.nowMs ?? Date.now;
  }

  async step(finish: boolean, signal?: AbortSignal): Promise<"more" | number> {
    const plan = this.#plan ??= await this.#openPlan();
    // What an earlier attempt planned or sent.
    if (!this.#isRecorded) await this.#record(plan);
    if (plan.outbox.length === 0) {
      const dueInMs = await this.#planNext(plan, finish);
      if (dueInMs !== undefined) return dueInMs;
      if (plan.outbox.length === 0) return "more";
    }
    const toSend = plan.outbox.length;
    const failure = await this.#send(plan, signal);
    // Progress resets the backoff: throw only if nothing was delivered.
    if (failure !== undefined && plan.outbox.length === toSend) throw failure;
    await this.#record(plan);
    return "more";
  }

  get #key() {
    const { topic, partition } = this.#place;
    return { listener: this.#listener.name, topic, partition };
  }

  async #openPlan(): Promise<AlertPlan> {
    const { topic, partition } = this.#place;
    const { windowMs, budget } = this.#listener.grouping;
    this.#position = await this.#ledger.position(this.#listener.name, topic, partition);
    const recorded = await this.#ledger.alertStates.read(this.#key);
    return new AlertPlan(recorded, { topic, partition, windowMs, budget });
  }

  /** Plans what is flagged and due, and records it; if there is nothing, gives the time until something is due. */
  async #planNext(plan: AlertPlan, finish: boolean): Promise<number | undefined> {
    const { topic, partition } = this.#place;
    const flagged = await this.#ledger.flaggedAfter(topic, partition, this.#position, BATCH_ROWS);
    const now = this.#nowMs();
    const isAll = flagged.length < BATCH_ROWS;
    plan.take(flagged, now);
    plan.settle(now, finish && isAll);
    if (flagged.length === 0 && plan.outbox.length === 0) return plan.dueInMs(now);
    this.#position = flagged.at(-1)?.offset ?? this.#position;
    this.#verdicts.clear();
    for (const { offset, verdict } of flagged) this.#verdicts.set(offset, verdict);
    await this.#record(plan);
  }

  async #record(plan: AlertPlan): Promise<void> {
    this.#isRecorded = false;
    const recorded = { state: plan.encode(this.#nowMs()), offset: this.#position };
    await this.#ledger.alertStates.record(this.#key, this.#place.epoch, recorded);
    this.#isRecorded = true;
  }

  /** Sends what is planned until the listener fails; what was sent has left the plan then. */
  async #send({ outbox }: AlertPlan, signal: AbortSignal | undefined): Promise<DeliveryError | undefined> {
    const { sink, grouping: { retryForMs } } = this.#listener;
    while (outbox.length > 0 && !signal?.aborted) {
      const alert = await this.#alertOf(outbox[0]);
      try {
        await sink.send([alert], signal);
        this.#hooks.onDelivered();
      } catch (error) {
        if (!(error instanceof DeliveryError)) throw error;
        const isInTime = this.#nowMs() - outbox[0].plannedAtMs < retryForMs;
        if (signal?.aborted || error.retriable && isInTime) return error;
        this.#hooks.onGivenUp(alert, error);
      }
      outbox.shift();
      this.#isRecorded = false;
    }
  }

  async #alertOf({ id, offset, group }: PlannedAlert): Promise<Alert> {
    const verdict = this.#verdicts.get(offset) ?? await this.#readVerdict(offset);
    return { id, verdict, ...group === undefined ? {} : { group } };
  }

  async #readVerdict(offset: number): Promise<string> {
    const { topic, partition } = this.#place;
    const [found] = await this.#ledger.flaggedAfter(topic, partition, offset - 1, 1);
    if (found?.offset === offset) return found.verdict;
    throw new Error(
      `Cannot send the alert for ${topic}/${partition}/${offset}: the ledger has no such flagged transaction`,
    );
  }
}
