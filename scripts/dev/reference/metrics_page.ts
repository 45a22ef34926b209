import type { HttpApp } from "../../../src/http/app.ts";
import { prose, table } from "./table.ts";

/** Labels of metrics that have no sample in a service without a stream. */
const LABELS: Readonly<Record<string, string>> = {
  edgewood_alerts_delivered_total: "listener",
  edgewood_alerts_given_up_total: "listener",
  edgewood_partition_lag_records: "partition",
  edgewood_feature_psi: "feature",
};

/** The page of metrics: what `/metrics` declares, and the labels of each. */
export async function metricsPage(app: HttpApp): Promise<string> {
  const ask = async (path: string) =>
    await (await app.fetch(
      new Request(`http://127.0.0.1${path}`, { headers: { host: "127.0.0.1" } }),
      "127.0.0.1",
    )).text();
  // Counts by route have samples from the second request on.
  await ask("/healthz");
  const text = await ask("/metrics");
  const rows = [...text.matchAll(/^# HELP (\S+) (.*)\n# TYPE \S+ (\S+)$/gm)].map(([, name, help, type]) => [
    `\`${name}\``,
    type,
    labelsOf(text, name) || (LABELS[name] ?? ""),
    help,
  ]);
  const unknown = Object.keys(LABELS).find((name) => !rows.some(([cell]) => cell === `\`${name}\``));
  if (unknown !== undefined) {
    throw new Error(`Cannot write the metrics page: /metrics no longer has ${unknown}`);
  }
  return [
    "# Metrics",
    prose(
      "`GET /metrics` in Prometheus' text format. Counters begin with the process, except those of the feature state, which " +
        "snapshots carry on. A histogram has `_bucket`, `_sum` and `_count`. The alarms over them are in the " +
        "[operating guide](../guide/operating.md#alarms).",
    ),
    table(["metric", "type", "labels", "meaning"], rows),
  ].join("\n\n");
}

function labelsOf(text: string, name: string): string {
  const sample = new RegExp(`^${name}(?:_bucket)?\\{([^}]*)\\}`, "m").exec(text)?.[1] ?? "";
  return [...sample.matchAll(/(\w+)="/g)].map(([, label]) => label).filter((label) => label !== "le").join(
    ", ",
  );
}
