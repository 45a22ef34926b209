import type { LabelMode } from "./events/event.ts";
import type { SimulateOptions } from "./simulate.ts";

const DAY_MS = 86_400_000;
const SPAN_DAYS = 42;
/** Mean number of transactions a day of one customer. */
const PER_CUSTOMER_AND_DAY = 2;
const [FEWEST_CUSTOMERS, MOST_CUSTOMERS] = [20, 100_000];
const ENDLESS_CUSTOMERS = 5_000;
/** As many as a 32-bit number of a terminal or customer and their columns reasonably allow. */
const MOST_ENTITIES = 50_000_000;
const LABEL_MODES: readonly LabelMode[] = ["all", "frauds", "none"];

/** The options of a simulation with every default filled in and every value checked. */
export interface CheckedSimulateOptions {
  /** Integer from 0 to 2^32 - 1. */
  readonly randomSeed: number;
  /** Milliseconds since 1970. */
  readonly startMs: number;
  /** Infinity for a stream without end. */
  readonly count: number;
  /** Share of frauds, 0 to 0.5. */
  readonly fraudRate: number;
  /** Number of customers. */
  readonly nCustomers: number;
  /** Number of terminals. */
  readonly nTerminals: number;
  /** Milliseconds from a transaction to its label. */
  readonly labelDelayMs: number;
  /** Which transactions get a label. */
  readonly labels: LabelMode;
}

/**
 * Fills in the defaults of a simulation and checks its options.
 *
 * @throws {RangeError} When one of them is out of its range; the message names it.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../testing/assert.ts";
 * import { readSimulateOptions } from "./simulate_options.ts";
 *
 * assertEquals(readSimulateOptions({ randomSeed: 1, start: 0, count: 84_000 }).nCustomers, 1_000);
 * ```
 */
export function readSimulateOptions(options: SimulateOptions): CheckedSimulateOptions {
  const count = options.count ?? Infinity;
  if (count !== Infinity) requireInteger("count", count, 0, Number.MAX_SAFE_INTEGER);
  const startMs = Number(options.start);
  // The range of a JavaScript date from the year 0 on.
  requireInteger("start", startMs, -62_167_219_200_000, 253_402_300_799_999, "ms since 1970");
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
