import { setTimeout } from "node:timers/promises";
import type { Broker, ProducedRecord } from "../../../src/broker/broker.ts";
import { simulate } from "../../../src/simulate/simulate.ts";

/** A running producer; disposing ends it. */
export interface SteadyProducer extends AsyncDisposable {
  readonly ratePerS: number;
  /** Ends it; resolves when the last records are kept. Throws what producing threw. */
  stop(): Promise<void>;
}

const CUSTOMERS = 10_000;
const LOOK_EVERY_MS = 1;

/**
 * Produces simulated transactions of the present time at a steady rate until stopped; each call sends what is due.
 *
 * A record's timestamp is the moment of that call.
 */
export function startSteadyProducer(broker: Broker, topic: string, ratePerS: number): SteadyProducer {
  const ending = new AbortController();
  const producing = produce(broker, topic, { ratePerS, signal: ending.signal });
  // stop() reports it.
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
