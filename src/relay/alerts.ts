/**
 * Alerts: from the ledger's flagged transactions to a listener.
 *
 * @module
 */
import type { Alert, AlertSink } from "../alerts/alerts.ts";
import type { DeliveryError } from "../runtime/delivery_error.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { AlertBudget } from "./grouping/alert_budget.ts";
import { groupedAlertStep } from "./grouping/grouped_alerts.ts";
import type { RelayStep } from "./relay.ts";

const BATCH_ALERTS = 200;
const NOTHING_DUE = Infinity;

/** How a listener for people is told: in groups, and not of everything at once. */
export interface Grouping {
  /** Time in which the alerts of one customer are told together, milliseconds; 0 tells of each at once. */
  windowMs: number;
  /** Alerts of a minute; what is over is told of in one alert a minute and partition. One budget a listener. */
  budget: AlertBudget;
  /** Time from an alert's planning after which it is given up, milliseconds. */
  retryForMs: number;
  /** The time in milliseconds since 1970; `Date.now` by default. */
  nowMs?(): number;
}

/** A listener and the name under which the ledger keeps its position. */
export interface Listener {
  /** Unique name under which the ledger keeps how far it was told. */
  name: string;
  sink: AlertSink;
  /** Absent for a program, which is told of each flagged transaction for as long as it takes. */
  grouping?: Grouping;
}

/** A listener for people. */
export interface GroupedListener extends Listener {
  grouping: Grouping;
}

/** Whose alerts are told, and in whose name. */
export interface AlertPlace {
  /** Holds the flagged transactions, and what was told of them. */
  ledger: Ledger;
  topic: string;
  /** Their partition, from 0. */
  partition: number;
  /** The epoch of the partition's claim. */
  epoch: number;
}

/** Who is told of what became of alerts. */
export interface AlertHooks {
  /** An alert was delivered. */
  onDelivered(): void;
  /** An alert was refused, or not taken in time: it is not sent again. */
  onGivenUp(alert: Alert, error: DeliveryError): void;
}

/**
 * Makes the step that sends a partition's flagged transactions to a listener, in offset order, each at least once.
 */
export function alertStep(listener: Listener, place: AlertPlace, hooks: AlertHooks): RelayStep {
  const { name, sink, grouping } = listener;
  if (grouping !== undefined) return groupedAlertStep({ name, sink, grouping }, place, hooks);
  const { ledger, topic, partition } = place;
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
