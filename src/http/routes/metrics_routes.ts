import { cpuUsage } from "node:process";
import { z } from "zod";
import { featureMetrics } from "../live/feature_metrics.ts";
import type { LatencyHistogram } from "../live/latency_histogram.ts";
import { formatMetrics, type HistogramSample, type Metric, type Sample } from "../live/metrics_text.ts";
import { reasonsAgainst } from "./health_routes.ts";
import type { HttpParts } from "../parts.ts";
import { FAILED_TRIES } from "../access/request_log.ts";
import type { RequestCounts } from "../access/request_counts.ts";
import type { Route } from "./route.ts";

/** Bounds of the time histograms: powers of two, which are edges of buckets; 1 ms to 65 s, and 128 µs to 8 s. */
const MILLISECONDS = { perSecond: 1000, bounds: Array.from({ length: 17 }, (_, i) => 2 ** i) };
const MICROSECONDS = { perSecond: 1e6, bounds: Array.from({ length: 17 }, (_, i) => 2 ** (i + 7)) };
/** Counters by their first word, with the label that their other words are, and the help. */
const LABELLED_COUNTERS: Readonly<Record<string, readonly [label: string, help: string]>> = {
  alerts_delivered: ["listener", "Alerts that a listener took."],
  alerts_given_up: ["listener", "Alerts that a listener refused, or did not take in time."],
  labels_refused: ["reason", "Records of the label topic that are no labels, by reason."],
};

/** `GET /metrics`, as Prometheus reads it. */
export function metricsRoutes(parts: HttpParts, requests: RequestCounts): Route[] {
  return [{
    method: "get",
    path: "/metrics",
    scope: "read",
    summary: "Counters, gauges and histograms for Prometheus",
    answer: { "text/plain": z.string() },
    handle: () =>
      new Response(
        formatMetrics([
          ...streamMetrics(parts),
          ...featureMetrics(parts.states),
          ...modelMetrics(parts),
          ...processMetrics(requests, parts.telemetry.counters()),
        ]),
        {
          headers: {
            "content-type": "text/plain; version=0.0.4; charset=utf-8",
            "cache-control": "no-store",
          },
        },
      ),
  }];
}

function streamMetrics(parts: HttpParts): Metric[] {
  const { live, telemetry: { counters } } = parts;
  const { status, totals } = live;
  const labelled = Object.entries(LABELLED_COUNTERS).map(([name, [label, help]]): Metric => ({
    name: `edgewood_${name}_total`,
    help,
    type: "counter",
    samples: [...counters()].filter(([key]) => key.startsWith(`${name} `))
      .map(([key, value]) => ({ labels: { [label]: key.slice(name.length + 1) }, value })),
  }));
  return [
    counter("edgewood_records_total", "Records committed, or scored for callers.", totals.records),
    counter("edgewood_flagged_total", "Transactions flagged.", totals.flagged),
    counter("edgewood_dead_letters_total", "Records that are no transactions.", totals.deadLetters),
    counter("edgewood_passed_records_total", "Records that the definition passes over.", totals.passed),
    counter("edgewood_retries_total", "Failed attempts that were repeated.", counters().get("retries") ?? 0),
    counter(
      "edgewood_lost_records_total",
      "Offsets that the stream deleted before they were read.",
      counters().get("records_lost") ?? 0,
    ),
    counter(
      "edgewood_lost_labels_total",
      "Offsets of the label topic that the stream deleted before they were read.",
      counters().get("labels_lost") ?? 0,
    ),
    counter(
      "edgewood_snapshots_damaged_total",
      "Snapshots of feature state that were damaged, so that the history was made anew from the stream.",
      counters().get("snapshots_damaged") ?? 0,
    ),
    gauge("edgewood_lost_records_unaccepted", "Those of them, by the ledger, that nobody has accepted.", [
      { value: status?.lost ?? 0 },
    ]),
    counter(
      "edgewood_objects_set_aside_total",
      "Objects that the ledger does not know and that were set aside.",
      counters().get("objects_set_aside") ?? 0,
    ),
    counter(
      "edgewood_untimed_records_total",
      "Records read without a time of their own, whose event time --max-ahead cannot bound.",
      counters().get("untimed_records") ?? 0,
    ),
    ...labelled,
    gauge("edgewood_ready", "1 where the process does its work, 0 where it does not, as /readyz says.", [
      { value: reasonsAgainst(parts).length === 0 ? 1 : 0 },
    ]),
    gauge(
      "edgewood_partition_lag_records",
      "Records behind the end of each owned partition.",
      (status?.lag ?? []).map(({ partition, records }) => ({ labels: { partition }, value: records })),
    ),
    histogram("edgewood_latency_seconds", "From produced to committed.", [
      timesOf(live.latency, MILLISECONDS),
    ]),
    histogram("edgewood_batch_seconds", "From the begin of a batch to its commit.", [
      timesOf(live.batchTimes, MILLISECONDS),
    ]),
    histogram("edgewood_anomaly_score", "Anomaly scores.", [live.scoreHistogram()]),
  ];
}

