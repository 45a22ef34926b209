import type { Alert, AlertSink } from "../alerts/alerts.ts";
import type { DeliveryError } from "../runtime/delivery_error.ts";
import type { Place } from "../domain/place.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { AlertBudget } from "./grouping/alert_budget.ts";
import { groupedAlertStep } from "./grouping/grouped_alerts.ts";
import type { RelayStep } from "./relay.ts";

const BATCH_ALERTS = 200;
const NOTHING_DUE = Infinity;

/** How alerts for people are grouped and bounded. */
export interface Grouping {
  /** After a customer's first alert, the time in which further ones are held for one alert; 0 sends each at once. */
  windowMs: number;
  /** Alerts a minute, one budget a listener; the excess goes into one alert a minute and partition. */
  budget: AlertBudget;
  /** Time from an alert's planning after which it is given up. */
  retryForMs: number;
  /** Default `Date.now`. */
  nowMs?(): number;
}

/** A receiver of alerts. */
export interface Listener {
  /** Unique; the ledger keeps its position under this name. */
  name: string;
  sink: AlertSink;
  /** Absent for a program: it gets each flagged transaction, retried without end. */
  grouping?: Grouping;
}

export interface GroupedListener extends Listener {
  grouping: Grouping;
}

/** What became of alerts. */
export interface AlertHooks {
  onDelivered(): void;
  /** An alert was refused for good, or not accepted in time; it is not sent again. */
  onGivenUp(alert: Alert, error: DeliveryError): void;
}

/**
 * Makes the step that sends a partition's flagged transactions to a listener, in offset order, each at least once.
 */
export function alertStep(listener: Listener, ledger: Ledger, place: Place, hooks: AlertHooks): RelayStep {
  const { name, sink, grouping } = listener;
  if (grouping !== undefined) return groupedAlertStep({ name, sink, grouping }, ledger, place, hooks);
  const { topic, partition } = place;
  let position: number | undefined;
  return async (_finish, signal) => {
    position ??= await ledger.position(name, topic, partition);
    const flagged = await ledger.flaggedAfter(topic, partition, position, BATCH_ALERTS);
    if (flagged.length === 0) return NOTHING_DUE;
    await sink.send(
      flagged.map(({ offset, verdict }) => ({ id: `${topic}/${partition}/${offset}`, verdict })),
      signal,
    );
    for (const _ of flagged) hooks.onDelivered();
    const last = flagged[flagged.length - 1].offset;
    await ledger.advance(name, topic, partition, last);
    position = last;
    return "more";
  };
}
