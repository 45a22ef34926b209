import { decimalAmount } from "../../domain/currency.ts";
import type { FeatureDefinition } from "../definition.ts";
import type { CustomerColumns, KeyWords, RowState, StatePart } from "../state/part.ts";

const HOUR_S = 3600;

/** What each customer spent in the last hour. */
export class AmountOfHour implements CustomerColumns {
  readonly words = 1;
  sum = 0;

  read({ floats }: KeyWords, at: number, _row: Readonly<RowState>, elapsed: number): void {
    this.sum = floats[at] * Math.exp(-elapsed / HOUR_S);
  }

  take({ floats }: KeyWords, at: number, row: Readonly<RowState>): void {
    floats[at] = this.sum + row.amount;
  }
}

const amounts: StatePart<{ customer: AmountOfHour }> = {
  name: "customer-amounts",
  open: () => ({ customer: new AmountOfHour() }),
};

export const customerAmount1h: FeatureDefinition<{ customer: AmountOfHour }> = {
  name: "customer_amount_1h",
  kind: "customer",
  window: "1h",
  side: "high",
  unit: "major units",
  description: "sum of the customer's earlier amounts, decayed over 1 hour",
  needs: amounts,
  sentence: (value, currency) =>
    `some ${decimalAmount(String(value), currency)} spent with this card in the last hour`,
  value: (_row, { customer }) => customer.sum,
};
