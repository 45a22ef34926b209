import type { FeatureCounts } from "../../features/features.ts";
import type { FeatureStates, FoundState } from "./feature_states.ts";
import type { Metric } from "./metrics_text.ts";

/** The counts of `FeatureCounts` that are metrics, with name and help. */
const TOLD:
  readonly (readonly [count: keyof FeatureCounts, type: "gauge" | "counter", name: string, help: string])[] =
    [
      ["keys", "gauge", "feature_keys", "Customers and terminals that the feature states remember."],
      [
        "evicted",
        "counter",
        "feature_keys_evicted_total",
        "Customers and terminals forgotten for the bound --max-keys.",
      ],
      ["labelsQueued", "gauge", "labels_queued", "Labels read whose time has not come."],
      ["labelsApplied", "counter", "labels_applied_total", "Labels that the features learned of."],
      ["labelsRepeated", "counter", "labels_repeated_total", "Labels of transactions that had one already."],
      [
        "labelsUnattributed",
        "counter",
        "labels_unattributed_total",
        "Fraud labels without a z, put down to the terminal for lack of it.",
      ],
      [
        "transactionsRepeated",
        "counter",
        "transactions_repeated_total",
        "Transactions that came again and did not count a second time in the features.",
      ],
    ];

/** Counts of the feature states, summed, since the start of the stream: snapshots keep them. */
export function featureMetrics(states: FeatureStates): Metric[] {
  const all = states.all();
  const features = all.map(({ stage }) => stage.features);
  const gauge = (name: string, help: string, valueOf: (state: FoundState) => number | null): Metric => ({
    ...{ name: `edgewood_${name}`, help, type: "gauge" },
    samples: all.flatMap((state) => {
      const value = valueOf(state);
      const labels = { partition: state.partition ?? "none", state: state.origin };
      return value === null ? [] : [{ labels, value }];
    }),
  });
  const told = TOLD.map(([count, type, name, help]): Metric => ({
    name: `edgewood_${name}`,
    help,
    type,
    samples: [{ value: features.reduce((sum, each) => sum + each[count], 0) }],
  }));
  return [
    ...told,
    gauge("feature_state_info", "The feature states that answer, by where they come from.", () => 1),
    gauge(
      "feature_state_age_seconds",
      "Time since each snapshot that answers was taken.",
      ({ ageS }) => ageS,
    ),
    gauge(
      "feature_state_missing_records",
      "Committed records that a state should know and does not, as the stream deleted them.",
      ({ missing }) => missing,
    ),
  ];
}
