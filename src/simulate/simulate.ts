import type { LabelEvent, LabelMode, SimulatedEvent, TransactionEvent } from "./events/event.ts";
import { type SimulatedStep, simulatedSteps } from "./simulated_steps.ts";
import { readSimulateOptions } from "./simulate_options.ts";
import { TimestampText } from "./events/timestamp_text.ts";

/** What to simulate; the same options give the same stream, byte for byte, on any machine. */
export interface SimulateOptions {
  /** Integer from 0 to 2^32 - 1. */
  randomSeed: number;
  /** Time of the start: a date, or milliseconds since 1970. */
  start: Date | number;
  /** Number of transactions; without it the stream never ends. */
  count?: number;
  /** Share of frauds among the transactions, 0 to 0.5. @default 0.01 */
  fraudRate?: number;
  /**
   * Default: as many as make `count` transactions in six weeks, between 20 and 100,000; 5,000 without
   * `count`.
   */
  nCustomers?: number;
  /** Default: two a customer. */
  nTerminals?: number;
  /** How long after its transaction a label becomes known, milliseconds. @default 7 days */
  labelDelayMs?: number;
  /** Which transactions get a label. @default "all" */
  labels?: LabelMode;
}

/**
 * Yields a seeded stream of card transactions with labelled frauds, in time order.
 *
 * Customers and terminals are those of `Population`, frauds those of `FraudPlan`: the generator of the fraud
 * detection handbook (Le Borgne et al.), with online shops, cash machines and card testing added. A label
 * comes `labelDelayMs` after its transaction, before any transaction of that time or later; those still
 * pending follow the last transaction. Memory depends on the customers, terminals and pending labels, not on
 * `count`. The share of frauds comes near `fraudRate` over some 10,000 transactions; ids are derived from the
 * seed and the number of the transaction.
 *
 * @throws {RangeError} When an option is out of range, or the stream runs past the year 9999.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { simulate } from "./simulate.ts";
 *
 * const ids = (randomSeed: number) => {
 *   const options = { randomSeed, count: 3, start: new Date("2026-01-01T00:00:00Z") };
 *   return Array.from(simulate(options)).map((event) =>
 *     event.kind === "label" ? `label of ${event.label.transaction_id}` : event.transaction.transaction_id
 *   );
 * };
 * assertEquals(ids(7), [
 *   "7-0",
 *   "7-1",
 *   "7-2",
 *   "label of 7-0",
 *   "label of 7-1",
 *   "label of 7-2",
 * ]);
 * ```
 */
export function simulate(options: SimulateOptions): Generator<SimulatedEvent, void, undefined> {
  return eventsOf(simulatedSteps(options), readSimulateOptions(options));
}

function* eventsOf(
  steps: Iterable<Readonly<SimulatedStep>>,
  { randomSeed, labelDelayMs }: { randomSeed: number; labelDelayMs: number },
): Generator<SimulatedEvent, void, undefined> {
  // One writer for each of the three times, as each keeps the text of its day.
  const [text, madeAt, labelledAt] = [new TimestampText(), new TimestampText(), new TimestampText()];
  for (const step of steps) yield step.isLabel ? label(step) : transaction(step);

  function transaction(
    { index, customer, terminal, amountMinor, merchant, timestampMs, scenario }: SimulatedStep,
  ): TransactionEvent {
    return {
      kind: "transaction",
      transaction: {
        transaction_id: randomSeed + "-" + index,
        customer_id: "c" + customer,
        terminal_id: "t" + terminal,
        amount: amountMinor / 100,
        currency: merchant.currency,
        merchant_category: merchant.merchantCategory,
        country: merchant.country,
        channel: merchant.channel,
        timestamp: text.write(timestampMs),
      },
      isFraud: scenario !== 0,
      scenario,
    };
  }

  function label({ index, customer, terminal, timestampMs, scenario }: SimulatedStep): LabelEvent {
    return {
      kind: "label",
      label: {
        transaction_id: randomSeed + "-" + index,
        customer_id: "c" + customer,
        terminal_id: "t" + terminal,
        timestamp: madeAt.write(timestampMs),
        is_fraud: scenario !== 0,
        labelled_at: labelledAt.write(timestampMs + labelDelayMs),
        scenario,
      },
    };
  }
}
