/// <reference lib="dom" />
import { h } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Chart } from "./chart.ts";
import { FlaggedTable } from "./flagged_table.ts";
import { formatClock, formatCount, formatMs, formatScore, formatShort } from "../format.ts";
import type { LiveState } from "../live_feed.ts";
import { Loading, Notice } from "../notice.ts";
import { Panel } from "./panel.ts";
import { routeTo } from "../route.ts";
import { Scroll } from "./table.ts";
import type { FlaggedItem, Now, Status } from "../../http/routes/answers.ts";
import type { Drawn } from "../drawn.ts";

/** A screen reader hears of newly flagged transactions this often at most. */
const TELL_EVERY_MS = 15_000;

/** The state of the service: current figures, the last ten minutes, scores, and the latest flagged. */
export function Overview({ live }: { live: LiveState }): Drawn {
  const { status, now } = live;
  if (status === undefined || now === undefined) return h(Loading, { what: "the status" });
  const isOld = live.connection !== "live";
  return h("div", { class: "overview" }, [
    h("h1", { tabIndex: -1 }, "Overview"),
    h(Figures, { now, status, isOld }),
    h("div", { class: "columns" }, [
      live.flagged !== undefined && h(Stream, { live }),
      h("div", { class: "column" }, h(HistoryCharts, { status }), h(ScoreChart, { status })),
    ]),
  ]);
}

function Figures({ now, status, isOld }: { now: Now; status: Status; isOld: boolean }): Drawn {
  const lag = now.lag.reduce((sum, { records }) => sum + records, 0);
  const partitions = now.lag.length === 1 ? "1 partition" : `${now.lag.length} partitions`;
  const hasStream = status.service === "consume";
  return h("dl", { class: `tiles ${isOld ? "is-old" : ""}` }, [
    tile(hasStream ? "Records a second" : "Scored a second", formatCount(now.records_per_s)),
    hasStream && [
      tile("Lag", formatCount(lag), `records, ${partitions}`),
      tile("Latency p50", formatMs(now.p50_ms), "produced to committed"),
      tile("Latency p99", formatMs(now.p99_ms), "1 in 100 takes longer"),
    ],
    tile(
      "Flagged a minute",
      formatCount(now.flagged_per_min),
      `score above ${formatScore(status.model.threshold)}`,
    ),
    hasStream && tile("Dead letters", formatCount(now.dead_letters), "kept with a reason"),
    stateTile(now.states),
    isOld ? tile("Health", "Not known", "no figures arrive") : healthTile(now, hasStream),
  ]);
}

/** Which feature state answers: one that is not live scores as of an earlier time, or as if every card were new. */
function stateTile(states: Now["states"]): Drawn {
  const has = (which: Now["states"][number]["state"]) => states.some(({ state }) => state === which);
  if (has("cold")) return tile("Feature state", "Cold", "cards are scored as if they were new", "bad");
  if (has("partial")) {
    const missing = states.reduce((sum, each) => sum + each.missing, 0);
    return tile("Feature state", "In part", `${formatCount(missing)} records of its history are gone`, "bad");
  }
  if (has("own")) return tile("Feature state", "Own", "of what was scored here");
  if (has("live")) return tile("Feature state", "Live", "of the stream");
  const ages = states.flatMap(({ age_s }) => age_s === null ? [] : [age_s]);
  const age = ages.length === 0 ? "of unknown age" : `${formatCount(Math.max(...ages))} s old`;
  return tile("Feature state", "Snapshot", age);
}

function healthTile({ healthy, problems }: Now, hasStream: boolean): Drawn {
  if (!healthy) return tile("Health", "Stalled", "records wait, none is processed", "bad");
  if (problems.length > 0) return tile("Health", "Not ready", problems.join("; "), "bad");
  return tile("Health", "Good", hasStream ? "records are processed" : "requests are scored", "good");
}

function tile(name: string, value: string, note = "", tone = ""): Drawn {
  return h("div", { class: `tile ${tone}` }, [
    h("dt", null, name),
    h("dd", null, value, note && h("small", null, note)),
  ]);
}

