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
  { topic, partition, epoch }: Place,
  hooks: AlertHooks,
): RelayStep {
  const { windowMs, retryForMs, budget, nowMs = Date.now } = listener.grouping;
  const key = { listener: listener.name, topic, partition };
  let plan: AlertPlan | undefined;
  let position = -1;
  let isRecorded = true;
  const verdicts = new Map<number, string>();

  const record = async (of: AlertPlan) => {
    isRecorded = false;
    await ledger.alertStates.record(key, epoch, { state: of.encode(nowMs()), offset: position });
    isRecorded = true;
  };
  const verdictAt = async (offset: number): Promise<string> => {
    const known = verdicts.get(offset);
    if (known !== undefined) return known;
    const [found] = await ledger.flaggedAfter(topic, partition, offset - 1, 1);
    if (found?.offset !== offset) {
      throw new Error(
        `Cannot send the alert for ${topic}/${partition}/${offset}: the ledger has no such flagged transaction`,
      );
    }
    return found.verdict;
  };
  const alertOf = async ({ id, offset, group }: PlannedAlert): Promise<Alert> => ({
    id,
    verdict: await verdictAt(offset),
    ...group === undefined ? {} : { group },
  });
  /** Sends what is planned until the listener fails; what was sent has left the plan then. */
  const send = async (
    { outbox }: AlertPlan,
    signal: AbortSignal | undefined,
  ): Promise<DeliveryError | undefined> => {
    while (outbox.length > 0 && !signal?.aborted) {
      const alert = await alertOf(outbox[0]);
      try {
        await listener.sink.send([alert], signal);
        hooks.onDelivered();
      } catch (error) {
        if (!(error instanceof DeliveryError)) throw error;
        const isInTime = nowMs() - outbox[0].plannedAtMs < retryForMs;
        if (signal?.aborted || error.retriable && isInTime) return error;
        hooks.onGivenUp(alert, error);
      }
      outbox.shift();
      isRecorded = false;
    }
  };

  return async (finish, signal) => {
    if (plan === undefined) {
      position = await ledger.position(listener.name, topic, partition);
      plan = new AlertPlan(await ledger.alertStates.read(key), { topic, partition, windowMs, budget });
    }
    // What an earlier attempt planned or sent.
    if (!isRecorded) await record(plan);
    if (plan.outbox.length === 0) {
      const flagged = await ledger.flaggedAfter(topic, partition, position, BATCH_ROWS);
      const now = nowMs();
      const isAll = flagged.length < BATCH_ROWS;
      plan.take(flagged, now);
      plan.settle(now, finish && isAll);
      if (flagged.length === 0 && plan.outbox.length === 0) return plan.dueInMs(now);
      position = flagged.at(-1)?.offset ?? position;
      verdicts.clear();
      for (const { offset, verdict } of flagged) verdicts.set(offset, verdict);
      await record(plan);
      if (plan.outbox.length === 0) return "more";
    }
    const toSend = plan.outbox.length;
    const failure = await send(plan, signal);
    // Progress resets the backoff: throw only if nothing was delivered.
    if (failure !== undefined && plan.outbox.length === toSend) throw failure;
    await record(plan);
    return "more";
  };
}
