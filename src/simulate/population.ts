import { drawMerchant, type Merchant } from "./merchants.ts";
import { entityUniform, type RandomStream } from "./random.ts";

/** Side of the square that customers and terminals are spread over. */
const GRID = 100;
/** The handbook's radius for 10,000 terminals; it grows as terminals get fewer, so that a customer keeps some 78. */
const RADIUS_AT_10_000 = 5;
/** Most transactions a day of one customer; the handbook draws from 0 to 4. */
const MAX_PER_DAY = 4;
const MIN_PER_DAY = 0.1;
/** Mean amounts of customers, major units. */
const [MIN_MEAN, MAX_MEAN] = [5, 100];
/** No legitimate amount is higher, which is the handbook's rule for its scenario 1; major units. */
const MAX_LEGITIMATE_AMOUNT = 220;
const ONLINE_SHARE = 0.25;
/** Online merchants that one customer buys from. */
const N_FAVOURITES = 8;
const MAX_TRIES = 64;
/** Cash machines pay out notes; minor units. */
const NOTE_MINOR = 500;

/** Attributes of entities that `entityUniform` draws. */
const Attribute = {
  customerX: 1,
  customerY: 2,
  meanAmount: 3,
  perDay: 4,
  terminalX: 11,
  terminalY: 12,
  channel: 13,
  category: 14,
  country: 15,
  favourite: 100,
} as const;

/**
 * Customers and terminals as the handbook's generator has them: places on a 100 × 100 grid, each customer with a mean
 * amount (5 to 100), a standard deviation of half of it, 0.1 to 4 transactions a day, and the terminals within a radius.
 *
 * Beyond the handbook, a fifth of the terminals sell online and have no place: a customer buys from eight of them. A
 * customer's profile depends only on the seed and its number. Some 16 bytes a customer and 14 a terminal.
 *
 * Source: Le Borgne, Siblini, Lebichot & Bontempi, *Reproducible Machine Learning for Credit Card Fraud Detection*,
 * chapter 3, "Transaction data simulator".
 */
export class Population {
  readonly nCustomers: number;
  readonly nTerminals: number;
  /** Of each customer, major units. */
  readonly meanAmount: Float32Array;
  /** Mean number of transactions a day of each customer. */
  readonly perDay: Float32Array;
  readonly totalPerDay: number;
  /** Numbers of the terminals that sell online; never empty. */
  readonly online: Uint32Array;
  readonly #seed: number;
  readonly #customerX: Float32Array;
  readonly #customerY: Float32Array;
  readonly #terminalX: Float32Array;
  readonly #terminalY: Float32Array;
  readonly #merchants: Merchant[] = [];
  readonly #merchantOf: Uint16Array;
  readonly #radius: number;
  /** Cells a side; a cell is at least a radius wide, so that a circle lies within 3 × 3 cells. */
  readonly #cells: number;
  /** Placed terminals, cell after cell, and where each cell starts. */
  readonly #placed: Uint32Array;
  readonly #cellStart: Uint32Array;

  /** Draws the population of a seed; both numbers are at least 1. */
  constructor(seed: number, nCustomers: number, nTerminals: number) {
    this.#seed = seed;
    this.nCustomers = nCustomers;
    this.nTerminals = nTerminals;
    const of = (attribute: number, n: number, from: number, to: number) =>
      Float32Array.from({ length: n }, (_, i) => from + (to - from) * entityUniform(seed, attribute, i));
    this.#customerX = of(Attribute.customerX, nCustomers, 0, GRID);
    this.#customerY = of(Attribute.customerY, nCustomers, 0, GRID);
    this.meanAmount = of(Attribute.meanAmount, nCustomers, MIN_MEAN, MAX_MEAN);
    this.perDay = of(Attribute.perDay, nCustomers, MIN_PER_DAY, MAX_PER_DAY);
    this.totalPerDay = this.perDay.reduce((sum, rate) => sum + rate, 0);
    this.#terminalX = of(Attribute.terminalX, nTerminals, 0, GRID);
    this.#terminalY = of(Attribute.terminalY, nTerminals, 0, GRID);
    this.#merchantOf = this.#drawMerchants();

    const online: number[] = [];
    const placed: number[] = [];
    for (let i = 0; i < nTerminals; i++) (this.merchant(i).channel === "online" ? online : placed).push(i);
    this.online = Uint32Array.from(online);
    this.#radius = Math.min(GRID, RADIUS_AT_10_000 * Math.sqrt(10_000 / Math.max(1, placed.length)));
    this.#cells = Math.max(1, Math.floor(GRID / this.#radius));
    this.#cellStart = new Uint32Array(this.#cells * this.#cells + 1);
    this.#placed = this.#sortByCell(placed);
  }