function HistoryCharts({ status: { history, service } }: { status: Status }): Drawn {
  const { t, records_per_s, p50_ms, p99_ms, lag, flagged } = history;
  if (t.length < 2) {
    return h(Notice, { title: "No history yet" }, [
      h("p", null, "Charts appear after a few seconds."),
    ]);
  }
  const latest = (values: readonly (number | null)[]) => values.findLast((value) => value !== null) ?? null;
  const over = { x: t, xName: "Time, UTC", formatX: (x: number) => formatClock(x * 1000) };
  const hasStream = service === "consume";
  const title = ["Last ten minutes", h("span", { class: "quiet" }, "UTC")];
  return h(Panel, { id: "history", class: "charts", title }, [
    h(Chart, {
      ...over,
      title: hasStream ? "Records a second" : "Scored a second",
      summary: `${formatCount(latest(records_per_s))} now`,
      series: [{ name: "records", values: records_per_s, tone: "plain" }],
      formatY: formatShort,
    }),
    hasStream && h(Chart, {
      ...over,
      title: "From produced to committed",
      summary: `half within ${formatMs(latest(p50_ms))}, 99 in 100 within ${formatMs(latest(p99_ms))} now`,
      series: [
        { name: "p99", values: p99_ms, tone: "muted" },
        { name: "p50", values: p50_ms, tone: "plain" },
      ],
      formatY: formatMs,
    }),
    hasStream && h(Chart, {
      ...over,
      title: "Lag",
      summary: `${formatCount(latest(lag))} records now`,
      series: [{ name: "records", values: lag, tone: "plain" }],
      formatY: formatShort,
      height: 90,
    }),
    h(Chart, {
      ...over,
      title: "Flagged",
      summary: `${formatCount(latest(flagged))} in the last ${history.step_s} seconds`,
      series: [{ name: "flagged", values: flagged, tone: "fraud", as: "bars" }],
      formatY: formatShort,
      height: hasStream ? 90 : undefined,
    }),
  ]);
}

function ScoreChart({ status: { scores: { edges, counts }, model } }: { status: Status }): Drawn {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const middles = counts.map((_, i) => (edges[i] + edges[i + 1]) / 2);
  const part = (isAbove: boolean) =>
    counts.map((count, i) => (middles[i] > model.threshold) === isAbove ? count : null);
  const above = part(true).reduce<number>((sum, count) => sum + (count ?? 0), 0);
  const title = ["Scores", h("span", { class: "quiet" }, "higher is more anomalous")];
  return h(Panel, { id: "scores", title }, [
    total === 0 ? h(Notice, { title: "Nothing scored yet" }) : h(Chart, {
      title: `${formatCount(total)} transactions`,
      summary: `${formatCount(above)} in bins above the threshold ${formatScore(model.threshold)}`,
      x: middles,
      xName: "Score, middle of the bin",
      formatX: (x) => x.toFixed(2),
      isTime: false,
      scale: "log",
      series: [
        { name: `up to ${formatScore(model.threshold)}`, values: part(false), tone: "plain", as: "bars" },
        { name: "above", values: part(true), tone: "fraud", as: "bars" },
      ],
      formatY: formatShort,
      ruleX: model.threshold,
      height: 150,
    }),
  ]);
}

function Stream({ live }: { live: LiveState }): Drawn {
  const [held, hold] = useState<readonly FlaggedItem[] | undefined>(undefined);
  const shown = (held ?? live.flagged ?? []).slice(0, 40);
  const toggle = () => hold(held ? undefined : live.flagged);
  const beside = [
    h("a", { href: routeTo("flagged") }, "All flagged"),
    h(
      "button",
      { type: "button", "aria-pressed": String(held !== undefined), onClick: toggle },
      held ? "Resume" : "Pause",
    ),
  ];
  return h(Panel, { id: "stream", class: "stream", title: "Latest flagged", beside }, [
    h(Announcement, { told: live.told }),
    live.skipped > 0 &&
    h("p", { class: "note" }, `${formatCount(live.skipped)} more were flagged too fast to list here.`),
    shown.length === 0
      ? h(Notice, { title: "Nothing flagged yet" }, [
        h("p", null, "Transactions with a score above the threshold appear here."),
      ])
      : h(Scroll, { class: "tall", label: "Latest flagged" }, [
        h(FlaggedTable, { flagged: shown, caption: "Flagged transactions, newest first" }),
      ]),
  ]);
}

/** Tells a screen reader now and then how many came, instead of each one. */
function Announcement({ told }: { told: number }): Drawn {
  const [text, say] = useState("");
  const latest = useRef(told);
  latest.current = told;
  useEffect(() => {
    let before = latest.current;
    const timer = setInterval(() => {
      const count = latest.current - before;
      before = latest.current;
      if (count > 0) say(`${formatCount(count)} more flagged`);
    }, TELL_EVERY_MS);
    return () => clearInterval(timer);
  }, []);
  return h("p", { class: "hidden", role: "status" }, text);
}