function modelMetrics({ judge: { model }, live }: HttpParts): Metric[] {
  const drift = live.drift().filter(({ psi }) => psi !== null);
  return [
    gauge("edgewood_model_info", "The model that scores, by its SHA-256.", [
      { labels: { sha256: model.sha256, trainer: model.manifest.trainer }, value: 1 },
    ]),
    gauge("edgewood_model_threshold", "A higher score is flagged.", [{ value: model.manifest.threshold }]),
    gauge(
      "edgewood_feature_psi",
      "Population stability index of each feature against the training; above 0.25 it has drifted.",
      drift.map(({ name, psi }) => ({ labels: { feature: name }, value: psi! })),
    ),
  ];
}

function processMetrics(requests: RequestCounts, counters: ReadonlyMap<string, number>): Metric[] {
  const { user, system } = cpuUsage();
  return [
    {
      name: "edgewood_http_requests_total",
      help: "Requests answered, by route and status.",
      type: "counter",
      samples: requests.answers.map(({ route, status, count }) => ({
        labels: { route, status },
        value: count,
      })),
    },
    {
      name: "edgewood_http_failed_tries_total",
      help:
        "Callers that were refused: without a token, with a wrong or expired one, for its scope, or from elsewhere.",
      type: "counter",
      samples: [...counters].filter(([name]) => name.startsWith(`${FAILED_TRIES} `))
        .map(([name, value]) => ({ labels: { reason: name.slice(FAILED_TRIES.length + 1) }, value })),
    },
    histogram(
      "edgewood_http_request_seconds",
      "From a request's head to its answer's head.",
      [...requests.times].map(([route, times]) => ({ ...timesOf(times, MICROSECONDS), labels: { route } })),
    ),
    {
      name: "process_cpu_seconds_total",
      help: "Processor time of the process, all threads.",
      type: "counter",
      samples: [{ value: (user + system) / 1e6 }],
    },
    gauge("process_resident_memory_bytes", "Memory of the process.", [{ value: Deno.memoryUsage().rss }]),
    gauge("process_start_time_seconds", "When the process began, seconds since 1970.", [
      { value: performance.timeOrigin / 1000 },
    ]),
  ];
}

function counter(name: string, help: string, value: number): Metric {
  return { name, help, type: "counter", samples: [{ value }] };
}

function gauge(name: string, help: string, samples: readonly Sample[]): Metric {
  return { name, help, type: "gauge", samples };
}

function histogram(name: string, help: string, samples: readonly HistogramSample[]): Metric {
  return { name, help, type: "histogram", samples };
}

function timesOf(times: LatencyHistogram, { perSecond, bounds }: typeof MILLISECONDS): HistogramSample {
  return {
    buckets: bounds.map((bound) => [bound / perSecond, times.below(bound)] as const),
    count: times.count,
    sum: times.sum / perSecond,
  };
}
