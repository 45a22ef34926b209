import { h } from "preact";
import { Chart, type ChartSeries } from "./chart.ts";
import type { Drawn } from "../drawn.ts";
import { formatAmount, formatCount, formatScore, formatTime } from "../format.ts";
import { Notice } from "../notice.ts";
import { Panel } from "./panel.ts";
import type { Context, Recent } from "../../http/routes/answers.ts";

/** What a transaction's history is drawn from. */
export interface HistoryProps {
  context: Context;
  judged: Recent;
  /** Its currency, where it has one. */
  currency?: string | null;
}

/** What else the customer paid, and what else happened at the terminal, with this transaction marked. */
export function HistoryPanels(props: HistoryProps): Drawn {
  return [h(CustomerPanel, { key: "customer", ...props }), h(TerminalPanel, { key: "terminal", ...props })];
}

function CustomerPanel({ context: { customer }, judged, currency }: HistoryProps): Drawn {
  const points = pointsOf(customer.recent, judged);
  // Amounts of several currencies share the axis as plain numbers.
  const common = customer.recent.every((one) => one.currency === currency) ? currency : undefined;
  return h(Panel, { id: "customer", title: ["Customer ", h("code", null, customer.id)] }, [
    customer.recent.length === 0 ? h(Notice, { title: "No other transactions known" }) : h(Chart, {
      title: `Amounts of the last ${customer.recent.length} transactions`,
      summary: `this one ${formatAmount(judged.amount, currency)}, the others ${
        amountsOf(customer.recent, judged, common)
      }`,
      x: points.x,
      xName: "Time, UTC",
      formatX: (x) => formatTime(x * 1000),
      series: points.series,
      formatY: (y) => formatAmount(y, common),
      height: 180,
    }),
  ]);
}

function TerminalPanel({ context: { terminal }, judged }: HistoryProps): Drawn {
  const { fraud, legit } = terminal.labels;
  const points = pointsOf(terminal.recent, judged, ({ anomaly_score }) => anomaly_score);
  return h(Panel, { id: "terminal", title: ["Terminal ", h("code", null, terminal.id)] }, [
    h("p", null, [
      fraud + legit === 0
        ? "No analyst has labelled its transactions here. Labels from the stream count in the features, too."
        : `Analysts' labels of its transactions: ${formatCount(fraud)} fraud, ${
          formatCount(legit)
        } legitimate.`,
    ]),
    terminal.recent.length === 0 ? h(Notice, { title: "No other transactions known" }) : h(Chart, {
      title: `Scores of the last ${terminal.recent.length} transactions here`,
      summary: `${terminal.recent.filter(({ flagged }) => flagged).length} of them flagged`,
      x: points.x,
      xName: "Time, UTC",
      formatX: (x) => formatTime(x * 1000),
      series: points.series,
      formatY: formatScore,
      range: [0, 1],
      height: 150,
    }),
  ]);
}

/** Transactions as points over their time: usual ones, flagged ones, and this one marked. */
function pointsOf(
  recent: readonly Recent[],
  judged: Recent,
  value: (one: Recent) => number = ({ amount }) => amount,
): { x: number[]; series: ChartSeries[] } {
  const isThis = (one: Recent) => one.transaction_id === judged.transaction_id;
  // An old transaction is no longer among the newest.
  const all = recent.some(isThis) ? recent : [...recent, judged];
  const sorted = [...all].sort((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp));
  const series = (
    name: string,
    tone: ChartSeries["tone"],
    as: ChartSeries["as"],
    holds: (one: Recent) => boolean,
  ) => ({ name, tone, as, values: sorted.map((one) => holds(one) ? value(one) : null) });
  return {
    x: sorted.map(({ timestamp }) => Date.parse(timestamp) / 1000),
    series: [
      series("not flagged", "plain", "points", ({ flagged }) => !flagged),
      series("flagged", "fraud", "points", ({ flagged }) => flagged),
      series("this one", "ink", "mark", isThis),
    ],
  };
}

function amountsOf(
  recent: readonly Recent[],
  { transaction_id }: Recent,
  currency: string | null | undefined,
): string {
  const amounts = recent.filter((one) => one.transaction_id !== transaction_id).map(({ amount }) => amount);
  if (amounts.length === 0) return "none";
  return `from ${formatAmount(Math.min(...amounts), currency)} to ${
    formatAmount(Math.max(...amounts), currency)
  }`;
}
