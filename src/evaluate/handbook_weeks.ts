import type { ReplayedEvent } from "../simulate/events/event.ts";
import type { Label } from "../domain/label.ts";
import { eventBatches } from "../training/rows/event_rows.ts";
import type { FeatureStage } from "../features/stage.ts";
import type { CardTransactions } from "../training/card_precision.ts";

const DAY_MS = 86_400_000;
const DAYS_OF_WEEK = 7;

/** Transactions of one week, one element a transaction in each column. */
export interface Week extends CardTransactions {
  count: number;
  /** Raw features, row-major. */
  raw: Float32Array;
  /** Scenario of a fraud as the file numbers it; 0 for none, -1 where the file does not say. */
  scenario: Int32Array;
}

/** What the protocol trains and tests on. */
export interface HandbookWeeks {
  /** Every transaction of the first week. */
  train: Week;
  /** The transactions of the third week whose cards were not known to be compromised. */
  test: Week;
  /** Records of the whole stream that are no transactions. */
  faults: number;
}

/** Which weeks, and what the features may see. */
export interface HandbookWeeksOptions {
  /** Midnight UTC of the first training day, milliseconds since 1970. */
  startMs: number;
  labels: boolean;
  /** Told how many transactions went in. */
  onProgress?(transactions: number): void;
}

/**
 * Takes a whole stream the way of the wire (JSON, decoder, feature stage) and keeps the weeks of the handbook's protocol:
 * seven days to train on, seven of delay, seven to test on, less the cards that were known by then.
 *
 * A card is known on test day k (0 to 6) where it has a fraud in the training week or on day 7 + k - 1. Truth serves
 * this and the metrics; the features learn of a fraud from its label alone, once that has arrived.
 *
 * @throws Error where a transaction of those days does not say whether it is fraud, or a day to train or test on has none.
 */
export async function collectWeeks(
  events: Iterable<ReplayedEvent> | AsyncIterable<ReplayedEvent>,
  stage: FeatureStage,
  options: HandbookWeeksOptions,
): Promise<HandbookWeeks> {
  const { nFeatures } = stage.features;
  const train = new WeekBuilder(nFeatures);
  const test = new WeekBuilder(nFeatures);
  const compromised = Array.from({ length: 3 * DAYS_OF_WEEK }, () => new Set<string>());
  const cardNumbers = new Map<string, number>();
  let transactions = 0;
  let faults = 0;
  const ofDay = new Float64Array(3 * DAYS_OF_WEEK);
  let firstMs = Infinity;
  let lastMs = -Infinity;

  const onLabel = (label: Label) => {
    if (options.labels) stage.features.offer(label);
  };
  for await (const batch of eventBatches(events, onLabel)) {
    const { columns } = batch;
    const { raw } = stage.apply(columns);
    faults += batch.faults.length;
    for (let row = 0; row < columns.count; row++) {
      const timestampMs = columns.timestampMs[row];
      firstMs = Math.min(firstMs, timestampMs);
      lastMs = Math.max(lastMs, timestampMs);
      const day = Math.floor((timestampMs - options.startMs) / DAY_MS);
      if (day < 0 || day >= 3 * DAYS_OF_WEEK) continue;
      ofDay[day]++;
      const { isFraud, scenario, transaction } = batch.events[columns.recordIndex[row]];
      if (isFraud === null) {
        throw new Error(
          "Cannot evaluate as every transaction must say whether it is fraud (column is_fraud): " +
            `transaction ${transaction.transaction_id} does not`,
        );
      }
      if (isFraud) compromised[day].add(transaction.customer_id);
      const week = day < DAYS_OF_WEEK ? train : day >= 2 * DAYS_OF_WEEK ? test : undefined;
      if (week === undefined) continue;
      let card = cardNumbers.get(transaction.customer_id);
      if (card === undefined) cardNumbers.set(transaction.customer_id, card = cardNumbers.size);
      week.add(raw.subarray(row * nFeatures, (row + 1) * nFeatures), { day, card, isFraud, scenario });
    }
    options.onProgress?.(transactions += batch.events.length);
  }
  const known = knownCards(compromised, cardNumbers);
  const weeks = {
    train: train.finish(),
    test: test.finish(({ day, card }) => !known[day].has(card)),
    faults,
  };
  refuseEmptyDays(ofDay, options.startMs, { firstMs, lastMs });
  if (weeks.test.count === 0) {
    throw new Error(
      "Cannot evaluate as the test week must have transactions of a card that is not known for a fraud: it has none",
    );
  }
  return weeks;
}

/** Throws Error where a day to train or test on has no transactions, with the time that the stream spans. */
function refuseEmptyDays(
  ofDay: Float64Array,
  startMs: number,
  { firstMs, lastMs }: { firstMs: number; lastMs: number },
): void {
  for (const [name, first] of [["training", 0], ["test", 2 * DAYS_OF_WEEK]] as const) {
    const empty = ofDay.subarray(first, first + DAYS_OF_WEEK).indexOf(0);
    if (empty < 0) continue;
    const iso = (ms: number) => new Date(ms).toISOString();
    throw new Error(
      `Cannot evaluate as each day of the ${name} week must have transactions, and ` +
        `${iso(startMs + (first + empty) * DAY_MS).slice(0, 10)} has none: ` +
        (firstMs < Infinity
          ? `the stream's are from ${iso(firstMs)} to ${iso(lastMs)}`
          : "the stream has none at all"),
    );
  }
}

/** For each day, the cards that are known to be compromised; empty before the test week. */
function knownCards(compromised: Set<string>[], cardNumbers: Map<string, number>): Set<number>[] {
  const known = new Set<number>();
  const add = (day: number) => {
    // A card seen compromised in the week of delay alone has no number and cannot be in the test either.
    for (const customer of compromised[day]) known.add(cardNumbers.get(customer) ?? -1);
  };
  for (let day = 0; day < DAYS_OF_WEEK; day++) add(day);
  return compromised.map((_, day) => {
    if (day < 2 * DAYS_OF_WEEK) return new Set();
    add(day - DAYS_OF_WEEK - 1);
    return new Set(known);
  });
}

interface WeekRow {
  day: number;
  card: number;
  isFraud: boolean;
  scenario: number | null;
}

class WeekBuilder {
  readonly #nFeatures: number;
  readonly #rows: WeekRow[] = [];
  #raw = new Float32Array(1024);

  constructor(nFeatures: number) {
    this.#nFeatures = nFeatures;
  }

  add(raw: Float32Array, row: WeekRow): void {
    const at = this.#rows.push(row) * this.#nFeatures;
    if (at > this.#raw.length) {
      const grown = new Float32Array(Math.max(at, this.#raw.length * 2));
      grown.set(this.#raw);
      this.#raw = grown;
    }
    this.#raw.set(raw, at - this.#nFeatures);
  }

  finish(keeps: (row: WeekRow) => boolean = () => true): Week {
    const kept = [...this.#rows.keys()].filter((i) => keeps(this.#rows[i]));
    const rows = kept.map((i) => this.#rows[i]);
    const raw = new Float32Array(kept.length * this.#nFeatures);
    kept.forEach((i, to) => {
      raw.set(this.#raw.subarray(i * this.#nFeatures, (i + 1) * this.#nFeatures), to * this.#nFeatures);
    });
    return {
      count: rows.length,
      raw,
      day: Int32Array.from(rows, ({ day }) => day),
      card: Int32Array.from(rows, ({ card }) => card),
      isFraud: Uint8Array.from(rows, ({ isFraud }) => Number(isFraud)),
      scenario: Int32Array.from(rows, ({ scenario }) => scenario ?? -1),
    };
  }
}
