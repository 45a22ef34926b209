import { KeyTable } from "./key_table.ts";
import {
  type ColumnSet,
  type CustomerColumns,
  elapsedSeconds,
  type RowState,
  type StatePart,
  storedAfter,
} from "./part.ts";
import type { SnapshotReader, SnapshotWriter } from "./snapshot.ts";

/** An amount counts in the customer's mean up to this many sd above it, so that a fraud does not become usual. */
const WINSOR_SD = 3;
/** Least weight of a new amount in the customer's mean and variance. */
const LEAST_RATE = 0.01;
/** Transactions until a customer's own mean and sd stand alone; before, those of all customers count too. */
const OWN_AFTER = 20;
/** Least weight of a new amount in the mean of all customers. */
const LEAST_PRIOR_RATE = 1e-4;
/** What the amounts of new customers are compared with. */
export interface UsualAmount {
  /** Major units, above 0. */
  mean: number;
  /** Standard deviation over the mean, from 0 to 1. */
  spread: number;
}

/** Mean and relative spread of a log-normal amount. */
export function usualAmount(logMean: number, logVariance: number): UsualAmount {
  return {
    mean: Math.exp(logMean + logVariance / 2),
    spread: Math.min(Math.sqrt(Math.exp(logVariance) - 1), MOST_PRIOR_SPREAD),
  };
}

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

const COUNT = 0, MEAN = 1, VARIANCE = 2, TIME = 3, SUSPICION = 4;

/** Usual amount and spread, and earlier excess, of each customer; always kept. */
export const SPENDING: StatePart = { name: "spending", open: () => ({}) };
/** Words of a customer's spending; the columns of other parts follow. */
export const CUSTOMER_WORDS = 5;

/**
 * What the state knows of each customer: usual amount, spread, earlier excess, and the columns of the parts in use.
 *
 * A customer takes 32 bytes, 4 for each word of the columns, and its share of the index. Little-known customers lean on
 * the usual amount of the model's training, which no record changes. Where none is given, as in a training, it is learned
 * from the stream as mean and variance of the logarithm, where one absurd amount weighs little.
 */
export class CustomerState {
  readonly table: KeyTable;
  readonly #columns: ColumnSet<CustomerColumns>;
  /** A customer of whom nothing is known. */
  readonly #stranger: KeyTable;
  readonly #prior: UsualAmount = { mean: 0.5, spread: 0.5 };
  readonly #learnsPrior: boolean;
  #priorCount = 0;
  #logMean = 0;
  #logVariance = 0;

  /** Makes the state of no customer, with these columns. */
  constructor(columns: ColumnSet<CustomerColumns>, maxKeys: number, usual?: UsualAmount) {
    this.#columns = columns;
    this.#learnsPrior = usual === undefined;
    Object.assign(this.#prior, usual);
    const words = Math.max(CUSTOMER_WORDS, columns.words);
    this.table = new KeyTable(words, maxKeys);
    this.#stranger = new KeyTable(words, 1);
    this.#stranger.touch(0, 0);
  }

  /** Event time of the latest transaction, seconds since 1970, or -1. */
  lastSeen(low: number, high: number): number {
    const at = this.table.find(low, high);
    return at < 0 ? -1 : this.table.words[at + TIME];
  }

  /** Reads what is known of a customer into the row, whose amount is set, and changes nothing. */
  read(low: number, high: number, row: RowState): void {
    const at = this.table.find(low, high);
    if (at < 0) this.#readAt(this.#stranger, this.#stranger.find(0, 0), row);
    else this.#readAt(this.table, at, row);
  }

  /** Reads as `read` does, then takes the row in; `expected` is what `table.find` gave. */
  take(low: number, high: number, row: RowState, expected = -1): void {
    const { table } = this;
    const at = table.touch(low, high, expected);
    this.#readAt(table, at, row);
    const { words, floats } = table;
    const count = words[at + COUNT] + 1;
    const rate = Math.max(1 / count, LEAST_RATE);
    const distance = Math.min(row.amount, row.customerMean + WINSOR_SD * row.customerSd) - floats[at + MEAN];
    words[at + COUNT] = count;
    floats[at + MEAN] += rate * distance;
    floats[at + VARIANCE] = (1 - rate) * (floats[at + VARIANCE] + rate * distance * distance);
    floats[at + SUSPICION] = row.suspicion + Math.min(Math.max(row.z - USUAL_Z, 0), MOST_EXCESS);
    this.#columns.take(table, at, row);
    words[at + TIME] = storedAfter(words[at + TIME], row.seconds);
    if (this.#learnsPrior) this.#takeIntoPrior(row.amount);
  }

  /** Passes a known fraud of a customer, or one taken back, to the columns; a customer not seen before is left out. */
  label(low: number, high: number, seconds: number, change: 1 | -1): void {
    const at = this.#columns.takesLabels ? this.table.find(low, high) : -1;
    if (at >= 0) this.#columns.label(this.table, at, seconds, change);
  }

  #readAt(table: KeyTable, at: number, row: RowState): void {
    const { words, floats } = table;
    const count = words[at + COUNT];
    let mean = floats[at + MEAN];
    let sd = Math.sqrt(floats[at + VARIANCE]);
    if (count < OWN_AFTER) {
      const own = count / OWN_AFTER;
      const prior = this.#priorOf(row.amount);
      mean = own * mean + (1 - own) * prior.mean;
      sd = own * sd + (1 - own) * prior.spread * mean;
    }
    row.customerMean = mean;
    row.customerSd = Math.max(sd, LEAST_SPREAD * mean);
    row.z = (row.amount - mean) / row.customerSd;
    const elapsed = elapsedSeconds(words[at + TIME], row.seconds);
    const suspicion = floats[at + SUSPICION];
    row.suspicion = suspicion === 0 ? 0 : suspicion * Math.exp(-elapsed / SUSPICION_S);
    this.#columns.read(table, at, row, elapsed);
  }

  /** The very first amount is its own mean. */
  #priorOf(amount: number): UsualAmount {
    const prior = this.#prior;
    if (!this.#learnsPrior) return prior;
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

  /** Copies what another state knows of one customer and of all of them. */
  copyFrom(other: CustomerState, low: number, high: number): void {
    this.#priorCount = other.#priorCount;
    this.#logMean = other.#logMean;
    this.#logVariance = other.#logVariance;
    this.table.copyFrom(other.table, low, high);
  }

  save(out: SnapshotWriter): void {
    out.numbers([this.#priorCount, this.#logMean, this.#logVariance]);
    this.table.save(out);
  }

  load(from: SnapshotReader): void {
    [this.#priorCount, this.#logMean, this.#logVariance] = from.numbers(3);
    this.table.load(from);
  }
}
