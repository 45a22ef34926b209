import { MAX_TIMESTAMP_MS, TimestampText } from "../domain/time.ts";
import { Arrivals } from "./arrivals.ts";
import type { LabelEvent, LabelMode, Scenario, SimulatedEvent, TransactionEvent } from "./events/event.ts";
import { FraudPlan } from "./fraud/fraud_plan.ts";
import type { Merchant } from "./merchants.ts";
import { PendingLabels } from "./pending_labels.ts";
import { Population } from "./population.ts";
import { RandomStream } from "./random.ts";

const DAY_MS = 86_400_000;
const YEAR_0_MS = -62_167_219_200_000;
const SPAN_DAYS = 42;
/** Mean number of transactions a day of one customer. */
const PER_CUSTOMER_AND_DAY = 2;
const [FEWEST_CUSTOMERS, MOST_CUSTOMERS] = [20, 100_000];
const ENDLESS_CUSTOMERS = 5_000;
/** What a 32-bit number of a terminal or customer and their columns reasonably allow. */
const MOST_ENTITIES = 50_000_000;
const LABEL_MODES: readonly LabelMode[] = ["all", "frauds", "none"];
/** Streams of random numbers of one seed. */
const Stream = { arrivals: 0, purchases: 1, frauds: 2 } as const;

/** What to simulate; the same options give the same stream, byte for byte, on any machine. */
export interface SimulateOptions {
  /** Integer from 0 to 2^32 - 1. */
  randomSeed: number;
  /** Time of the start: a date, or milliseconds since 1970. */
  start: Date | number;
  /** Transactions; without it the stream never ends. */
  count?: number;
  /** Share of frauds among the transactions, 0 to 0.5. @default 0.01 */
  fraudRate?: number;
  /** Default: as many as make `count` transactions in six weeks, from 20 to 100,000; 5,000 without `count`. */
  nCustomers?: number;
  /** Default: two a customer. */
  nTerminals?: number;
  /** How long after its transaction a label becomes known, milliseconds. @default 7 days */
  labelDelayMs?: number;
  /** @default "all" */
  labels?: LabelMode;
}

/**
 * Yields a seeded stream of card transactions with labelled frauds, in time order.
 *
 * Customers and terminals are those of `Population`, frauds those of `FraudPlan`: the generator of the fraud detection
 * handbook (Le Borgne et al.), with online shops, cash machines and card testing added. A label comes `labelDelayMs`
 * after its transaction, before any transaction of that time or later; those still pending follow the last transaction.
 * Memory depends on the customers, terminals and pending labels, not on `count`. The share of frauds comes near
 * `fraudRate` over some 10,000 transactions. Ids follow from the seed and the number of the transaction.
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
 * assertEquals(ids(7), ["7-0", "7-1", "7-2", "label of 7-0", "label of 7-1", "label of 7-2"]);
 * ```
 */
export function simulate(options: SimulateOptions): Generator<SimulatedEvent, void, undefined> {
  return eventsOf(checked(options));
}

