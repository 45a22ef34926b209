import type { RandomStream } from "./random.ts";

const DAY_MS = 86_400_000;
const SLOTS = 96;
const SLOT_MS = DAY_MS / SLOTS;
const NOON_MS = DAY_MS / 2;
const SPREAD_MS = 20_000_000;

/** Share of a day's transactions in each quarter of an hour: a normal around noon, sd 20,000 s, cut at midnight. */
const SLOT_SHARE = slotShares();

/**
 * The times at which all customers together pay: a Poisson process whose rate follows the time of day (UTC).
 *
 * The handbook draws, for each customer and day, a Poisson number of times around noon. Their union is this process: one
 * clock yields it in order without holding a day in memory.
 */
export class Arrivals {
  readonly #random: RandomStream;
  readonly #ratePerMs: Float64Array;
  #timeMs: number;
  #slot: number;
  #slotEndMs: number;

  /** Starts at `startMs` with `perDay` transactions a day on average, more than 0. */
  constructor(random: RandomStream, startMs: number, perDay: number) {
    this.#random = random;
    this.#ratePerMs = SLOT_SHARE.map((share) => share * perDay / SLOT_MS);
    this.#timeMs = startMs;
    const sinceMidnight = startMs - Math.floor(startMs / DAY_MS) * DAY_MS;
    this.#slot = Math.min(SLOTS - 1, Math.floor(sinceMidnight / SLOT_MS));
    this.#slotEndMs = startMs - sinceMidnight + (this.#slot + 1) * SLOT_MS;
  }

  /** The time of the next transaction in milliseconds since 1970, with a fraction; never before the last one. */
  next(): number {
    let wait = this.#random.exponential();
    for (;;) {
      const rate = this.#ratePerMs[this.#slot];
      const left = (this.#slotEndMs - this.#timeMs) * rate;
      if (wait < left) return this.#timeMs += wait / rate;
      wait -= left;
      this.#timeMs = this.#slotEndMs;
      this.#slotEndMs += SLOT_MS;
      this.#slot = (this.#slot + 1) % SLOTS;
    }
  }
}

/** Weights are whole numbers, so that no last bit of `Math.exp` gets into the stream. */
function slotShares(): Float64Array {
  const weights = Float64Array.from({ length: SLOTS }, (_, slot) => {
    const z = ((slot + 0.5) * SLOT_MS - NOON_MS) / SPREAD_MS;
    return Math.round(1e6 * Math.exp(-z * z / 2));
  });
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}
