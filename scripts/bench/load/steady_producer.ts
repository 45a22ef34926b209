import { setTimeout } from "node:timers/promises";
import type { Broker, ProducedRecord } from "../../../src/broker/broker.ts";
import { simulate } from "../../../src/simulate/simulate.ts";

/** A producer at work; disposing of it ends it. */
export interface SteadyProducer extends AsyncDisposable {
  readonly ratePerS: number;
  /** Ends it; resolves when the last records are kept. Throws what producing threw. */
  stop(): Promise<void>;
}

const CUSTOMERS = 10_000;
const LOOK_EVERY_MS = 1;

/**
 * Produces simulated transactions, whose time is now, at a steady rate until it is stopped: whatever is due, in one call after another.
 *
 * A record's timestamp is the moment at which it is handed over.
 *
 * @param broker The stream.
 * @param topic Topic of the transactions, which must be there.
 * @param ratePerS Records a second.
 */
export function startSteadyProducer(broker: Broker, topic: string, ratePerS: number): SteadyProducer {
  const ending = new AbortController();
  const producing = produce(broker, topic, { ratePerS, signal: ending.signal });
  // Told by stop(), which whoever starts a producer calls.
  producing.catch(() => {});
  const stop = async () => {
    ending.abort();
    await producing;
  };
  return { ratePerS, stop, [Symbol.asyncDispose]: stop };
}

async function produce(
  broker: Broker,
  topic: string,
  { ratePerS, signal }: { ratePerS: number; signal: AbortSignal },
): Promise<void> {
  const events = simulate({ randomSeed: 1, start: Date.now(), nCustomers: CUSTOMERS, labels: "none" });
  const startedAt = performance.now();
  let sent = 0;
  while (!signal.aborted) {
    const due = Math.floor((performance.now() - startedAt) * ratePerS / 1000) - sent;
    if (due > 0) await broker.produce(topic, take(events, due));
    else await setTimeout(LOOK_EVERY_MS);
    sent += due;
  }
}

function take(events: ReturnType<typeof simulate>, count: number): ProducedRecord[] {
  const timestampMs = Date.now();
  const timestamp = new Date(timestampMs).toISOString();
  const records: ProducedRecord[] = [];
  while (records.length < count) {
    const { value: event, done } = events.next();
    if (done) break;
    if (event.kind === "label") continue;
    const { customer_id } = event.transaction;
    const value = JSON.stringify({ ...event.transaction, timestamp });
    records.push({ key: customer_id, value, timestampMs });
  }
  return records;
}
