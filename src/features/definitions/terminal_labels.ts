import type { FeatureDefinition } from "../definition.ts";
import { TERMINAL_LABELS } from "../state/terminal_state.ts";

export const terminalRisk7d: FeatureDefinition = {
  name: "terminal_risk_7d",
  kind: "terminal",
  window: "7d",
  side: "high",
  unit: "share",
  description: "share of frauds not put down to the card among the terminal's labels, decayed over 7 days",
  needs: TERMINAL_LABELS,
  sentence: (value) => `${(value * 100).toFixed(0)}% of this terminal's latest known transactions fraud`,
  value: (row) => row.terminalRisk,
};

export const terminalLabelEwma: FeatureDefinition = {
  name: "terminal_label_ewma",
  kind: "terminal",
  window: null,
  side: "high",
  unit: "share",
  description: "mean of the terminal's labels, fraud 1 and legitimate 0, the newest with weight 0.4",
  needs: TERMINAL_LABELS,
  sentence: (value) => `newest labels of this terminal ${(value * 100).toFixed(0)}% fraud`,
  value: (row) => row.terminalLabelEwma,
};

export const terminalLabelStreak: FeatureDefinition = {
  name: "terminal_label_streak",
  kind: "terminal",
  window: null,
  side: "high",
  unit: "labels",
  description: "newest labels of the terminal that are all fraud, at most 10",
  needs: TERMINAL_LABELS,
  sentence: (value) => `last ${value.toFixed(0)} labels of this terminal all fraud`,
  value: (row) => row.terminalLabelStreak,
};
