import type { FeatureDefinition } from "../definition.ts";
import {
  type CustomerColumns,
  elapsedSeconds,
  type KeyWords,
  type RowState,
  type StatePart,
  storedAfter,
} from "../state/part.ts";

const FRAUDS_S = 28 * 86_400;
/** Words: when the count was last changed, and the count. */
const TIME = 0, COUNT = 1;

export class KnownFrauds implements CustomerColumns {
  readonly words = 2;
  count = 0;

  read({ words, floats }: KeyWords, at: number, row: Readonly<RowState>): void {
    this.count = floats[at + COUNT] * Math.exp(-elapsedSeconds(words[at + TIME], row.seconds) / FRAUDS_S);
  }

  take(): void {
    // Transactions change nothing here, labels do.
  }

  label({ words, floats }: KeyWords, at: number, seconds: number, change: 1 | -1): void {
    const stored = words[at + TIME];
    const now = storedAfter(stored, seconds);
    const kept = floats[at + COUNT] * Math.exp(-elapsedSeconds(stored, now) / FRAUDS_S);
    floats[at + COUNT] = Math.max(kept + change * Math.exp(-elapsedSeconds(seconds, now) / FRAUDS_S), 0);
    words[at + TIME] = now;
  }
}

const frauds: StatePart<{ customer: KnownFrauds }> = {
  name: "customer-labels",
  open: () => ({ customer: new KnownFrauds() }),
};

export const customerFrauds28d: FeatureDefinition<{ customer: KnownFrauds }> = {
  name: "customer_frauds_28d",
  kind: "customer",
  window: "28d",
  side: "high",
  unit: "frauds",
  description: "known frauds of the customer, decayed over 28 days from when they became known",
  needs: frauds,
  sentence: (value) => `some ${value.toFixed(1)} known frauds of this card in the last 28 days`,
  value: (_row, { customer }) => customer.count,
};
