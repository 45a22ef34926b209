import type { Population } from "../population.ts";
import type { RandomStream } from "../random.ts";

const HOUR_MS = 3_600_000;
/** Payments of one burst. */
const [MIN_SIZE, MAX_SIZE] = [6, 30];
/** Mean time between two payments of one burst. */
const [MIN_GAP_MS, MAX_GAP_MS] = [1000, 10_000];
/** Tested amounts, minor units. */
const [MIN_AMOUNT, MAX_AMOUNT] = [20, 300];
/** Bursts of many cards at few shops, the others being one card at many shops. */
const MANY_CARDS_SHARE = 0.6;
/** Shops of a burst with many cards, at most. */
const FEW_SHOPS = 3;
/** A burst begins up to this long after it is due, at any hour of the day. */
const MAX_DELAY_MS = 6 * HOUR_MS;
/** And at most this many ordinary transactions later, so that short streams have bursts too. */
const MAX_DELAY_TRANSACTIONS = 500;

/** One payment that tests a card. */
export interface CardTest {
  /** Milliseconds since 1970, with a fraction. */
  readonly timeMs: number;
  readonly customer: number;
  readonly terminal: number;
  readonly amountMinor: number;
}

interface Burst {
  nextMs: number;
  left: number;
  readonly meanGapMs: number;
  /** -1: another card each time. */
  readonly customer: number;
  /** Empty: another shop each time. */
  readonly shops: readonly number[];
}

/**
 * Bursts that find out which stolen cards work: within minutes, many small online payments, by many cards at one to
 * three shops or by one card at many. They come on top of what the card holders buy, at any hour.
 */
export class CardTesting {
  /** When the next test is due, milliseconds since 1970; infinity while no burst is planned. */
  nextMs: number = Infinity;
  readonly #random: RandomStream;
  readonly #population: Population;
  readonly #maxDelayMs: number;
  readonly #bursts: Burst[] = [];
  #planned = 0;
  #size: number;

  /** Makes bursts among a population that makes `perMs` ordinary transactions a millisecond. */
  constructor(random: RandomStream, population: Population, perMs: number) {
    this.#random = random;
    this.#population = population;
    this.#maxDelayMs = Math.min(MAX_DELAY_MS, MAX_DELAY_TRANSACTIONS / perMs);
    this.#size = this.#drawSize();
  }

  /** Moves to a time at which `owed` tests are missing so far; plans a burst when half of it is owed. */
  advance(timeMs: number, owed: number): void {
    if (2 * (owed - this.#planned) < this.#size) return;
    const manyCards = this.#random.uniform() < MANY_CARDS_SHARE;
    this.#bursts.push({
      nextMs: timeMs + this.#random.uniform() * this.#maxDelayMs,
      left: this.#size,
      meanGapMs: MIN_GAP_MS + (MAX_GAP_MS - MIN_GAP_MS) * this.#random.uniform(),
      customer: manyCards ? -1 : this.#random.integer(this.#population.nCustomers),
      shops: manyCards ? Array.from({ length: 1 + this.#random.integer(FEW_SHOPS) }, () => this.#shop()) : [],
    });
    this.#planned += this.#size;
    this.#size = this.#drawSize();
    this.#findNext();
  }

  /** The test that is due at `nextMs`. */
  take(): CardTest {
    const at = this.#bursts.findIndex((burst) => burst.nextMs === this.nextMs);
    const burst = this.#bursts[at];
    const random = this.#random;
    const test = {
      timeMs: burst.nextMs,
      customer: burst.customer < 0 ? random.integer(this.#population.nCustomers) : burst.customer,
      terminal: burst.shops.length > 0 ? burst.shops[random.integer(burst.shops.length)] : this.#shop(),
      amountMinor: MIN_AMOUNT + random.integer(MAX_AMOUNT - MIN_AMOUNT + 1),
    };
    burst.nextMs += burst.meanGapMs * random.exponential();
    if (--burst.left === 0) this.#bursts.splice(at, 1);
    this.#planned--;
    this.#findNext();
    return test;
  }

  #shop(): number {
    return this.#population.online[this.#random.integer(this.#population.online.length)];
  }

  #drawSize(): number {
    return MIN_SIZE + this.#random.integer(MAX_SIZE - MIN_SIZE + 1);
  }

  #findNext(): void {
    this.nextMs = Infinity;
    for (const burst of this.#bursts) this.nextMs = Math.min(this.nextMs, burst.nextMs);
  }
}
