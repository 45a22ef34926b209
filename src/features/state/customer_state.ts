import { elapsedSeconds, storedAfter } from "./elapsed.ts";
import { KeyTable } from "./key_table.ts";
import type { RowState } from "./row_state.ts";
import type { SnapshotReader } from "./snapshot_reader.ts";
import type { SnapshotWriter } from "./snapshot_writer.ts";

/** An amount counts in the customer's mean only up to so many sd above it, so that a fraud does not become usual. */
const WINSOR_SD = 3;
/** Least weight of a new amount in the customer's mean and variance. */
const LEAST_RATE = 0.01;
/** Transactions until a customer's own mean and sd stand alone; before, those of all customers have a share. */
const OWN_AFTER = 20;
/** Least weight of a new amount in the mean of all customers. */
const LEAST_PRIOR_RATE = 1e-4;
/** Amounts until the spread of all customers is known well enough to cap by it. */
const PRIOR_AFTER = 10;
/** Largest spread of all customers, as a share of their mean. */
const MOST_PRIOR_SPREAD = 1;
/** Least sd as a share of the mean, for customers who always spend the same. */
const LEAST_SPREAD = 0.05;
/** A z above this adds its excess to the suspicion, up to the most. */
const USUAL_Z = 2;
const MOST_EXCESS = 10;
const SUSPICION_S = 14 * 86_400;
const HOUR_S = 3600;
const FRAUDS_S = 28 * 86_400;

const COUNT = 0, MEAN = 1, VARIANCE = 2, TIME = 3, SUSPICION = 4;
/** Three counts, see `Velocity`. */
const COUNTS = 5;
const AMOUNT_HOUR = 8;
const FRAUDS_TIME = 9, FRAUDS = 10;

/** Which optional parts of each customer's state are kept. */
export interface CustomerParts {
  /** Counts of late. */
  velocity: boolean;
  /** Sum over the last hour. */
  amounts: boolean;
  /** Known frauds. */
  labels: boolean;
}

/**
 * What the state knows of each customer: usual amount and spread, earlier excess, velocity, known frauds.
 *
 * A customer takes 32 bytes, 44 with velocity, 48 with amounts and 56 with labels, and its share of the index. Little-known customers
 * lean on the spending at large, kept as mean and variance of the logarithm, where one absurd amount weighs little.
 */
export class CustomerState {
  readonly #table: KeyTable;
  readonly #parts: CustomerParts;
  readonly #prior = { mean: 0.5, spread: 0.5 };
  #priorCount = 0;
  #logMean = 0;
  #logVariance = 0;

  /** Makes the state of no customer. */
  constructor(parts: CustomerParts, maxKeys: number) {
    this.#parts = parts;
    this.#table = new KeyTable(parts.labels ? 11 : parts.amounts ? 9 : parts.velocity ? 8 : 5, maxKeys);
  }

  /** Customers remembered. */
  get size(): number {
    return this.#table.size;
  }

  /** Customers forgotten. */
  get evicted(): number {
    return this.#table.evicted;
  }

  /** Brings what `find` reads first close. */
  warmSlot(low: number, high: number): number {
    return this.#table.warmSlot(low, high);
  }

  /** Where a customer is, for a `take` soon, or -1. */
  find(low: number, high: number): number {
    return this.#table.find(low, high);
  }

  /** Reads what is known of a customer into the row, whose amount is set, and takes no note of it. */
  read(low: number, high: number, seconds: number, row: RowState): void {
    this.#readAt(this.#table.find(low, high), seconds, row);
  }

