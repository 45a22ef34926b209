/**
 * Alerts: from the ledger's flagged transactions to a listener.
 *
 * @module
 */
import type { AlertSink } from "../alerts/alerts.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { RelayStep } from "./relay.ts";

const BATCH_ALERTS = 200;
const NOTHING_DUE = Infinity;

/** A listener and the name under which the ledger keeps its position. */
export interface Listener {
  /** Unique name under which the ledger keeps how far it was told. */
  name: string;
  /** Takes the alerts. */
  sink: AlertSink;
}

/**
 * Makes the step that sends a partition's flagged transactions to a listener, in offset order, each at least once.
 */
export function alertStep(listener: Listener, ledger: Ledger, topic: string, partition: number): RelayStep {
  let position: number | undefined;
  return async () => {
    position ??= await ledger.position(listener.name, topic, partition);
    const flagged = await ledger.flaggedAfter(topic, partition, position, BATCH_ALERTS);
    if (flagged.length === 0) return NOTHING_DUE;
    await listener.sink.send(
      flagged.map(({ offset, verdict }) => ({ id: `${topic}/${partition}/${offset}`, verdict })),
    );
    const last = flagged[flagged.length - 1].offset;
    await ledger.advance(listener.name, topic, partition, last);
    position = last;
    return "more";
  };
}