function* eventsOf(options: CheckedOptions): Generator<SimulatedEvent, void, undefined> {
  const { randomSeed, labelDelayMs } = options;
  // One writer for each of the three times, as each keeps the text of its day.
  const [text, madeAt, labelledAt] = [new TimestampText(), new TimestampText(), new TimestampText()];
  for (const step of stepsOf(options)) yield step.isLabel ? label(step) : transaction(step);

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

/** A transaction or a label of a simulation, in numbers. */
export interface SimulatedStep {
  /** Whether it is a label; then `amountMinor` and `merchant` are those of some transaction before. */
  isLabel: boolean;
  /** Number of the transaction in its stream. */
  index: number;
  customer: number;
  terminal: number;
  /** Time of the transaction, whole milliseconds since 1970. */
  timestampMs: number;
  amountMinor: number;
  merchant: Merchant;
  scenario: Scenario;
}

/**
 * The steps of `simulate` as numbers. Every step is the same object, filled again: read it before asking for the next.
 *
 * @throws {RangeError} When an option is out of range.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { simulatedSteps } from "./simulate.ts";
 *
 * const steps = simulatedSteps({ randomSeed: 7, start: 0, count: 2 });
 * assertEquals(Array.from(steps, ({ isLabel, index }) => `${isLabel} ${index}`), ["false 0", "false 1", "true 0", "true 1"]);
 * ```
 */
export function simulatedSteps(
  options: SimulateOptions,
): Generator<Readonly<SimulatedStep>, void, undefined> {
  return stepsOf(checked(options));
}

function* stepsOf(options: CheckedOptions): Generator<Readonly<SimulatedStep>, void, undefined> {
  const { randomSeed, startMs, count, fraudRate, nCustomers, nTerminals, labelDelayMs, labels } = options;
  const population = new Population(randomSeed, nCustomers, nTerminals);
  const purchases = new RandomStream(randomSeed, Stream.purchases);
  const arrivals = new Arrivals(
    new RandomStream(randomSeed, Stream.arrivals),
    startMs,
    population.totalPerDay,
  );
  const plan = new FraudPlan(new RandomStream(randomSeed, Stream.frauds), population, { fraudRate, startMs });
  const pending = new PendingLabels();
  const step: SimulatedStep = {
    isLabel: false,
    index: 0,
    customer: 0,
    terminal: 0,
    timestampMs: 0,
    amountMinor: 0,
    merchant: population.merchant(0),
    scenario: 0,
  };

  let arrivalMs = arrivals.next();
  for (let index = 0; index < count; index++) {
    let timeMs: number;
    let customer: number;
    let terminal: number;
    let amountMinor: number;
    let scenario: Scenario;
    if (plan.cardTesting.nextMs <= arrivalMs) {
      ({ timeMs, customer, terminal, amountMinor } = plan.cardTesting.take());
      scenario = 4;
    } else {
      timeMs = arrivalMs;
      arrivalMs = arrivals.next();
      customer = population.drawCustomer(purchases);
      terminal = population.drawTerminal(purchases, customer);
      scenario = plan.scenarioOf(timeMs, customer, terminal);
      amountMinor = plan.amountMinor(scenario, population.drawAmountMinor(purchases, customer));
      amountMinor = population.payableMinor(terminal, amountMinor);
    }
    plan.count(timeMs, scenario);

    const timestampMs = Math.floor(timeMs);
    while (pending.oldestMs + labelDelayMs <= timestampMs) yield label();
    step.isLabel = false;
    step.index = index;
    step.customer = customer;
    step.terminal = terminal;
    step.timestampMs = timestampMs;
    step.amountMinor = amountMinor;
    step.merchant = population.merchant(terminal);
    step.scenario = scenario;
    yield step;
    if (labels === "all" || (labels === "frauds" && scenario !== 0)) {
      pending.push(index, customer, terminal, timestampMs, scenario);
    }
  }
  while (pending.length > 0) yield label();

  function label(): SimulatedStep {
    step.isLabel = true;
    return Object.assign(step, pending.shift());
  }
}

type CheckedOptions = Required<Omit<SimulateOptions, "start">> & { startMs: number };

/** Fills in the defaults; throws RangeError, which names the option, where one is out of range. */
function checked(options: SimulateOptions): CheckedOptions {
  const count = options.count ?? Infinity;
  if (count !== Infinity) requireInteger("count", count, 0, Number.MAX_SAFE_INTEGER);
  const startMs = Number(options.start);
  requireInteger("start", startMs, YEAR_0_MS, MAX_TIMESTAMP_MS, "ms since 1970");
  const nCustomers = options.nCustomers ?? defaultCustomers(count);
  requireInteger("nCustomers", nCustomers, 1, MOST_ENTITIES);
  const nTerminals = options.nTerminals ?? Math.min(MOST_ENTITIES, 2 * nCustomers);
  requireInteger("nTerminals", nTerminals, 1, MOST_ENTITIES);
  const { randomSeed, fraudRate = 0.01, labelDelayMs = 7 * DAY_MS, labels = "all" } = options;
  requireInteger("randomSeed", randomSeed, 0, 2 ** 32 - 1);
  requireInteger("labelDelayMs", labelDelayMs, 0, Number.MAX_SAFE_INTEGER, "ms");
  if (!(fraudRate >= 0 && fraudRate <= 0.5)) throw outOfRange("fraudRate", "between 0 and 0.5", fraudRate);
  if (!LABEL_MODES.includes(labels)) throw outOfRange("labels", LABEL_MODES.join(", "), labels);
  return { randomSeed, startMs, count, fraudRate, nCustomers, nTerminals, labelDelayMs, labels };
}

function defaultCustomers(count: number): number {
  if (count === Infinity) return ENDLESS_CUSTOMERS;
  const needed = Math.round(count / (SPAN_DAYS * PER_CUSTOMER_AND_DAY));
  return Math.min(MOST_CUSTOMERS, Math.max(FEWEST_CUSTOMERS, needed));
}

function requireInteger(name: string, value: number, from: number, to: number, unit = ""): void {
  if (!Number.isInteger(value) || value < from || value > to) {
    throw outOfRange(name, `a whole number from ${from} to ${to} ${unit}`.trimEnd(), value);
  }
}

function outOfRange(name: string, required: string, value: unknown): RangeError {
  return new RangeError(
    `Cannot simulate transactions as ${name} must be ${required}: current value is ${value}`,
  );
}
