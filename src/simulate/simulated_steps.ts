import { Arrivals } from "./arrivals.ts";
import type { Scenario } from "./events/event.ts";
import { FraudPlan } from "./fraud_plan.ts";
import type { Merchant } from "./merchants.ts";
import { PendingLabels } from "./pending_labels.ts";
import { Population } from "./population.ts";
import { RandomStream } from "./random.ts";
import type { SimulateOptions } from "./simulate.ts";
import { readSimulateOptions } from "./simulate_options.ts";

/** Streams of random numbers of one seed. */
const Stream = { arrivals: 0, purchases: 1, frauds: 2 } as const;

/** A transaction or a label of a simulation, in numbers. */
export interface SimulatedStep {
  /** Whether it is a label; then `amountMinor` and `merchant` are those of some transaction before. */
  isLabel: boolean;
  /** Number of the transaction in its stream. */
  index: number;
  /** The customer's number. */
  customer: number;
  /** The terminal's number. */
  terminal: number;
  /** Time of the transaction, whole milliseconds since 1970. */
  timestampMs: number;
  /** Minor units of the currency, more than 0. */
  amountMinor: number;
  /** Who sold: currency, category, country and channel. */
  merchant: Merchant;
  /** Which fraud it is; 0 for none. */
  scenario: Scenario;
}

/**
 * The steps of `simulate` before they are put into words.
 *
 * Every step is the same object, written anew: read it before the next one is asked for.
 *
 * @throws {RangeError} When an option is out of range.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { simulatedSteps } from "./simulated_steps.ts";
 *
 * const steps = simulatedSteps({ randomSeed: 7, start: 0, count: 2 });
 * assertEquals(Array.from(steps, ({ isLabel, index }) => [isLabel, index]), [
 *   [false, 0],
 *   [false, 1],
 *   [true, 0],
 *   [true, 1],
 * ]);
 * ```
 */
export function simulatedSteps(
  options: SimulateOptions,
): Generator<Readonly<SimulatedStep>, void, undefined> {
  return stepsOf(readSimulateOptions(options));
}

function* stepsOf(
  { randomSeed, startMs, count, fraudRate, nCustomers, nTerminals, labelDelayMs, labels }: ReturnType<
    typeof readSimulateOptions
  >,
): Generator<Readonly<SimulatedStep>, void, undefined> {
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
