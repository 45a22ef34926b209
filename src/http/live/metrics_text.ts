/** One value of a metric. */
export interface Sample {
  labels?: Readonly<Record<string, string | number>>;
  value: number;
}

/** A histogram: how many values are at most each bound. */
export interface HistogramSample {
  labels?: Readonly<Record<string, string | number>>;
  /** Rising bounds, and the number of values up to each. */
  buckets: readonly (readonly [le: number, count: number])[];
  count: number;
  sum: number;
}

/** A metric with its values. */
export type Metric =
  | { name: string; help: string; type: "counter" | "gauge"; samples: readonly Sample[] }
  | { name: string; help: string; type: "histogram"; samples: readonly HistogramSample[] };

/**
 * Writes metrics in the text exposition format 0.0.4 of Prometheus.
 *
 * @example
 * ```ts
 * import { assertEquals } from "../../testing/assert.ts";
 * import { formatMetrics } from "./metrics_text.ts";
 *
 * const metric = { name: "lag", help: "Lag.", type: "gauge" as const, samples: [{ labels: { p: 0 }, value: 3 }] };
 * assertEquals(formatMetrics([metric]), '# HELP lag Lag.\n# TYPE lag gauge\nlag{p="0"} 3\n');
 * ```
 */
export function formatMetrics(metrics: readonly Metric[]): string {
  const lines: string[] = [];
  for (const metric of metrics) {
    lines.push(`# HELP ${metric.name} ${escape(metric.help)}`, `# TYPE ${metric.name} ${metric.type}`);
    if (metric.type !== "histogram") {
      for (const { labels, value } of metric.samples) lines.push(line(metric.name, labels, value));
      continue;
    }
    for (const { labels, buckets, count, sum } of metric.samples) {
      for (const [le, upTo] of [...buckets, [Infinity, count] as const]) {
        lines.push(line(`${metric.name}_bucket`, { ...labels, le: numberText(le) }, upTo));
      }
      lines.push(line(`${metric.name}_sum`, labels, sum), line(`${metric.name}_count`, labels, count));
    }
  }
  return lines.map((text) => `${text}\n`).join("");
}

function line(name: string, labels: Sample["labels"] = {}, value: number): string {
  const pairs = Object.entries(labels).map(([key, text]) =>
    `${key}="${escape(String(text)).replaceAll('"', '\\"')}"`
  );
  return `${name}${pairs.length === 0 ? "" : `{${pairs.join(",")}}`} ${numberText(value)}`;
}

function numberText(value: number): string {
  return value === Infinity ? "+Inf" : value === -Infinity ? "-Inf" : String(value);
}

function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