  merchant(terminal: number): Merchant {
    return this.#merchants[this.#merchantOf[terminal]];
  }

  /** Draws a customer, each as often as it pays. */
  drawCustomer(random: RandomStream): number {
    for (;;) {
      const customer = random.integer(this.nCustomers);
      if (random.uniform() * MAX_PER_DAY < this.perDay[customer]) return customer;
    }
  }

  /** Draws a terminal of the customer: one within the radius, all equally likely, or one of its online merchants. */
  drawTerminal(random: RandomStream, customer: number): number {
    if (this.#placed.length === 0 || random.uniform() < ONLINE_SHARE) {
      const favourite = Attribute.favourite + random.integer(N_FAVOURITES);
      return this.online[Math.floor(entityUniform(this.#seed, favourite, customer) * this.online.length)];
    }
    const [x, y] = [this.#customerX[customer], this.#customerY[customer]];
    const column = this.#cell(x);
    const row = this.#cell(y);
    const from = Math.max(0, column - 1);
    const to = Math.min(this.#cells, column + 2);
    const cellAt = (r: number, c: number) =>
      r < 0 || r >= this.#cells ? 0 : this.#cellStart[r * this.#cells + c];
    const [a, b, c] = [cellAt(row - 1, from), cellAt(row, from), cellAt(row + 1, from)];
    const nA = cellAt(row - 1, to) - a;
    const nB = cellAt(row, to) - b;
    const n = nA + nB + cellAt(row + 1, to) - c;
    if (n === 0) return this.#placed[random.integer(this.#placed.length)];
    let terminal = 0;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const k = random.integer(n);
      terminal = this.#placed[k < nA ? a + k : k < nA + nB ? b + k - nA : c + k - nA - nB];
      const [dx, dy] = [this.#terminalX[terminal] - x, this.#terminalY[terminal] - y];
      if (dx * dx + dy * dy < this.#radius * this.#radius) break;
    }
    return terminal;
  }

  /** Draws a legitimate amount of the customer, minor units: normal, and uniform if that is out of range; at least 1. */
  drawAmountMinor(random: RandomStream, customer: number): number {
    const mean = this.meanAmount[customer];
    let amount = mean + mean / 2 * random.normal();
    if (amount <= 0 || amount > MAX_LEGITIMATE_AMOUNT) amount = 2 * mean * random.uniform();
    return Math.max(1, Math.round(100 * amount));
  }

  /** The amount that the terminal takes: a cash machine pays whole notes, rounded up. */
  payableMinor(terminal: number, amountMinor: number): number {
    return this.merchant(terminal).channel === "atm"
      ? Math.ceil(amountMinor / NOTE_MINOR) * NOTE_MINOR
      : amountMinor;
  }

  #cell(coordinate: number): number {
    return Math.min(this.#cells - 1, Math.floor(coordinate * this.#cells / GRID));
  }

  #drawMerchants(): Uint16Array {
    const numbers = new Map<string, number>();
    const merchantOfTerminal = new Uint16Array(this.nTerminals);
    const intern = (merchant: Merchant) => {
      const key = `${merchant.channel} ${merchant.merchantCategory} ${merchant.country}`;
      let number = numbers.get(key);
      if (number === undefined) {
        number = this.#merchants.push(merchant) - 1;
        numbers.set(key, number);
      }
      return number;
    };
    let anyOnline = false;
    const draw = (attribute: number, i: number) => entityUniform(this.#seed, attribute, i);
    const attributes = (i: number): [number, number, number] => [
      draw(Attribute.channel, i),
      draw(Attribute.category, i),
      draw(Attribute.country, i),
    ];
    const place = (i: number) => ({ x: this.#terminalX[i], y: this.#terminalY[i] });
    for (let i = 0; i < this.nTerminals; i++) {
      const merchant = drawMerchant(attributes(i), place(i));
      anyOnline ||= merchant.channel === "online";
      merchantOfTerminal[i] = intern(merchant);
    }
    // Card testing needs an online shop.
    if (!anyOnline) merchantOfTerminal[0] = intern(drawMerchant(attributes(0), place(0), "online"));
    return merchantOfTerminal;
  }

  #sortByCell(placed: number[]): Uint32Array {
    const cellOf = (terminal: number) =>
      this.#cell(this.#terminalY[terminal]) * this.#cells + this.#cell(this.#terminalX[terminal]);
    for (const terminal of placed) this.#cellStart[cellOf(terminal) + 1]++;
    for (let i = 1; i < this.#cellStart.length; i++) this.#cellStart[i] += this.#cellStart[i - 1];
    const next = this.#cellStart.slice();
    const sorted = new Uint32Array(placed.length);
    for (const terminal of placed) sorted[next[cellOf(terminal)]++] = terminal;
    return sorted;
  }
}
