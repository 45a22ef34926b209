import type { FeatureDefinition } from "../definition.ts";
import { SPENDING } from "../state/customer_state.ts";

export const z: FeatureDefinition = {
  name: "z",
  kind: "customer",
  window: null,
  side: "high",
  unit: "sd",
  description: "amount less the customer's mean, in the customer's standard deviations",
  needs: SPENDING,
  sentence: (value) =>
    `amount ${Math.abs(value).toFixed(1)} sd ${value < 0 ? "below" : "above"} this customer's usual`,
  value: (row) => row.z,
};

export const ratio: FeatureDefinition = {
  name: "ratio",
  kind: "customer",
  window: null,
  side: "high",
  unit: "times",
  description: "amount over the customer's mean amount",
  needs: SPENDING,
  sentence: (value) => `amount ${value.toFixed(1)} times this customer's usual`,
  value: (row) => row.amount / row.customerMean,
};

export const csusp14: FeatureDefinition = {
  name: "csusp14",
  kind: "customer",
  window: "14d",
  side: "high",
  unit: "sd",
  description: "sum of what the customer's earlier z exceeded 2 by, at most 10 each, decayed over 14 days",
  needs: SPENDING,
  sentence: (value) => `earlier amounts of this card ${value.toFixed(1)} sd beyond its usual, of late`,
  value: (row) => row.suspicion,
};
