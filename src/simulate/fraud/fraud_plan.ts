import { CardTesting } from "./card_testing.ts";
import { Compromises } from "./compromises.ts";
import type { Scenario } from "../events/event.ts";
import type { Population } from "../population.ts";
import type { RandomStream } from "../random.ts";

const DAY_MS = 86_400_000;
/** Share of each scenario in all frauds, at the scenario's number; the handbook's mix with card testing added. */
const SCENARIO_SHARE = [0, 0.1, 0.42, 0.28, 0.2];
/** Amounts of scenario 1 lie above this; minor units. */
const HIGH_AMOUNT_MINOR = 22_000;
/** Mean of what they lie above it; minor units. */
const MEAN_EXCESS_MINOR = 8_000;
const TERMINAL_DURATION_MS = 28 * DAY_MS;
const CARD_DURATION_MS = 14 * DAY_MS;
/** Share of a compromised card's transactions that are fraud, and what they multiply the amount by. */
const CARD_FRAUD_SHARE = 1 / 3;
const CARD_AMOUNT_FACTOR = 5;
/** Frauds owed that double the chance of a high amount. */
const OWED_THAT_DOUBLES = 5;

/**
 * Who is defrauded when: the handbook's three scenarios and card testing, as often as the fraud rate wants.
 *
 * 1: a single amount above 220. 2: each transaction at a compromised terminal for 28 days, amounts unchanged. 3: a third
 * of a compromised card's transactions for 14 days, amounts times 5. 4: card testing. If several apply, the higher
 * number holds, as in the handbook. If one terminal or card would make more frauds in its time than the rate leaves for
 * all, that time is shorter. Each scenario counts the frauds it owes, its share of the rate times the transactions so
 * far, and works faster or slower by that.
 */
export class FraudPlan {
  /** The bursts of scenario 4. */
  readonly cardTesting: CardTesting;
  readonly #random: RandomStream;
  readonly #terminals: Compromises;
  readonly #cards: Compromises;
  /** Frauds wanted a transaction, and made so far, by scenario. */
  readonly #wanted: number[];
  readonly #made = [0, 0, 0, 0, 0];
  #nTransactions = 0;

  /** Plans frauds at `fraudRate` (0 to 0.5) from `startMs` (milliseconds since 1970) on. */
  constructor(
    random: RandomStream,
    population: Population,
    { fraudRate, startMs }: { readonly fraudRate: number; readonly startMs: number },
  ) {
    this.#random = random;
    this.#wanted = SCENARIO_SHARE.map((share) => share * fraudRate);
    // Card tests come on top, so all transactions are a little more than the ordinary ones.
    const ordinaryPerMs = population.totalPerDay / DAY_MS;
    const perMs = ordinaryPerMs / (1 - this.#wanted[4]);
    const fraudsPerTerminal = ordinaryPerMs / population.nTerminals;
    this.#terminals = new Compromises(random, {
      nEntities: population.nTerminals,
      durationMs: TERMINAL_DURATION_MS,
      targetPerMs: this.#wanted[2] * perMs,
      fraudsPerMs: () => fraudsPerTerminal,
      meanFraudsPerMs: fraudsPerTerminal,
      startMs,
    });
    this.#cards = new Compromises(random, {
      nEntities: population.nCustomers,
      durationMs: CARD_DURATION_MS,
      targetPerMs: this.#wanted[3] * perMs,
      fraudsPerMs: (customer) => population.perDay[customer] * CARD_FRAUD_SHARE / DAY_MS,
      meanFraudsPerMs: ordinaryPerMs / population.nCustomers * CARD_FRAUD_SHARE,
      startMs,
    });
    this.cardTesting = new CardTesting(random, population, ordinaryPerMs);
  }

  /** The scenario of an ordinary transaction; call it once for each, in time order. */
  scenarioOf(timeMs: number, customer: number, terminal: number): Scenario {
    this.#terminals.advance(timeMs, this.#owed(2));
    this.#cards.advance(timeMs, this.#owed(3));
    if (this.#cards.has(customer, timeMs) && this.#random.uniform() < CARD_FRAUD_SHARE) return 3;
    if (this.#terminals.has(terminal, timeMs)) return 2;
    const chance = this.#wanted[1] * (1 + this.#owed(1) / OWED_THAT_DOUBLES);
    return this.#random.uniform() < chance ? 1 : 0;
  }

  /** What a transaction of a scenario costs, minor units, when the customer would have paid `amountMinor`. */
  amountMinor(scenario: Scenario, amountMinor: number): number {
    if (scenario === 1) {
      return HIGH_AMOUNT_MINOR + 1 + Math.floor(MEAN_EXCESS_MINOR * this.#random.exponential());
    }
    return scenario === 3 ? CARD_AMOUNT_FACTOR * amountMinor : amountMinor;
  }

  /** Counts a transaction that was made, and plans what follows from it. */
  count(timeMs: number, scenario: Scenario): void {
    this.#nTransactions++;
    this.#made[scenario]++;
    if (this.#wanted[4] > 0) this.cardTesting.advance(timeMs, this.#owed(4));
  }

  #owed(scenario: Scenario): number {
    return this.#wanted[scenario] * this.#nTransactions - this.#made[scenario];
  }
}
