/**
 * Measures the features by set, customers and labels, and what state, snapshot and restore cost (`--records` keys).
 * Rounds follow a first pass over every customer.
 *
 * @module
 */
import { type Features, openFeatures } from "../../src/features/features.ts";
import { featureSets } from "../../src/features/registry.ts";
import { Random } from "../../src/training/random.ts";
import type { TransactionColumns } from "../../src/domain/transaction.ts";
import { wholeNumber } from "../cli/options/values.ts";
import { runAsProgram } from "../cli/run_command.ts";
import { benchCommand } from "./report/bench_command.ts";
import type { Line } from "./report/report.ts";
import { type Spread, spreadOf } from "./report/spread.ts";

const BATCH = 1024;
const ROUND_BATCHES = 256;
const CUSTOMERS_A_TERMINAL = 10;
const LABEL_DELAY_MS = 600_000;
const FRAUD_RATE = 0.01;

const parseCount = (text: string) => wholeNumber(1, 2 ** 26)(text);

interface Flags {
  rounds: number;
  records: number;
  customers?: number[];
  quick?: boolean;
}

/** An endless stream, one batch at a time in the same columns; 100 transactions a second. */
class Stream {
  readonly columns: TransactionColumns = {
    count: BATCH,
    recordIndex: new Int32Array(BATCH),
    amount: new Float64Array(BATCH),
    timestampMs: new Float64Array(BATCH),
    transactionKey: new Uint32Array(BATCH * 2),
    customerKey: new Uint32Array(BATCH * 2),
    terminalKey: new Uint32Array(BATCH * 2),
    transaction(row) {
      throw new RangeError(`Cannot give transaction ${row} as only columns are measured`);
    },
  };
  readonly #random = new Random(1);
  readonly #customers: number;
  #made = 0;

  constructor(customers: number) {
    this.#customers = customers;
  }

  /** Makes the next batch; `inTurn` takes the customers one after another. */
  next(inTurn = false): void {
    const { amount, timestampMs, transactionKey, customerKey, terminalKey } = this.columns;
    for (let i = 0; i < BATCH; i++) {
      const number = this.#made++;
      amount[i] = 1 + this.#random.float() * 100;
      timestampMs[i] = 1.6e12 + number * 10;
      const terminals = Math.ceil(this.#customers / CUSTOMERS_A_TERMINAL);
      writeKey(number, transactionKey, i);
      writeKey(inTurn ? number % this.#customers : this.#random.below(this.#customers), customerKey, i);
      writeKey(this.#random.below(terminals), terminalKey, i);
    }
  }

  offerLabels(features: Features): void {
    const { timestampMs, transactionKey, customerKey, terminalKey } = this.columns;
    const pair = (keys: Uint32Array, i: number): [number, number] => [keys[2 * i], keys[2 * i + 1]];
    for (let i = 0; i < BATCH; i++) {
      features.offer({
        transactionKey: pair(transactionKey, i),
        customerKey: pair(customerKey, i),
        terminalKey: pair(terminalKey, i),
        timestampMs: timestampMs[i],
        labelledAtMs: timestampMs[i] + LABEL_DELAY_MS,
        isFraud: this.#random.float() < FRAUD_RATE,
        z: NaN,
      });
    }
  }
}

/** Spreads a number over both words, one to one, as the hash of an id does. */
function writeKey(number: number, keys: Uint32Array, i: number): void {
  let low = Math.imul(number + 1, 0x9e3779b1);
  low = Math.imul(low ^ low >>> 15, 0x85ebca6b);
  keys[2 * i] = low ^ low >>> 13;
  keys[2 * i + 1] = Math.imul(number ^ 0x5bd1e995, 0xc2b2ae35);
}

function measureSet(
  set: keyof typeof featureSets,
  labels: boolean,
  customers: number,
  rounds: number,
): Spread {
  const features = openFeatures(featureSets[set], { maxKeys: Math.max(1_000_000, customers) });
  const stream = new Stream(customers);
  const out = new Float32Array(BATCH * features.nFeatures);
  const pass = (batches: number, inTurn: boolean): number => {
    let spent = 0;
    for (let batch = 0; batch < batches; batch++) {
      stream.next(inTurn);
      if (labels) stream.offerLabels(features);
      const startedMs = performance.now();
      features.compute(stream.columns, out);
      spent += performance.now() - startedMs;
    }
    return spent * 1000 / (batches * BATCH);
  };
  pass(Math.max(ROUND_BATCHES, Math.ceil(customers / BATCH)), true);
  return spreadOf(Array.from({ length: rounds }, () => pass(ROUND_BATCHES, false)));
}

/** Fills a state with customers, and takes its size and the time of a snapshot and a restore. */
function measureState(keys: number): Record<string, number> {
  const before = Deno.memoryUsage().rss;
  const features = openFeatures(featureSets.streaming, { maxKeys: keys });
  const stream = new Stream(keys);
  const out = new Float32Array(BATCH * features.nFeatures);
  const startedMs = performance.now();
  for (let made = 0; made < keys; made += BATCH) {
    stream.next(true);
    features.compute(stream.columns, out);
  }
  const filledMs = performance.now();
  const stateBytes = Deno.memoryUsage().rss - before;
  const snapshotAt = performance.now();
  const snapshot = features.snapshot();
  const restoreAt = performance.now();
  openFeatures(featureSets.streaming, { maxKeys: keys }).restore(snapshot);
  return {
    keys: features.keys,
    stateBytes,
    fillMs: filledMs - startedMs,
    snapshotBytes: snapshot.length,
    snapshotMs: restoreAt - snapshotAt,
    restoreMs: performance.now() - restoreAt,
  };
}

export const featuresBenchCommand = benchCommand({
  name: "features",
  description: "Measure the features: microseconds a row, and what their state costs.",
  sizes: {
    rounds: { what: "rounds a figure is the median of", full: 5, quick: 1 },
    records: { what: "customers of the state that is measured", full: 1_000_000, quick: 10_000 },
  },
  options: (command) =>
    command.option(
      "--customers <n,n>",
      "numbers of customers",
      (text: string) => text.split(",").map(parseCount),
    ),
}, ({ rounds, records, quick, ...flags }: Flags, findings) => {
  const state = measureState(records);
  const figure = (value: number) => spreadOf([value]);
  findings.table({
    title: `state of ${state.keys} keys`,
    unit: "bytes",
    lines: [
      { what: { of: "state in memory" }, figure: figure(state.stateBytes) },
      { what: { of: "snapshot" }, figure: figure(state.snapshotBytes) },
    ],
  });
  findings.table({
    title: `snapshot of ${state.keys} keys`,
    unit: "ms",
    lines: [
      { what: { of: "writing" }, figure: figure(state.snapshotMs) },
      { what: { of: "restoring" }, figure: figure(state.restoreMs) },
    ],
  });
  const customers = flags.customers ?? (quick ? [1000] : [1000, 100_000, 1_000_000]);
  const lines: Line[] = [];
  for (const set of Object.keys(featureSets) as (keyof typeof featureSets)[]) {
    const usesLabels = openFeatures(featureSets[set]).usesLabels;
    for (const labels of usesLabels ? [false, true] : [false]) {
      for (const count of customers) {
        const what = { set, labels: labels ? "each row" : "none", customers: count };
        lines.push({ what, figure: measureSet(set, labels, count, rounds) });
      }
    }
  }
  findings.table({ title: "computing features", unit: "µs/row", digits: 2, lines });
});

if (import.meta.main) await runAsProgram(featuresBenchCommand);