  /** Reads what is known of a customer into the row, whose amount is set, then takes the row in; `expected` is what `find` gave. */
  take(low: number, high: number, seconds: number, row: RowState, expected = -1): void {
    const table = this.#table;
    const at = table.touch(low, high, expected);
    this.#readAt(at, seconds, row);
    const { words, floats } = table;
    const count = words[at + COUNT] + 1;
    const rate = Math.max(1 / count, LEAST_RATE);
    const distance = Math.min(row.amount, row.customerMean + WINSOR_SD * row.customerSd) - floats[at + MEAN];
    words[at + COUNT] = count;
    floats[at + MEAN] += rate * distance;
    floats[at + VARIANCE] = (1 - rate) * (floats[at + VARIANCE] + rate * distance * distance);
    floats[at + SUSPICION] = row.suspicion + Math.min(Math.max(row.z - USUAL_Z, 0), MOST_EXCESS);
    if (this.#parts.velocity) row.customerVelocity.write(floats, at + COUNTS);
    if (this.#parts.amounts) floats[at + AMOUNT_HOUR] = row.customerAmountHour + row.amount;
    words[at + TIME] = storedAfter(words[at + TIME], seconds);
    this.#takeIntoPrior(row.amount);
  }

  /**
   * Adds a known fraud (`change` 1), or takes one back that a later label denies (-1, with the time of the first label).
   * A customer that this state has not seen is left out.
   */
  label(low: number, high: number, seconds: number, change: 1 | -1): void {
    const at = this.#parts.labels ? this.#table.find(low, high) : -1;
    if (at < 0) return;
    const { words, floats } = this.#table;
    const stored = words[at + FRAUDS_TIME];
    const now = storedAfter(stored, seconds);
    const kept = floats[at + FRAUDS] * Math.exp(-elapsedSeconds(stored, now) / FRAUDS_S);
    floats[at + FRAUDS] = Math.max(kept + change * Math.exp(-elapsedSeconds(seconds, now) / FRAUDS_S), 0);
    words[at + FRAUDS_TIME] = now;
  }

  #readAt(at: number, seconds: number, row: RowState): void {
    const { words, floats } = this.#table;
    const count = at < 0 ? 0 : words[at + COUNT];
    let mean = 0;
    let sd = 0;
    if (count > 0) {
      mean = floats[at + MEAN];
      sd = Math.sqrt(floats[at + VARIANCE]);
    }
    if (count < OWN_AFTER) {
      const own = count / OWN_AFTER;
      const prior = this.#priorOf(row.amount);
      mean = own * mean + (1 - own) * prior.mean;
      sd = own * sd + (1 - own) * prior.spread * mean;
    }
    row.customerCount = count;
    row.customerMean = mean;
    row.customerSd = Math.max(sd, LEAST_SPREAD * mean);
    row.z = (row.amount - mean) / row.customerSd;
    if (at < 0) {
      row.customerVelocity.clear();
      row.suspicion =
        row.customerAmountHour =
        row.customerFrauds =
          0;
      return;
    }
    const elapsed = elapsedSeconds(words[at + TIME], seconds);
    const suspicion = floats[at + SUSPICION];
    row.suspicion = suspicion === 0 ? 0 : suspicion * Math.exp(-elapsed / SUSPICION_S);
    if (this.#parts.velocity) row.customerVelocity.read(floats, at + COUNTS, elapsed);
    if (this.#parts.amounts) row.customerAmountHour = floats[at + AMOUNT_HOUR] * Math.exp(-elapsed / HOUR_S);
    if (this.#parts.labels) {
      const sinceLabel = elapsedSeconds(words[at + FRAUDS_TIME], seconds);
      row.customerFrauds = floats[at + FRAUDS] * Math.exp(-sinceLabel / FRAUDS_S);
    }
  }

  /** Mean and relative spread of a log-normal amount; the very first amount is its own mean. Filled anew each time. */
  #priorOf(amount: number): { mean: number; spread: number } {
    const prior = this.#prior;
    prior.mean = this.#priorCount === 0 ? amount : Math.exp(this.#logMean + this.#logVariance / 2);
    const spread = this.#priorCount < 2 ? MOST_PRIOR_SPREAD : Math.sqrt(Math.exp(this.#logVariance) - 1);
    prior.spread = Math.min(spread, MOST_PRIOR_SPREAD);
    return prior;
  }

  #takeIntoPrior(amount: number): void {
    const most = this.#priorCount < PRIOR_AFTER ? Infinity : WINSOR_SD * Math.sqrt(this.#logVariance);
    const rate = Math.max(1 / ++this.#priorCount, LEAST_PRIOR_RATE);
    const distance = Math.min(Math.max(Math.log(amount) - this.#logMean, -most), most);
    this.#logMean += rate * distance;
    this.#logVariance = (1 - rate) * (this.#logVariance + rate * distance * distance);
  }

  /** Whether the customer is remembered. */
  knows(low: number, high: number): boolean {
    return this.#table.find(low, high) >= 0;
  }

  /** Takes over what another state of the same parts knows of one customer and of all of them. */
  copyFrom(other: CustomerState, low: number, high: number): void {
    this.#priorCount = other.#priorCount;
    this.#logMean = other.#logMean;
    this.#logVariance = other.#logVariance;
    this.#table.copyFrom(other.#table, low, high);
  }

  /** Writes the state. */
  save(out: SnapshotWriter): void {
    out.numbers([this.#priorCount, this.#logMean, this.#logVariance]);
    this.#table.save(out);
  }

  /** Takes a state that `save` wrote. */
  load(from: SnapshotReader): void {
    [this.#priorCount, this.#logMean, this.#logVariance] = from.numbers(3);
    this.#table.load(from);
  }
}
